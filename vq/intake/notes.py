"""What people read of a delivery: how many videos came in, and which did not."""

from vq.intake.take import Intake

SHOWN = 50
"""Refused rows that are told; the file has all."""


def markdown(intake: Intake) -> str:
    """A heading, a sentence, and a row for each refused video."""
    refused = intake.refused
    version = f" Commit `{intake.commit[:10]}`." if intake.commit else ""
    lines = [
        f"## {intake.folder}: {len(intake.taken)} videos more",
        "",
        f"{intake.known} were there already, {len(refused)} are refused.{version}",
    ]
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
