"""The model of causes, fitted on evidence of damaged films, and how well it does on unseen ones."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vq.causes.model import REACH, CausesModel
from vq.causes.vocabulary import CAUSES

NETWORKS, UNITS = 5, 48
EPOCHS, BATCH = 250, 256
FOLDS = 5
SHARES = {"0": 1 / 12, "2": 3 / 12}
"""Of clean versions and of those with two damages."""
SINGLE = (1 - sum(SHARES.values())) / len(CAUSES)
"""Share of the versions with one damage of a kind."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Versions of films: evidence, and what is wrong with them."""

    names: tuple[str, ...]
    evidence: np.ndarray
    """versions x evidence"""
    causes: np.ndarray
    """versions x causes, 0 or 1"""
    planted: tuple[tuple[str, ...], ...]
    strength: np.ndarray
    """Mean of the planted ones; 0 for a clean version."""
    content: np.ndarray
    kind: np.ndarray

    def take(self, rows: np.ndarray) -> "Rows":
        """Some of the versions."""
        planted = tuple(self.planted[int(row)] for row in rows)
        return Rows(
            self.names,
            self.evidence[rows],
            self.causes[rows],
            planted,
            self.strength[rows],
            self.content[rows],
            self.kind[rows],
        )

    @property
    def weights(self) -> np.ndarray:
        """As if each cause alone had been planted equally often, whatever was made more of."""
        kinds = np.array([plan[0] if len(plan) == 1 else str(len(plan)) for plan in self.planted])
        weights = np.ones(len(kinds))
        for kind in np.unique(kinds):
            weights[kinds == kind] = SHARES.get(str(kind), SINGLE) / (kinds == kind).mean()
        return weights / weights.mean()

    def each(self) -> Iterator[dict[str, float]]:
        """The evidence of each version by name."""
        for values in self.evidence:
            yield dict(zip(self.names, values.tolist(), strict=True))


def read(cache: Path) -> Rows:
    """The rows of a folder, in the order of its file names."""
    rows = [row for path in sorted(cache.glob("*.json")) for row in json.loads(path.read_text())]
    names = tuple(rows[0]["evidence"])
    return Rows(
        names,
        np.array([[row["evidence"][name] for name in names] for row in rows], np.float64),
        np.array([[cause in row["causes"] for cause in CAUSES] for row in rows], np.float64),
        tuple(tuple(row["planted"]) for row in rows),
        np.array([sum(row["strengths"]) / max(len(row["strengths"]), 1) for row in rows]),
        np.array([row["content"] for row in rows]),
        np.array([row["kind"] for row in rows]),
    )


def fit(rows: Rows, *, seed: int, networks: int = NETWORKS, epochs: int = EPOCHS) -> CausesModel:
    """Networks on all rows; not calibrated."""
    generator = torch.Generator().manual_seed(seed)
    centre = np.median(rows.evidence, 0)
    low, high = np.percentile(rows.evidence, [10, 90], axis=0)
    spread = np.maximum((high - low) / 2.56, np.maximum(rows.evidence.std(0) * 0.25, 1e-3))
    x = torch.tensor(np.tanh((rows.evidence - centre) / spread / REACH), dtype=torch.float32)
    y = torch.tensor(rows.causes, dtype=torch.float32)
    weight = torch.tensor(rows.weights, dtype=torch.float32)
    width, count = x.shape[1], y.shape[1]

    def drawn(*shape: int, scale: float) -> torch.Tensor:
        return (torch.randn(*shape, generator=generator) * scale).requires_grad_()

    weights = [
        drawn(networks, width, UNITS, scale=(1.5 / width) ** 0.5 * 2),
        torch.zeros(networks, 1, UNITS, requires_grad=True),
        drawn(networks, UNITS, count, scale=UNITS**-0.5),
        torch.full((networks, 1, count), -2.0, requires_grad=True),
    ]
    optimizer = torch.optim.AdamW(weights, lr=4e-3, weight_decay=0.05)
    steps = epochs * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(epochs):
        # Each network sees the rows in an order of its own.
        orders = torch.stack([torch.randperm(len(x), generator=generator) for _ in range(networks)])
        for part in orders.split(BATCH, dim=1):
            inputs = x[part]
            inputs = inputs + 0.03 * torch.randn(inputs.shape, generator=generator)
            keep = torch.rand(networks, 1, width, generator=generator) > 0.1
            hidden = torch.relu(torch.bmm(inputs * keep, weights[0]) + weights[1])
            alive = torch.rand(hidden.shape, generator=generator) > 0.3
            logits = torch.bmm(hidden * alive / 0.7, weights[2]) + weights[3]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, y[part] * 0.98 + 0.005, reduction="none"
            )
            optimizer.zero_grad()
            (loss.mean(2) * weight[part]).mean(1).sum().backward()
            optimizer.step()
            schedule.step()
    hidden, hidden_bias, output, output_bias = (
        w.detach().numpy().astype(np.float64) for w in weights
    )
    ones = np.ones(count)
    return CausesModel(
        rows.names,
        centre,
        spread,
        hidden,
        hidden_bias[:, 0],
        output,
        output_bias[:, 0],
        ones,
        ones * 0,
    )


def logits(model: CausesModel, rows: Rows) -> np.ndarray:
    """Versions x causes, of the calibration."""
    x = np.tanh((rows.evidence - model.centre) / model.spread / REACH)
    hidden = np.maximum(
        np.einsum("ve,neu->nvu", x, model.hidden, optimize=True) + model.hidden_bias[:, None], 0
    )
    each = (
        np.einsum("nvu,nuc->nvc", hidden, model.output, optimize=True) + model.output_bias[:, None]
    )
    return model.slope * each.mean(0) + model.offset


def unseen(rows: Rows, *, seed: int, epochs: int = EPOCHS) -> np.ndarray:
    """Logits of every version, by networks that did not see its content."""
    contents = np.unique(rows.content)
    fold = np.random.default_rng(seed).permutation(len(contents)) % FOLDS
    of_row = fold[np.searchsorted(contents, rows.content)]
    out = np.zeros_like(rows.causes)
    for number in range(FOLDS):
        model = fit(rows.take(np.flatnonzero(of_row != number)), seed=seed + number, epochs=epochs)
        out[of_row == number] = logits(model, rows.take(np.flatnonzero(of_row == number)))
    return out


def platt(
    values: np.ndarray, truth: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slope and offset of each cause."""
    from sklearn.linear_model import LogisticRegression

    slopes, offsets = [], []
    for value, there in zip(values.T, truth.T, strict=True):
        line = LogisticRegression(C=100.0).fit(value[:, None], there, weights)
        slopes.append(float(line.coef_[0, 0]))
        offsets.append(float(line.intercept_[0]))
    return np.array(slopes), np.array(offsets)


def held_calibration(values: np.ndarray, rows: Rows) -> np.ndarray:
    """Probabilities of unseen versions, calibrated without their content either."""
    contents = np.unique(rows.content)
    fold = np.searchsorted(contents, rows.content) % FOLDS
    chances = np.zeros_like(values)
    for number in range(FOLDS):
        some = rows.take(np.flatnonzero(fold != number))
        slope, offset = platt(values[fold != number], some.causes, some.weights)
        chances[fold == number] = 1 / (1 + np.exp(-(slope * values[fold == number] + offset)))
    return chances


def hits(chances: np.ndarray, planted: Sequence[tuple[str, ...]]) -> np.ndarray:
    """Whether the cause named first was planted; not a number for clean versions."""
    first = np.array(list(CAUSES))[chances.argmax(1)]
    return np.array(
        [name in plan if plan else np.nan for name, plan in zip(first, planted, strict=True)]
    )


def ece(
    chance: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None, bins: int = 10
) -> float:
    """Expected calibration error (Guo et al., ICML 2017), in bins of equal width."""
    weights = np.ones(len(chance)) if weights is None else weights
    place = np.minimum((chance * bins).astype(int), bins - 1)
    total = 0.0
    for number in range(bins):
        there = place == number
        if there.any():
            gap = np.average(chance[there] - truth[there], weights=weights[there])
            total += weights[there].sum() / weights.sum() * abs(gap)
    return float(total)


def summary(chances: np.ndarray, rows: Rows, *, weighted: bool = False) -> dict[str, object]:
    """Hit rates and calibration of some versions; `weighted` as they are for the fit."""
    hit = hits(chances, rows.planted)
    length = np.array([len(plan) for plan in rows.planted])
    first = chances.argmax(1)
    top = chances.max(1)
    right = rows.causes[np.arange(len(first)), first]
    by_cause = {}
    for cause in CAUSES:
        mine = np.array([plan == (cause,) for plan in rows.planted])
        if mine.any():
            names = np.array(list(CAUSES))[first[mine]]
            wrong = {str(n): int((names == n).sum()) for n in np.unique(names) if n != cause}
            by_cause[cause] = (round(float(hit[mine].mean()), 3), int(mine.sum()), wrong)
    clean = length == 0
    weights = rows.weights if weighted else np.ones(len(top))
    return {
        "singles": float(np.average(hit[length == 1], weights=weights[length == 1])),
        "chains": float(hit[length == 2].mean()),
        "ece_first": ece(top, right, weights),
        "ece_all": ece(chances.ravel(), rows.causes.ravel(), weights.repeat(len(CAUSES))),
        "clean_named": {f"{t}": round(float((top[clean] >= t).mean()), 3) for t in (0.5, 0.8)},
        "by_cause": by_cause,
    }


def by_strength(chances: np.ndarray, rows: Rows) -> dict[str, float]:
    """Hit rate of single damage at each strength."""
    hit = hits(chances, rows.planted)
    single = np.array([len(plan) == 1 for plan in rows.planted])
    return {
        f"{strength:.2f}": round(float(hit[single & (rows.strength == strength)].mean()), 3)
        for strength in np.unique(rows.strength[single])
    }


def intervals(chances: np.ndarray, rows: Rows, *, rng: np.random.Generator) -> dict[str, object]:
    """95 % intervals by bootstrap over contents."""
    contents = np.unique(rows.content)
    members = [np.flatnonzero(rows.content == content) for content in contents]
    draws = []
    for _ in range(1000):
        some = np.concatenate(
            [members[int(n)] for n in rng.integers(len(members), size=len(members))]
        )
        hit = hits(chances[some], [rows.planted[int(n)] for n in some])
        length = np.array([len(rows.planted[int(n)]) for n in some])
        first = chances[some].argmax(1)
        right = rows.causes[some, first]
        draws.append(
            (
                hit[length == 1].mean(),
                hit[length == 2].mean(),
                ece(chances[some].max(1), right),
                ece(chances[some].ravel(), rows.causes[some].ravel()),
            )
        )
    ends = np.percentile(np.array(draws), [2.5, 97.5], axis=0).T.round(3).tolist()
    return dict(zip(("ci_singles", "ci_chains", "ci_ece_first", "ci_ece_all"), ends, strict=True))


def bins_of(
    chance: np.ndarray, truth: np.ndarray, bins: int = 10
) -> list[tuple[float, float, int]]:
    """Mean probability, share that is true, and count of each bin that has any."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    each = [place == number for number in range(bins)]
    return [
        (float(chance[m].mean()), float(truth[m].mean()), int(m.sum())) for m in each if m.any()
    ]


def draw(chances: np.ndarray, rows: Rows, path: Path) -> None:
    """The reliability picture."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    first = chances.argmax(1)
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
    parts = (
        ("the cause named first", chances.max(1), rows.causes[np.arange(len(first)), first]),
        ("all causes", chances.ravel(), rows.causes.ravel()),
    )
    for axis, (title, chance, truth) in zip(axes, parts, strict=True):
        points = np.array(bins_of(chance, truth))
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        axis.plot(points[:, 0], points[:, 1], marker="o", color="#20639b")
        for x, y, count in points:
            axis.annotate(f"{count:.0f}", (x, y), (5, -11), textcoords="offset points", fontsize=8)
        axis.set(title=f"{title}: ECE {ece(chance, truth):.3f}", xlim=(0, 1), ylim=(0, 1.02))
        axis.set(xlabel="probability", ylabel="share that was there")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
