"""What people read of a delivery: how many videos came in, and which did not."""

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


def outcome(intake: Intake) -> str:
    """The headline, for a caller that fails where nothing was taken.

    Raises:
        DataError: too much was refused.
    """
    if intake.declined:
        raise DataError(intake.declined)
    return headline(intake)


def markdown(intake: Intake) -> str:
    """A heading, a sentence, why nothing was taken, and a row for each refused video."""
    refused = intake.refused
    version = f" Commit `{intake.commit[:10]}`." if intake.commit else ""
    lines = [
        f"## {intake.folder}: {count(len(intake.taken), 'video')} more",
        "",
        f"There already: {intake.duplicates}. Refused: {len(refused)}.{version}",
    ]
    if intake.declined:
        lines += ["", _cell(intake.declined)]
    if len(refused):
        lines += [
            "",
            "| video | check | found | what to do |",
            "|---|---|---|---|",
            *(
                f"| {' | '.join(_cell(str(value)) for value in row)} |"
                for row in refused.head(SHOWN).itertuples(index=False)
            ),
            "",
            f"All of them: `{intake.quarantine}`.",
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    # A name may hold what Markdown would read.
    return "`" + text.replace("`", "'").replace("|", "/").replace("\n", " ") + "`" if text else ""
