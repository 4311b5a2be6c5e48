"""What people read of a delivery: how many videos came in, and which did not."""

from vq.accuracy import flow_summary as accuracy_summary
from vq.accuracy.flow_summary import cell
from vq.errors import DataError
from vq.ingest.ingest import Intake
from vq.words import count

SHOWN = 50
"""Refused rows that are told; the file has all."""


def headline(intake: Intake) -> str:
    """What became of a delivery, in a line."""
    return (
        f"{intake.folder}: {count(len(intake.taken), 'video')} more, "
        f"{intake.duplicates} there already, {len(intake.refused)} refused"
    )


def check(intake: Intake) -> None:
    """Refuse a delivery of which nothing was taken.

    Raises:
        DataError: too much was refused.
    """
    if intake.declined:
        raise DataError(intake.declined)


def markdown(intake: Intake) -> str:
    """A heading, a sentence, why nothing was taken, a row for each refused video, the accuracy."""
    refused = intake.refused
    version = f" Commit `{intake.commit[:10]}`." if intake.commit else ""
    lines = [
        f"## {intake.folder}: {count(len(intake.taken), 'video')} more",
        "",
        f"There already: {intake.duplicates}. Refused: {len(refused)}.{version}",
    ]
    if intake.declined:
        lines += ["", cell(intake.declined)]
    if len(refused):
        lines += [
            "",
            "| video | check | found | what to do |",
            "|---|---|---|---|",
            *(
                f"| {' | '.join(cell(str(value)) for value in row)} |"
                for row in refused.head(SHOWN).itertuples(index=False)
            ),
            "",
            f"All of them: `{intake.quarantine}`.",
        ]
    if intake.accuracy is not None:
        lines += ["", accuracy_summary.markdown(intake.accuracy).rstrip()]
    return "\n".join(lines) + "\n"
