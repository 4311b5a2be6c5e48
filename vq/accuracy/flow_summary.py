"""What people read of a champion's accuracy on a delivery."""

from collections.abc import Mapping

from vq.accuracy.delivery import Measurement
from vq.accuracy.measures import LEAST_CONTENTS
from vq.accuracy.record import Record
from vq.metrics.interval import Interval
from vq.words import count

SHOWN = 10
"""Videos without a score that are named."""

FORMS: Mapping[str, tuple[str, str]] = {
    "srcc": ("SRCC", "z.3f"),
    "rmse": ("RMSE", "z.3f"),
    "mean_error": ("mean error", "+z.3f"),
    "calibration": ("calibration error", "z.3f"),
    "coverage": ("ratings inside intervals", ".0%"),
}
"""Of each measure its name for people, and the form of its numbers."""


def sentence(measurement: Measurement) -> str:
    """The record in a sentence, or why there is none."""
    if measurement.record is None:
        return f"the champion's accuracy was not measured: {measurement.reason}"
    return record_sentence(measurement.record)


def record_sentence(record: Record) -> str:
    """Which champion, on how many videos, each measure with its interval, what was left out."""
    opinion = "rated" if record.opinion == "human" else "synthetically rated"
    parts = [f"{FORMS[name][0]} {_number(name, one)}" for name, one in record.measures.items()]
    if record.promised is not None and "coverage" in record.measures:
        parts[-1] += f", {record.promised:.0%} promised"
    notes = []
    if record.contents < LEAST_CONTENTS:
        contents = count(record.contents, "content")
        notes.append(f"{contents}, too few for intervals ({LEAST_CONTENTS} are needed)")
    if record.failed:
        notes.append(f"{count(record.failed, 'video')} could not be scored")
    if record.learnt:
        notes.append(f"{count(record.learnt, 'video')} left out, which it has learnt from")
    subject = f"champion {record.version} on {count(record.videos, f'new {opinion} video')}"
    return "; ".join([f"{subject}: {', '.join(parts)}" if parts else subject, *notes])


def markdown(measurement: Measurement) -> str:
    """The sentence, what is surely worse than it may be, and which videos have no score."""
    lines = [f"### Accuracy before learning from it\n\n{sentence(measurement)}."]
    lines += [f"**{one}**" for one in measurement.drops.values()]
    if measurement.failed:
        rows = [
            f"| {cell(row.video)} | {row.status} | {cell(row.reason)} |"
            for row in measurement.failed[:SHOWN]
        ]
        lines.append("\n".join(["| video | status | reason |", "|---|---|---|", *rows]))
    return "\n\n".join(lines) + "\n"


def announcement(record: Record, drops: Mapping[str, str]) -> dict[str, str]:
    """A sentence for people, and what programs need to know of an accuracy that is too low."""
    return {
        "message": f"Champion {record.version} no longer scores as people do, on "
        f"{count(record.videos, 'new video')}: {' '.join(drops.values())}",
        "model": record.model,
        "version": record.version,
        "videos": str(record.videos),
        **drops,
    }


def _number(name: str, one: Interval) -> str:
    form = FORMS[name][1]
    if not one.has_bounds:
        return f"{one.value:{form}}"
    return f"{one.value:{form}} [{one.low:{form}}, {one.high:{form}}]"


def cell(text: str) -> str:
    """A text as a cell of a Markdown table; a name may hold what Markdown would read."""
    return "`" + text.replace("`", "'").replace("|", "/").replace("\n", " ") + "`" if text else ""
