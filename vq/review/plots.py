"""Scores against ratings before and after a change, side by side."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vq.files import atomic
from vq.metrics.agreement import srcc
from vq.review.paired import Pair
from vq.words import count


def scatter(paired: Pair, path: Path) -> None:
    """Draw the student's scores of the validation videos that both revisions have (PNG).

    Two panels have scores against ratings, as in the report; the third says which videos moved.
    """
    rows = paired.rows
    before, after, mos = (
        rows[name].to_numpy(np.float64) for name in ("student_old", "student_new", "mos")
    )
    every = np.concatenate([before, after, mos])
    pad = 0.04 * np.ptp(every)
    ends = every.min() - pad, every.max() + pad
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    panels = figure.subplots(1, 3)
    for panel, scores, name in ((panels[0], before, "before"), (panels[1], after, "after")):
        _dots(panel, scores, mos, ends, f"{name}: SRCC {srcc(scores, mos):z.3f}")
        panel.set(xlabel="score of the student", ylabel="rating")
    _dots(panels[2], before, after, ends, f"what moved, of {count(len(rows), 'validation video')}")
    panels[2].set(xlabel="score before", ylabel="score after")
    with atomic(path) as unfinished:
        figure.savefig(unfinished, dpi=110)


def _dots(panel: Axes, x: np.ndarray, y: np.ndarray, ends: tuple[float, float], title: str) -> None:
    panel.plot(ends, ends, color="0.8", linewidth=1, zorder=0)
    panel.scatter(x, y, s=18, alpha=0.6, linewidths=0)
    panel.set(xlim=ends, ylim=ends, aspect="equal")
    panel.set_title(title, fontsize=11)
