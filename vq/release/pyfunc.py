"""What MLflow loads of a registered student: it scores files."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from vq.score import runtime


class Scorer:
    """A student behind MLflow's `predict`."""

    def __init__(self, model: runtime.Model) -> None:
        self.model = model

    def predict(self, videos: pd.DataFrame) -> pd.DataFrame:
        """Score the paths in the column `video`: one row each, as `vq score` writes it."""
        return pd.DataFrame([asdict(self.model.score(Path(video))) for video in videos["video"]])


def _load_pyfunc(folder: str) -> Scorer:
    """MLflow calls this by its name, with the folder of the bundle; so nothing is ever pickled."""
    return Scorer(runtime.load(Path(folder)))
