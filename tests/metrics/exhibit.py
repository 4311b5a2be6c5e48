"""A made-up exhibit with everything that a report can show."""

import base64
import functools
import io
from typing import Any, Literal

import numpy as np
import pandas as pd
from PIL import Image

from vq.data.card import Card, Scale
from vq.duplicates import pairs_table
from vq.metrics import mapping
from vq.metrics.interval import Bootstrap
from vq.metrics.opinions import opinions
from vq.metrics.summary import MODELS, Rated, rounded, summarise
from vq.report.report import ReportData

KINDS = (
    "banding",
    "defocus",
    "drop",
    "freeze",
    "h264",
    "hevc",
    "motion_blur",
    "over_exposure",
    "pristine",
    "rescale",
    "sensor_noise",
    "under_exposure",
    "vp9",
)
NOISE = {"student": 0.45, "plain": 0.55, "teacher": 0.4, "single": 0.6, "handcrafted": 0.9}
EXPERTS = ["spatial_statistics", "picture_statistics", "temporal_statistics", "distortion"]


@functools.cache
def exhibit(
    *, opinion: Literal["human", "synthetic"] = "synthetic", contents: int = 9, seed: int = 0
) -> ReportData:
    """Ten versions of each of a few contents, on either split."""
    rng = np.random.default_rng(seed)
    frame = pd.concat(
        [_split(name, contents, rng) for name in ("validation", "test")], ignore_index=True
    )
    on_validation = frame[frame["split"] == "validation"]
    curves = {
        name: mapping.fit(on_validation[name].to_numpy(), on_validation["mos"].to_numpy())
        for name in MODELS
    }
    found = {
        split: rounded(
            summarise(
                Rated(
                    contents=rows["content"].to_numpy(),
                    mos=rows["mos"].to_numpy(),
                    scores={name: rows[name].to_numpy() for name in MODELS},
                    columns={name: rows[name] for name in ("distortion", "codec", "height")},
                ),
                curves,
                opinion=opinion,
                bootstrap=Bootstrap(300, 0.95, 1),
            )
        )
        for split, rows in frame.groupby("split")
    }
    worst = on_validation.assign(error=(on_validation["student"] - on_validation["mos"]).abs())
    worst = worst.sort_values("error", ascending=False).head(10)
    return ReportData(
        card=Card(
            name="demo",
            title="Demo: filmed photographs and rendered scenes",
            opinion=opinion,
            scale=Scale(min=1, max=5),
            licence="Apache-2.0",
            source="made by `vq demo`",
            note="Full-reference metric against the pristine version, then <simulated> raters.",
        ),
        validation=found["validation"],
        test={**found["test"], "order": ladders()},
        predictions=frame[["video", "split", "mos", "student"]],
        groups=frame["distortion"].tolist(),
        grouped_by="distortion",
        curve=curves["student"],
        opinions=opinions(
            frame["student"].to_numpy(),
            frame["mos"].to_numpy(),
            np.full(len(frame), 0.6),
            scale=(1.0, 5.0),
            better="higher",
        ),
        importance=pd.DataFrame(
            rng.dirichlet([1.0, 1.5, 1.0, 4.0], len(KINDS)), index=list(KINDS), columns=EXPERTS
        ),
        pruning=pruning(),
        alike=alike(),
        near_duplicates=near_duplicates("joined"),
        combination=combination(),
        single="distortion",
        worst=worst.assign(
            score=worst["student"],
            kind=worst["distortion"],
            picture=[picture(rng) for _ in range(len(worst))],
            causes=["blur, noise", *[""] * (len(worst) - 1)],
        ),
        misordered=misordered(),
        gamed={
            "videos": 3,
            "tries": 25,
            "mean": 0.05,
            "most": 0.12,
            "worst": {"video": "<best>.mp4", "before": 4.1, "gain": 0.12, "words": "gamma 0.62"},
            "pictures": [picture(rng), picture(rng)],
        },
        doubted=11,
        doubts=pd.DataFrame(
            {
                "video": f"<doubt>-{n}.mp4",
                "dataset": "demo",
                "split": "train",
                "mos": 1.5,
                "expected": 4.2,
                "z": -6.0 + n,
                "picture": picture(rng),
            }
            for n in range(10)
        ),
        settings={
            "seed": 7,
            "bootstrap": 300,
            "confidence": 0.95,
            "slices": "distortion, codec",
            "backbone": "mobilenetv3_small_050",
        },
        hashes={"accepted": "ab" * 32, "student": "cd" * 32},
    )


def ladders(kinds: tuple[str, ...] = KINDS) -> dict[str, Any]:
    """Order by kind, as the evaluate stage writes it: the first kind is the worst."""
    shares = {
        kind: {"value": 0.4 + 0.04 * n, "low": 0.2, "high": 1.0, "pairs": 10 + n}
        for n, kind in enumerate(kinds)
    }
    return {"value": 0.876, "low": 0.81, "high": 0.93, "pairs": 208, "kinds": shares}


def misordered(pairs: int = 3) -> pd.DataFrame:
    """Pairs in the wrong order, as `vq.metrics.pair_order.wrong` gives them."""
    return pd.DataFrame(
        {
            "video_mild": [f"<sea>-00-pristine-{n}.mp4" for n in range(pairs)],
            "strength_mild": 0.0,
            "score_mild": 2.51,
            "video_strong": [f"sea-07-banding-{n}.mp4" for n in range(pairs)],
            "strength_strong": np.linspace(0.3, 0.912, pairs),
            "score_strong": 3.04,
        }
    )


def near_duplicates(how: str, pairs: int = 12) -> pd.DataFrame:
    """Pairs across contents: joined, or on two sides."""
    sides = ("train", "train") if how == "joined" else ("train", "test")
    return pd.DataFrame(
        {
            "video_a": [f"upload-{number}.mp4" for number in range(pairs)],
            "video_b": [f"<again>-{number}.webm" for number in range(pairs)],
            "share": np.linspace(1, 0.7, pairs),
            "content_a": [f"upload-{number}" for number in range(pairs)],
            "content_b": "again",
            "split_a": sides[0],
            "split_b": sides[1],
            "finding": pairs_table.JOINED if how == "joined" else pairs_table.LEAK,
        }
    )


def pruning() -> pd.DataFrame:
    """A table as the prune stage writes it."""
    return pd.DataFrame(
        {
            "expert": [*EXPERTS[::-1], "untrained"],
            "family": ["mobilenetv3", "handcrafted", "handcrafted", "handcrafted", "mobilenetv3"],
            "pretext": [
                "distortion type and strength",
                "temporal statistics",
                "picture statistics",
                "natural scene statistics",
                None,
            ],
            "data": ["procedural scenes", None, None, None, "none"],
            "kept": [True, True, True, False, False],
            "candidate": [True, True, True, True, False],
            "own_head": [0.75, 0.7, 0.72, 0.6, 0.05],
            "own_head_sd": [0.02, 0.03, 0.01, 0.03, 0.05],
            "student": [0.82, 0.79, 0.78, 0.75, 0.74],
            "student_sd": [0.02, 0.03, 0.01, 0.03, 0.05],
            "plain": [0.76] * 5,
            "knows": [1.0, 1.0, 1.0, 0.99, 0.7],
            "gain": [0.95, 0.9, 0.85, 0.3, 0.2],
            "claim8": [1.0, 0.98, 0.97, 1.0, 1.0],
            "adds": [0.05, 0.03, 0.02, 0.001, None],
            "adds_confidence": [0.99, 0.97, 0.93, 0.6, None],
            "twin": [None] * 5,
            "cka": [None] * 5,
            "gmacs": [1.2, 0.05, 0.08, 0.02, 1.2],
            "parameters": [600_000, 0, 0, 0, 600_000],
            "reason": [
                "passes; the best first effect",
                "passes; best second effect (helps with confidence 0.98)",
                "passes; best second effect (helps with confidence 0.97)",
                "passes; would not surely help (confidence 0.60)",
                "fails: its own head agrees with the ratings with confidence 0.70",
            ],
        }
    )


def alike() -> pd.DataFrame:
    """Similarities as the prune stage writes them."""
    names = pruning()["expert"].tolist()
    found = np.full((5, 5), 0.2)
    found[1:4, 1:4] = 0.6
    np.fill_diagonal(found, 1.0)
    return pd.DataFrame(found, index=pd.Index(names, name="expert"), columns=names)


def combination() -> dict[str, Any]:
    """A choice as the prune stage writes it."""
    names, costs = EXPERTS[::-1][:3], [1.2, 1.25, 1.33]
    steps = [
        {
            "joined": [name],
            "left": [],
            "experts": names[: n + 1],
            "srcc": 0.75 + 0.03 * n,
            "gmacs": cost,
            "reason": "best second effect",
        }
        for n, (name, cost) in enumerate(zip(names, costs, strict=True))
    ]
    stop = {"joined": [], "left": [], "reason": "spatial_statistics would not surely help"}
    return {
        "experts": names,
        "single": "distortion",
        "effect": "teacher",
        "steps": [*steps, steps[-1] | stop],
    }


def picture(rng: np.random.Generator) -> str:
    """Something to look at, as a data URI."""
    x, y = np.meshgrid(np.linspace(0, 6, 180), np.linspace(0, 4, 120))
    waves = [128 + 100 * np.sin(x * a + y * b) for a, b in rng.uniform(0.3, 2, (3, 2))]
    jpeg = io.BytesIO()
    Image.fromarray(np.stack(waves, axis=2).astype(np.uint8)).save(jpeg, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.getvalue()).decode()


def _split(name: str, contents: int, rng: np.random.Generator) -> pd.DataFrame:
    content = np.repeat([f"{name}-{n}" for n in range(contents)], 10)
    kind = np.array([KINDS[n % len(KINDS)] for n in range(len(content))])
    mos = np.clip(rng.normal(3, 1, len(content)), 1, 5)
    noise = {model: rng.normal(0, sd, len(mos)) for model, sd in NOISE.items()}
    return pd.DataFrame(
        {
            "video": [
                f"{c}/{k}-{n:03}.mp4" for n, (c, k) in enumerate(zip(content, kind, strict=True))
            ],
            "content": content,
            "split": name,
            "mos": mos,
            "distortion": kind,
            "codec": rng.choice(["h264", "hevc", "vp9"], len(mos)),
            "height": rng.choice([240, 360], len(mos)),
            **{model: np.clip(3 + 0.8 * (mos - 3) + error, 1, 5) for model, error in noise.items()},
            "constant": 3.0,
        }
    )
