"""When a delivery shows that the champion no longer scores as people do."""

from vq.accuracy.record import Record
from vq.params import Watch


def drops(record: Record, settings: Watch) -> dict[str, str]:
    """A sentence for each measure that surely lies below what section `watch` asks for, by name.

    Surely: the whole interval does. Without an interval, nothing is sure.
    """
    sentences = {}
    srcc, coverage = (record.measures.get(name) for name in ("srcc", "coverage"))
    floor = settings.min_srcc
    if srcc is not None and floor is not None and srcc.high < floor:
        sentences["srcc"] = (
            f"SRCC is {srcc.value:z.3f} [{srcc.low:z.3f}, {srcc.high:z.3f}], below {floor:g} "
            "(watch.min_srcc)."
        )
    most = settings.max_undercoverage
    if (
        coverage is not None
        and record.promised is not None
        and most is not None
        and coverage.high < record.promised - most
    ):
        sentences["coverage"] = (
            f"Intervals hold {coverage.value:.0%} [{coverage.low:.0%}, {coverage.high:.0%}] of "
            f"the ratings and promise {record.promised:.0%}: the difference is above "
            f"{most:.0%} (watch.max_undercoverage)."
        )
    return sentences
