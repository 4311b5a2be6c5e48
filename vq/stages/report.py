"""Stage: show what was measured, and why, as an HTML page and a model card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vq.causes import model as causes_model
from vq.data import card as cards
from vq.data import manifest as manifests
from vq.data import split
from vq.data.columns import Columns
from vq.data.columns import load as load_columns
from vq.data.paths import inside
from vq.files import read_json, write_text
from vq.gates import model_cost
from vq.inference import card as student_cards
from vq.inference import cheap_edits
from vq.inference.card import Card as StudentCard
from vq.inference.gaming import small
from vq.inference.row import likely
from vq.metrics import slices
from vq.metrics.mapping import Mapping as Curve
from vq.metrics.opinions import Opinions, opinions
from vq.params import Evaluate, Report
from vq.report import model_card as model_cards
from vq.report.report import ReportData, render
from vq.report.thumbnail import middle_frame, middle_pixels, picture_of

IMPORTANCE = "importance_"
"""Before the name of each expert, in the columns of predictions."""


def report(
    *,
    accepted: Path,
    card: Path,
    columns: Path,
    videos: Path,
    splits: Path,
    zoo: Path,
    pruning: Path,
    similarity: Path,
    near_duplicates: Path,
    suspicious: Path,
    student: Path,
    validation: Path,
    test: Path,
    predictions: Path,
    misordered: Path,
    page: Path,
    model_card: Path,
    params: Report,
    evaluate: Evaluate,
    seed: int,
) -> None:
    """Write the report and the model card; nothing is measured here.

    `pruning` and `similarity` are tables of `prune`, `suspicious` is that of `audit_labels`, and
    `predictions` and `misordered` are of `evaluate`. How it was measured is shown (`evaluate`,
    `seed`); the first slice tells the kinds of videos.

    Raises:
        DataError: a file is not what its stage writes.
        VideoError: a video that is to be shown cannot be decoded.
    """
    measured, combination = read_json(test), read_json(zoo)
    named = load_columns(columns)
    apart = named.sliced_by(evaluate.slices)
    rows = _with_kind(_read(predictions), accepted, apart)
    on_validation = rows[rows["split"] == "validation"]
    curve = Curve.from_json(measured["maps"]["student"])
    suspects = pd.read_csv(suspicious)
    bundle, network = student_cards.load(student)
    data = ReportData(
        card=cards.load(card),
        validation=read_json(validation),
        test=measured,
        predictions=rows[["video", "split", "mos", "student"]],
        groups=rows["kind"].tolist(),
        grouped_by=apart[0] if apart else "",
        curve=curve,
        opinions=_opinions(rows, accepted, bundle),
        importance=importance(on_validation),
        pruning=pd.read_csv(pruning, keep_default_na=True),
        alike=pd.read_csv(similarity, index_col="expert"),
        near_duplicates=pd.read_csv(near_duplicates, keep_default_na=False),
        combination=combination,
        single=combination["single"],
        worst=worst(on_validation, curve, videos, params.worst),
        misordered=_read(misordered).head(params.worst),
        gamed=gamed(measured.get("gaming"), videos),
        doubted=len(suspects),
        doubts=_pictured(suspects.head(params.worst), videos),
        settings=_settings(bundle, params, evaluate, named, seed),
        hashes=measured["hashes"],
    )
    write_text(page, render(data))
    table = manifests.read(accepted)
    sides = table.assign(split=split.of_videos(table, split.read(splits)).to_numpy())
    about = _about(bundle, network, _megabytes(student))
    write_text(model_card, model_cards.render(data, about, sides))


def importance(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean importance of each expert for each kind of video, the most important expert first.

    Args:
        rows: `kind`, and a column of importance for each expert.
    """
    columns = [name for name in rows if str(name).startswith(IMPORTANCE)]
    means = rows.groupby("kind")[columns].mean()
    means.columns = means.columns.str.removeprefix(IMPORTANCE)
    return means[means.mean().sort_values(ascending=False, kind="stable").index]


def worst(rows: pd.DataFrame, curve: Curve, videos: Path, count: int) -> pd.DataFrame:
    """The videos with the largest error after the map, with a picture and the causes of each."""
    score = curve(rows["student"].to_numpy(np.float64))
    order = np.argsort(-np.abs(score - rows["mos"].to_numpy(np.float64)), kind="stable")[:count]
    shown = _pictured(rows.assign(score=score).iloc[order], videos)
    paths = inside(videos, shown["video"])
    causes = [", ".join(likely(causes_model.of(path))) for path in paths]
    return shown.assign(causes=causes)


def _opinions(rows: pd.DataFrame, accepted: Path, bundle: StudentCard) -> Opinions:
    videos = manifests.read(accepted).set_index("video").loc[rows["video"].tolist()]
    return opinions(
        rows["student"].to_numpy(np.float64),
        rows["mos"].to_numpy(np.float64),
        videos["mos_std"].to_numpy(np.float64),
        scale=(bundle.scale.min, bundle.scale.max),
        better=bundle.better,
    )


def gamed(gaming: dict[str, Any] | None, videos: Path) -> dict[str, Any] | None:
    """The worst case of cheap edits, with pictures of before and after; None if none was sought."""
    if gaming is None:
        return None
    (path,) = inside(videos, [gaming["worst"]["video"]])
    frame = small([middle_pixels(path)])
    chain = [(str(name), float(strength)) for name, strength in gaming["worst"]["chain"]]
    edited = cheap_edits.apply(frame, chain)
    return {**gaming, "pictures": [picture_of(frame[0]), picture_of(edited[0])]}


def _pictured(rows: pd.DataFrame, videos: Path) -> pd.DataFrame:
    return rows.assign(picture=[*map(middle_frame, inside(videos, rows["video"]))])


def _read(table: Path) -> pd.DataFrame:
    """A table of `evaluate`; a video may be called `7`, or `NA`."""
    names = dict.fromkeys(("video", "content", "film", "video_mild", "video_strong"), str)
    return pd.read_csv(table, dtype=names, keep_default_na=False, na_values=[""])


def _with_kind(rows: pd.DataFrame, accepted: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The rows with the kind of each video: its slice of the first column to slice by."""
    videos = manifests.read(accepted).set_index("video").loc[rows["video"].tolist()]
    return rows.assign(kind=slices.kinds(videos, columns))


def _about(card: StudentCard, network: bytes, size_mb: float) -> model_cards.Student:
    cost = model_cost.of_network(network, batch=1, moments=card.views.moments)
    return model_cards.Student(
        model_id=card.model_id,
        meaning=card.meaning,
        backbone=card.backbone,
        seed=card.seed,
        licences=tuple(map(str, card.licences)),
        coverage=card.interval.coverage if card.interval else None,
        size_mb=size_mb,
        gmacs=cost.gmacs,
        memory_mb=cost.memory_mb,
    )


def _megabytes(bundle: Path) -> float:
    return sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file()) / 1e6


def _settings(
    card: StudentCard, params: Report, evaluate: Evaluate, columns: Columns, seed: int
) -> dict[str, Any]:
    return {
        "seed": seed,
        **evaluate.model_dump(mode="json"),
        "slices": ", ".join(columns.sliced_by(evaluate.slices)),
        "order": "not measured"
        if columns.order is None
        else ", ".join(f"{name} {value}" for name, value in columns.order),
        **params.model_dump(mode="json"),
        "backbone": card.backbone,
        "student": card.model_id,
        "licences": "; ".join(map(str, card.licences)),
    }
