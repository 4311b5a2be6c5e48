"""From files of scores to the videos that people rate next."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vq import params
from vq.active_learning.candidates import Candidates, gather
from vq.active_learning.choose import Chosen, choose
from vq.active_learning.near_duplicates import NearDuplicates
from vq.data import fingerprint_store, manifest, tables
from vq.errors import DataError
from vq.pipeline.run_stages import files_of
from vq.scoring import row_files
from vq.video.fingerprint import Fingerprint
from vq.workers.process_pool import cores


@dataclass(frozen=True, eq=False)
class Request:
    """What is to be rated, and what it was chosen from."""

    candidates: Candidates
    chosen: Chosen
    unseen: int = 0
    """Videos that are no files here, so that nobody knows whether they show the same."""


def ask(
    scores: Sequence[str],
    budget: int,
    *,
    root: Path,
    rated: Sequence[str] = (),
    contents: Path | None = None,
) -> Request:
    """Choose what to rate next, by the rows in some files and the params of a workspace.

    Raises:
        DataError: rows or contents cannot be read, or have no feature.
        ParamsError: there are no params.
    """
    config = params.load(root / "params.yaml")
    content = {} if contents is None else _contents(contents)
    before = gather(row_files.read(rated), contents=content) if rated else None
    names = before.videos if before else ()
    candidates = gather(row_files.read(scores), contents=content, rated=names)
    if before and before.model != candidates.model:
        raise DataError(
            f"{rated[0]}: has scores of {before.model}, {scores[0]} of {candidates.model}; "
            "features of two students cannot be compared, score all with one"
        )
    rng = np.random.default_rng(config.seed)
    if not config.ask.near_duplicates:
        chosen = choose(candidates, budget, settings=config.ask, rng=rng, rated=before)
        return Request(candidates, chosen)
    looks = NearDuplicates(
        _labelled(root), settings=config.import_, split=config.split, jobs=cores(0)
    )
    chosen = choose(
        candidates, budget, settings=config.ask, rng=rng, rated=before, check=looks.check
    )
    return Request(candidates, chosen, len(looks.unseen))


def _contents(path: Path) -> dict[str, str]:
    table = tables.read(path)
    return dict(zip(table.text("video"), table.text("content"), strict=True))


def _labelled(root: Path) -> list[Fingerprint]:
    """Fingerprints of the videos of the data set; none before it was imported."""
    if not (root / ".dvc").exists():  # params alone, on a machine that scores
        return []
    files = files_of(root, "split")
    if not files["accepted"].exists() or not files["fingerprints"].exists():
        return []
    hashes = manifest.read(files["accepted"])["sha256"].tolist()
    return fingerprint_store.read(files["fingerprints"], hashes)
