"""What people read of a batch of scores: how many, how fast, what they cost, worst and failed."""

from vq.policy.policy import VERDICTS
from vq.scoring.batch import Batch
from vq.scoring.formats import likeliest
from vq.scoring.names import readable
from vq.words import count


def markdown(batch: Batch, *, cost_per_core_hour: float | None = None) -> str:
    """A heading, then tables: rows by status, the worst scores, some that have none.

    The price of a core for an hour is in any currency.
    """
    total = sum(batch.counts.values())
    statuses = sorted(batch.counts.items(), key=lambda entry: -entry[1])
    parts = [
        f"## {batch.output}: {batch.counts.get('ok', 0)} of {count(total, 'video')} have a score",
        f"{count(batch.new, 'video')} in this run, {batch.seconds:.0f} s, {batch.rate:.1f} a "
        f"second; model `{batch.model}`.{_cost(batch, cost_per_core_hour)}",
        _table(
            "| status | videos | share |\n|---|---:|---:|",
            [f"| {status} | {rows} | {rows / total:.1%} |" for status, rows in statuses],
        ),
    ]
    if batch.decisions:
        parts.append(
            _table(
                "### Decisions\n\n| decision | videos | share |\n|---|---:|---:|",
                [
                    f"| {name} | {rows} | {rows / sum(batch.decisions.values()):.1%} |"
                    for name in VERDICTS
                    if (rows := batch.decisions.get(name, 0))
                ],
            )
        )
    if batch.objections:
        parts.append(
            _table(
                "### Not passed\n\n| video | decision | reason |\n|---|---|---|",
                [
                    f"| {_cell(row.video)} | {row.decision} | {_cell(row.decision_reason)} |"
                    for row in batch.objections
                ],
            )
        )
    if batch.worst:
        causes = any(row.causes for row in batch.worst)
        head = "### Lowest quality\n\n| video | score | interval |\n|---|---:|---|"
        if causes:
            head = "### Lowest quality\n\n| video | score | interval | cause |\n|---|---:|---|---|"
        parts.append(
            _table(
                head,
                [
                    f"| {_cell(row.video)} | {row.score:.3f} | {_interval(row.low, row.high)} |"
                    + (f" {likeliest(row)} |" if causes else "")
                    for row in batch.worst
                ],
            )
        )
    if batch.failed:
        parts.append(
            _table(
                "### Without a score\n\n| video | status | reason |\n|---|---|---|",
                [
                    f"| {_cell(row.video)} | {row.status} | {_cell(row.reason)} |"
                    for row in batch.failed
                ],
            )
        )
    return "\n\n".join(parts) + "\n"


def _cost(batch: Batch, price: float | None) -> str:
    if not batch.new:
        return ""
    hours = f" 1,000 videos take {batch.core_hours:.3g} core-hours"
    if price is None:
        return f"{hours}."
    return f"{hours} and cost {batch.core_hours * price:.3g}, at {price:g} a core-hour."


def _table(head: str, rows: list[str]) -> str:
    return "\n".join([head, *rows])


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def _cell(text: str) -> str:
    # A name may hold what Markdown would read.
    return "`" + readable(text).replace("`", "'").replace("|", "/").replace("\n", " ") + "`"
