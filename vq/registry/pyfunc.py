"""What MLflow loads of a registered student: it scores files.

`mlflow models serve` answers with the rows that `vq score` writes. The files are those that the
server can see, by their paths.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import Array

from vq.errors import ParamsError
from vq.inference import runtime
from vq.inference.modes import EXACT, MODES, ModeRequest
from vq.inference.row import COLUMNS, Row

EXAMPLE = pd.DataFrame({"video": ["uploads/clip.mp4"]})
"""An example request."""


class Scorer:
    """A student behind MLflow's `predict`."""

    def __init__(self, model: runtime.Model) -> None:
        self.model = model

    def predict(
        self, videos: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Score the paths in the column `video`: one row each, as `vq score` writes it.

        `params` are `mode` and `budget_ms`, as `vq.inference.runtime.Model.score` takes them.

        Raises:
            MlflowException: a parameter has a wrong value, or the student does not know the mode.
        """
        try:
            request = _request(params or {})
            request.check(self.model.card.modes, self.model.card.model_id)
        except ParamsError as error:
            # MLflow's server hides the text of any other error.
            raise MlflowException.invalid_parameter_value(str(error)) from error
        paths = map(Path, videos["video"])
        rows = [asdict(self.model.score(path, **asdict(request))) for path in paths]
        # As objects: a column of numbers would turn what is unknown into nan, which is no JSON.
        return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _load_pyfunc(folder: str) -> Scorer:
    """MLflow calls this by its name, with the folder of the bundle; so nothing is ever pickled."""
    return Scorer(runtime.load(Path(folder)))


def _request(params: Mapping[str, Any]) -> ModeRequest:
    values = {**asdict(EXACT), **params}
    if values["mode"] not in MODES:
        raise ParamsError(f"mode should be one of {', '.join(MODES)}, got {values['mode']!r}")
    return ModeRequest(**values)


def _columns() -> Iterator[ColSpec]:
    """The fields of a row, in MLflow's words; unknown are those that may be None."""
    hints = get_type_hints(Row)
    for name in COLUMNS:
        hint = hints[name]
        kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        yield ColSpec(_type(kinds[0]), name, required=NoneType not in kinds)


def _type(kind: Any) -> DataType | Array:  # noqa: ANN401 - types have none
    if get_origin(kind) is tuple:
        return Array(_type(get_args(kind)[0]))
    return {float: DataType.double, int: DataType.long}.get(kind, DataType.string)


SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "video")]),
    outputs=Schema(list(_columns())),
    params=ParamSchema(
        [
            ParamSpec("mode", DataType.string, EXACT.mode),
            ParamSpec("budget_ms", DataType.double, EXACT.budget_ms),
        ]
    ),
)
"""A path in, a row out; how closely to look is a parameter."""
