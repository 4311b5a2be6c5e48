"""Decisions for whatever holds rows: a list, a data frame, a batch of Ray Data."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from vq.policy import read
from vq.policy.policy import Decision, Policy

COLUMNS = ("decision", "decision_reason")


def decide(rows: Any, policy: Policy | Mapping[str, Any] | str | Path) -> Any:  # noqa: ANN401
    """Decide on rows by a policy; no video is opened.

    Args:
        rows: a pandas DataFrame; a mapping of columns, as `ray.data.Dataset.map_batches` gives it;
            or rows (`vq.inference.row.Row`, or mappings).
        policy: one that was read, its content, or the path of its file.

    Returns:
        A data frame or a mapping with the columns `decision` and `decision_reason` more; of rows a
        list of `Decision`, in their order.

    Raises:
        DataError: the policy is none, or rows lack a field that it asks for.
    """
    chosen = _policy(policy)
    if hasattr(rows, "to_dict") and hasattr(rows, "assign"):  # a data frame, without pandas
        decisions = _each(rows.to_dict("records"), chosen)
        return rows.assign(**_columns(decisions))
    if isinstance(rows, Mapping):
        names = list(rows)
        cells = zip(*rows.values(), strict=True)
        decisions = _each((dict(zip(names, row, strict=True)) for row in cells), chosen)
        return {**rows, **_columns(decisions, like=next(iter(rows.values()), None))}
    return _each(map(_fields, rows), chosen)


def _policy(policy: Policy | Mapping[str, Any] | str | Path) -> Policy:
    if isinstance(policy, Policy):
        return policy
    return read.parse(policy) if isinstance(policy, Mapping) else read.load(Path(policy))


def _each(rows: Iterable[Mapping[str, Any]], policy: Policy) -> list[Decision]:
    return [policy.decide(row) for row in rows]


def _fields(row: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a row
    return asdict(row) if is_dataclass(row) and not isinstance(row, type) else row


def _columns(decisions: list[Decision], *, like: object = None) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "decision": [one.decision for one in decisions],
        "decision_reason": [one.reason for one in decisions],
    }
    if type(like).__module__ == "numpy":
        import numpy as np

        return {name: np.array(values, object) for name, values in columns.items()}
    return columns
