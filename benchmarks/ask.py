"""What `vq ask` saves in ratings, on real MOS; and what it takes over a million videos.

    python -m benchmarks.ask labels FILE.npz... --splits 20 --seed 1 --out DIR
    python -m benchmarks.ask million --videos 1000000 --dim 128 --out DIR

`labels`: the form of a file is that of `benchmarks.material`. Of each split, 0.80 are a pool that
nobody has rated, 0.20 are for the test. N videos of the pool are chosen (as `vq ask` chooses,
by k-means, at random), their ratings are looked at, and models are fitted on them; each is compared
with the same model on 2 N random ones. Videos are told apart by the cheap block (what a student
sees) or by all columns (what a teacher sees). Models: a kernel ridge on all columns whose noise is
chosen by leave-one-out (teacher), support vectors with their usual settings (svr), a ridge (ridge),
the kernel ridge on the cheap block (student), and that one taught by the teacher on the whole pool
(distilled). Intervals: 95 %, over splits, Nadeau and Bengio. Writes `DIR/rows.json`.

`million`: writes rows with random features, and chooses from them; time and memory of the process.
"""

import argparse
import base64
import json
import logging
import resource
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int64
from rich.console import Console
from rich.table import Table
from sklearn.cluster import KMeans
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from benchmarks import material as materials
from benchmarks.material import Material
from vq.active_learning.candidates import Candidates, gather
from vq.active_learning.choose import choose
from vq.inference.row import Row
from vq.metrics import agreement
from vq.metrics.interval import nadeau_bengio
from vq.params import Ask
from vq.scoring import formats, row_files

BUDGETS = (100, 200, 400)
CHEAP = "videval60_light480_3fps"
TEST = 0.20
REPEATS = 3
"""Random draws of each split, whose mean is what is compared with."""
RATE, DISTILLED_NOISE = 0.3, 0.1
NOISES = np.logspace(-2.5, 1.5, 14)
CLIP = 6.0


def kernel_ridge(
    columns: Float64[np.ndarray, "videos dim"],
    mos: Float64[np.ndarray, " videos"],
    rows: Int64[np.ndarray, " rows"],
) -> Float64[np.ndarray, " videos"]:
    """Scores of all videos; the noise is the best by leave-one-out among the rated."""
    level, spread = mos[rows].mean(), mos[rows].std()
    values, vectors = np.linalg.eigh(likeness(columns[rows], columns[rows]))
    turned = vectors.T @ ((mos[rows] - level) / spread)
    errors, weights = [], []
    for noise in NOISES:
        weights.append(vectors @ (turned / (values + noise)))
        errors.append(np.mean((weights[-1] / (vectors**2 @ (1 / (values + noise)))) ** 2))
    return level + spread * likeness(columns, columns[rows]) @ weights[int(np.argmin(errors))]


def likeness(
    some: Float64[np.ndarray, "some dim"], others: Float64[np.ndarray, "others dim"]
) -> Float64[np.ndarray, "some others"]:
    """Of standardised columns."""
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1) - 2 * some @ others.T
    return np.exp(-RATE / some.shape[1] * np.maximum(squares, 0))


def standardised(
    block: Float32[np.ndarray, "videos dim"], pool: Int64[np.ndarray, " pool"]
) -> Float64[np.ndarray, "videos dim"]:
    """By the pool, which needs no rating; far out is cut off."""
    whole = materials.impute(block, pool).astype(np.float64)
    spread = whole[pool].std(0)
    return np.clip((whole - whole[pool].mean(0)) / np.where(spread > 0, spread, 1), -CLIP, CLIP)


def centres(
    columns: Float64[np.ndarray, "pool dim"], count: int, seed: int
) -> Int64[np.ndarray, " count"]:
    """The video nearest to each centre of k-means."""
    model = KMeans(count, n_init=1, max_iter=20, random_state=seed).fit(columns)
    distance = ((columns - model.cluster_centers_[model.labels_]) ** 2).sum(1)
    order = np.argsort(distance, kind="stable")
    return order[np.unique(model.labels_[order], return_index=True)[1]]


def asked(
    columns: Float64[np.ndarray, "pool dim"], count: int, rng: np.random.Generator
) -> Int64[np.ndarray, " count"]:
    """What `vq ask` chooses, the random share included."""
    videos = len(columns)
    candidates = Candidates(
        [str(number) for number in range(videos)],
        columns.astype(np.float16),
        np.zeros(videos),
        np.arange(videos),
        "benchmark",
    )
    chosen = choose(candidates, count, settings=Ask(), rng=rng)
    return np.array([choice.place for choice in chosen.choices])


def measure(material: Material, seed: int, split: int) -> Iterator[dict[str, object]]:
    """SRCC of each model on the test side, by how its videos were chosen and how many."""
    rng = np.random.default_rng([seed, split])
    order = rng.permutation(len(material.mos))
    test, pool = np.split(order, [round(TEST * len(order))])
    blocks = materials.experts(material, {})
    every = standardised(np.concatenate(list(blocks.values()), axis=1), pool)
    cheap = standardised(material.blocks[CHEAP], pool) if CHEAP in material.blocks else every
    spaces = {"student's": cheap} if cheap is every else {"student's": cheap, "teacher's": every}
    taught = np.zeros((0, len(pool)))
    if cheap is not every:
        alike = likeness(cheap[pool], cheap[pool]) + DISTILLED_NOISE * np.eye(len(pool))
        taught = likeness(cheap[test], cheap[pool]) @ np.linalg.inv(alike)

    def fitted(how: str, count: int, rows: Int64[np.ndarray, " rows"]) -> dict[str, object]:
        mos = material.mos
        teacher = kernel_ridge(every, mos, rows)
        svr = make_pipeline(StandardScaler(), SVR())
        ridge = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 4, 11)))
        target = (mos[rows] - mos[rows].mean()) / mos[rows].std()
        scores = {
            "teacher": teacher[test],
            "svr": svr.fit(every[rows], target).predict(every[test]),
            "ridge": ridge.fit(every[rows], target).predict(every[test]),
        }
        if len(taught):
            scores["student"] = kernel_ridge(cheap, mos, rows)[test]
            scores["distilled"] = taught @ (teacher[pool] - teacher[pool].mean())
        srcc = {name: agreement.srcc(one, mos[test]) for name, one in scores.items()}
        return {"split": split, "how": how, "count": count, **srcc}

    budgets = [count for count in BUDGETS if 2 * count <= len(pool)]
    for _ in range(REPEATS):
        draw = rng.permutation(pool)
        for count in sorted({*budgets, *(2 * count for count in budgets)}):
            yield fitted("random", count, draw[:count])
    for name, columns in spaces.items():
        for count in budgets:
            yield fitted(f"ask, {name}", count, pool[asked(columns[pool], count, rng)])
            yield fitted(f"k-means, {name}", count, pool[centres(columns[pool], count, split)])


def report(rows: Sequence[dict[str, object]], console: Console) -> None:
    """Means, and paired differences from the same model on 2 N random videos, and from k-means."""
    cells: dict[tuple[object, ...], list[float]] = defaultdict(list)
    models = [name for name in rows[0] if name not in ("split", "how", "count")]
    for row in rows:
        for model in models:
            cells[model, row["how"], row["count"], row["split"]].append(float(str(row[model])))
    splits = sorted({int(str(row["split"])) for row in rows})
    counts = sorted({int(str(row["count"])) for row in rows})
    hows = list(dict.fromkeys(str(row["how"]) for row in rows))
    for model in models:

        def of(how: str, count: int, model: str = model) -> Float64[np.ndarray, " splits"]:
            return np.array([np.mean(cells[model, how, count, split]) for split in splits])

        table = Table("chosen", "N", "SRCC", "less random 2 N", "less k-means", title=model)
        for how in hows:
            for count in counts:
                if (model, how, count, splits[0]) not in cells:
                    continue
                twice = (model, "random", 2 * count, splits[0]) in cells
                means = how.replace("ask", "k-means") if how.startswith("ask") else ""
                table.add_row(
                    how,
                    str(count),
                    f"{of(how, count).mean():.3f}",
                    _difference(of(how, count) - of("random", 2 * count)) if twice else "",
                    _difference(of(how, count) - of(means, count)) if means else "",
                )
        console.print(table)


def _difference(values: Float64[np.ndarray, " splits"]) -> str:
    one = nadeau_bengio(values.tolist(), test_over_train=TEST / (1 - TEST), confidence=0.95)
    return f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}], {int((values > 0).sum())} above"


def million(videos: int, dim: int, budget: int, folder: Path) -> None:
    """Write rows of random features unless they are there, and choose."""
    path = folder / f"rows-{videos}-{dim}.jsonl"
    if not path.exists():
        rng = np.random.default_rng(0)
        with path.open("wb") as file:
            for number in range(videos):
                feature = base64.b64encode(rng.normal(size=dim).astype("<f2").tobytes()).decode()
                row = Row(f"uploads/{number:07d}.mp4", "ok", score=3.0, feature=feature)
                file.write(formats.line(row))
    start = time.perf_counter(), time.process_time()
    candidates = gather(row_files.read([str(path)]), contents={})
    read = time.perf_counter(), time.process_time()
    chosen = choose(candidates, budget, settings=Ask(), rng=np.random.default_rng(1))
    end = time.perf_counter(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    Console().print(
        f"{len(candidates.videos)} videos, {len(chosen.choices)} chosen: read "
        f"{read[0] - start[0]:.0f} s ({read[1] - start[1]:.0f} s of CPU), chose "
        f"{end[0] - read[0]:.0f} s ({end[1] - read[1]:.0f} s of CPU), peak {peak:.2f} GiB"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    labels = commands.add_parser("labels")
    labels.add_argument("files", type=Path, nargs="+")
    labels.add_argument("--splits", type=int, default=20)
    labels.add_argument("--seed", type=int, default=1)
    scale = commands.add_parser("million")
    scale.add_argument("--videos", type=int, default=1_000_000)
    scale.add_argument("--dim", type=int, default=128)
    scale.add_argument("--budget", type=int, default=400)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    args.out.mkdir(parents=True, exist_ok=True)
    if args.command == "million":
        million(args.videos, args.dim, args.budget, args.out)
        return
    for file in args.files:
        material = materials.read(file)
        rows = []
        for split in range(args.splits):
            rows += measure(material, args.seed, split)
            logging.info("%s: split %d of %d", material.name, split + 1, args.splits)
        (args.out / f"{material.name}.json").write_text(json.dumps(rows))
        report(rows, Console(width=160))


if __name__ == "__main__":
    main()
