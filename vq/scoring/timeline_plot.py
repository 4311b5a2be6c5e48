"""A timeline as a picture."""

import base64
import io
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from PIL import Image

from vq.scoring.names import as_text
from vq.scoring.scoring_pool import Answer

LONGEST = 110
"""Characters that fit above the picture."""
INK, LINE, BAD = "#333333", "#2a6f97", "#c1121f"


def draw(path: Path, answer: Answer) -> None:
    """Write a PNG: score of each second and of the whole, and a frame of the worst second."""
    timeline: dict[str, Any] = answer.timeline or {}
    # Not pyplot: it keeps every figure, and asks for a screen.
    spans = timeline.get("causes") or []
    lanes = list(dict.fromkeys(span["cause"] for span in spans))
    figure = Figure(figsize=(11, 3.6 + 0.24 * len(lanes)), dpi=120, layout="constrained")
    parts: Any = figure.subfigures(1, 2, width_ratios=(3, 1.3))
    left, right = parts
    heights = (3.0, 0.24 * len(lanes) + 0.1) if lanes else (1,)
    curve, *below = left.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _curve(curve, answer, timeline)
    for axes in below:
        curve.set_xlabel("")
        _causes(axes, spans, lanes, curve.get_xlim())
    _worst(right.subplots(), timeline)
    figure.suptitle(_title(answer.row.video), fontsize=10, color=INK, parse_math=False)
    figure.savefig(path, metadata={"Software": "vq"})


def _title(video: str) -> str:
    # A name may hold bytes that are no text, which no font can draw.
    text = as_text(video)
    return text if len(text) <= LONGEST else f"...{text[-LONGEST:]}"


def _curve(axes: Axes, answer: Answer, timeline: dict[str, Any]) -> None:
    starts, scores, worst = timeline["starts"], timeline["scores"], timeline["worst"]
    edges = [*starts, max(timeline["end"], starts[-1] + 1e-3)]
    axes.stairs(scores, edges, baseline=None, color=LINE, linewidth=2, label="each second alone")
    axes.axhline(
        answer.row.score or 0.0, color=INK, linewidth=1, linestyle="--", label="whole video"
    )
    axes.axvspan(edges[worst], edges[worst + 1], color=BAD, alpha=0.15, linewidth=0)
    axes.set_ylim(*timeline["scale"])
    axes.set_xlim(edges[0], edges[-1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: clock(at)))
    axes.set_ylabel(f"score ({timeline['better']} is better)", color=INK)
    axes.set_xlabel("time", color=INK)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="best", fontsize=8, frameon=False)


def _causes(
    axes: Axes, spans: list[dict[str, Any]], lanes: list[str], limits: tuple[float, float]
) -> None:
    """A bar for each span, the darker the likelier; a lane for each cause."""
    for span in spans:
        length = max(span["end"] - span["start"], 1e-3)
        shade = 0.25 + 0.75 * span["probability"]
        axes.barh(
            lanes.index(span["cause"]),
            length,
            left=span["start"],
            color=BAD,
            alpha=shade,
            height=0.6,
        )
    axes.set_yticks(range(len(lanes)), lanes, fontsize=8, color=INK)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_xlim(*limits)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: clock(at)))
    axes.set_xlabel("time", color=INK)
    axes.spines[["top", "right"]].set_visible(False)


def _worst(axes: Axes, timeline: dict[str, Any]) -> None:
    data = base64.b64decode(timeline["thumbnail"].partition(",")[2])
    # It comes from a process that opened a stranger's file: nothing but what it should be.
    axes.imshow(Image.open(io.BytesIO(data), formats=["JPEG"]))
    axes.set_axis_off()
    worst = timeline["worst"]
    text = f"worst second: {clock(timeline['starts'][worst])}, {timeline['scores'][worst]:.2f}"
    axes.set_title(text, fontsize=9, color=BAD)


def clock(seconds: float) -> str:
    """Minutes and seconds, as a player shows them: 75.5 is 1:15.5."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:02.0f}" if rest == int(rest) else f"{minutes:.0f}:{rest:04.1f}"
