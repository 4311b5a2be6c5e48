"""What people read of a challenger in the shadow of the champion."""

import numpy as np

from vq.metrics import flips_table
from vq.scoring.names import readable
from vq.shadow.report import ShadowReport
from vq.words import count

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def headline(report: ShadowReport) -> str:
    """One sentence: how far scores move."""
    videos = count(len(report.pairs), "recent video")
    if not report.pairs:
        return f"{report.challenger} could score none of the champion's recent videos"
    apart = float(np.mean(np.abs(report.new - report.old)))
    return (
        f"{videos}: scores of {report.challenger} are {apart:.3f} away from those of "
        f"{report.champion} on average"
    )


def markdown(report: ShadowReport) -> str:
    """The headline, then tables: distribution, decisions, what moves most, what failed."""
    parts = [f"## {headline(report)}"]
    if report.pairs:
        parts += [_distribution(report), _decisions(report), _moved(report)]
    if report.failed:
        failed = [
            f"| {_cell(row.video)} | {row.status} | {_cell(row.reason)} |"
            for row in report.failed[: report.shown]
        ]
        parts.append(
            f"### {count(len(report.failed), 'video')} without a score of the challenger\n\n"
            + "\n".join(["| video | status | reason |", "|---|---|---|", *failed])
        )
    if report.left_out:
        parts.append("\n".join(f"- not compared: {sentence}" for sentence in report.left_out))
    return "\n\n".join(parts) + "\n"


def _distribution(report: ShadowReport) -> str:
    rows = {
        "champion": report.old,
        "challenger": report.new,
        "difference": report.new - report.old,
    }
    lines = [
        "| " + " | ".join(["", *(f"{q:.0%} below" for q in QUANTILES), "mean"]) + " |",
        "|---" + "|---:" * (len(QUANTILES) + 1) + "|",
    ]
    for name, values in rows.items():
        numbers = [*np.quantile(values, QUANTILES), np.mean(values)]
        sign = "+" if name == "difference" else ""
        lines.append(f"| {name} | " + " | ".join(f"{n:{sign}z.3f}" for n in numbers) + " |")
    return "### Distribution of the scores\n\n" + "\n".join(lines)


def _decisions(report: ShadowReport) -> str:
    title = "### Decisions at thresholds\n\n"
    if not report.flips:
        return f"{title}No thresholds are declared (`release.thresholds` of params.yaml)."
    return (
        f"{title}{flips_table.markdown(report.flips)}\n\n"
        "The map is fitted on the other ones of these videos. Intervals: 95 %; each video counts "
        "as one content."
    )


def _moved(report: ShadowReport) -> str:
    rows = [
        f"| {_cell(pair.video)} | {pair.old:.3f} | {pair.new:.3f} | {pair.new - pair.old:+.3f} |"
        for pair in report.pairs[: report.shown]
    ]
    head = ["| video | champion | challenger | difference |", "|---|---:|---:|---:|"]
    return "### Videos that move most\n\n" + "\n".join([*head, *rows])


def _cell(text: str) -> str:
    # A name may hold what Markdown would read.
    return "`" + readable(text).replace("`", "'").replace("|", "/").replace("\n", " ") + "`"
