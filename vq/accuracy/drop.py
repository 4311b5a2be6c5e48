"""When a delivery shows that the champion no longer scores as people do."""

from vq.accuracy.pool import Pool
from vq.accuracy.record import Record
from vq.params import Watch
from vq.words import count


def drops(measured: Record | Pool, settings: Watch) -> dict[str, str]:
    """A sentence for each measure that surely lies below what section `watch` asks for, by name.

    Surely: the whole interval does. Without an interval, nothing is sure.
    """
    sentences = {}
    where = _over(measured) if isinstance(measured, Pool) else ""
    srcc, coverage = (measured.measures.get(name) for name in ("srcc", "coverage"))
    floor = settings.min_srcc
    if srcc is not None and floor is not None and srcc.high < floor:
        sentences["srcc"] = (
            f"SRCC{where} is {srcc.value:z.3f} [{srcc.low:z.3f}, {srcc.high:z.3f}], "
            f"below {floor:g} (watch.min_srcc)."
        )
    most = settings.max_undercoverage
    if (
        coverage is not None
        and measured.promised is not None
        and most is not None
        and coverage.high < measured.promised - most
    ):
        sentences["coverage"] = (
            f"Intervals{where} hold {coverage.value:.0%} "
            f"[{coverage.low:.0%}, {coverage.high:.0%}] of the ratings and promise "
            f"{measured.promised:.0%}: the difference is above {most:.0%} "
            "(watch.max_undercoverage)."
        )
    return sentences


def _over(pool: Pool) -> str:
    drawn = " that were drawn at random" if pool.random else ""
    return f" over {pool.deliveries} deliveries ({count(pool.videos, 'video')}{drawn})"
