"""Released students, in MLflow.

A student becomes a version of a registered model, with everything that made it: its bundle, params,
dvc.lock, verdict, agreement on test. The alias `champion` is on the version that people should
use, `challenger` on the latest one that did not make it.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import yaml
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from vq import params
from vq.errors import DataError
from vq.release import champion
from vq.release.champion import Contest, Videos
from vq.release.gates import Verdict
from vq.score.locate import bundle

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """A student that asks to be released, and what it was made of."""

    student: Path
    """Its bundle."""
    verdict: Path
    """What the gates said, from `judge`."""
    test: Path
    """Agreement on test, from `evaluate`."""
    videos: Videos
    params: Path
    lock: Path
    """dvc.lock."""
    commit: str
    """Of git."""
    dirty: bool
    """The code or the params have changes that the commit has not."""


@dataclass(frozen=True)
class Release:
    """A version in the registry."""

    model: str
    version: str
    alias: str
    """`champion` or `challenger`."""
    reason: str
    """Why this alias: a sentence."""
    new: bool
    """False: this very student was in the registry already, and nothing was done."""


def release(candidate: Candidate, *, root: Path, settings: params.Release) -> Release:
    """Register a student, and make it champion if it may be.

    It may if every gate opened and it does not lose more than `settings.max_drop` SRCC against the
    present champion. A student that is in the registry already, from the same data and params,
    is left as it is. After an interruption, call again: it takes up where it was.

    Args:
        candidate: the student.
        root: the workspace; its `mlflow.db` is the registry unless MLFLOW_TRACKING_URI names one.
        settings: section `release` of the params.

    Raises:
        DataError: verdict, agreement or the videos are not what they should be.
        WeightsError: the student's bundle is broken.
    """
    registry = _connect(root)
    tags = _tags(candidate)
    version = _find(registry, settings.model, tags["identity"])
    if version is not None and "alias" in version.tags:
        alias, reason = version.tags["alias"], version.tags["reason"]
        reigning = _champion(registry, settings.model)
        if alias == "champion" and reigning and reigning.version != version.version:
            alias = "challenger"
            reason = f"It was champion once; version {reigning.version} is now. Then: {reason}"
        log.info("%s %s is this student already", settings.model, version.version)
        return Release(settings.model, str(version.version), alias, reason, new=False)
    contest = _contest(registry, candidate, settings)
    if version is None:
        version = _register(registry, candidate, root, settings.model, tags)
    alias = "champion" if contest.won else "challenger"
    registry.set_registered_model_alias(settings.model, alias, version.version)
    # Last: a version with these tags is done.
    for key, value in {"reason": contest.reason, "alias": alias}.items():
        registry.set_model_version_tag(settings.model, version.version, key, value)
    log.info("%s %s: %s; %s", settings.model, version.version, alias, contest.reason)
    return Release(settings.model, str(version.version), alias, contest.reason, new=True)


def tracking_uri(root: Path) -> str:
    """Where the registry of a workspace is; MLFLOW_TRACKING_URI has the first word."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root.resolve() / 'mlflow.db'}"


def _connect(root: Path) -> MlflowClient:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(tracking_uri(root))
    mlflow.set_registry_uri(tracking_uri(root))
    return MlflowClient()


def _contest(registry: MlflowClient, candidate: Candidate, settings: params.Release) -> Contest:
    verdict = Verdict.from_json(json.loads(candidate.verdict.read_bytes()))
    if not verdict.accepted:
        return Contest(won=False, reason=" ".join(verdict.objections))
    reigning = _champion(registry, settings.model)
    if reigning is None:
        return Contest(won=True, reason="Every gate opened, and there was no champion.")
    with tempfile.TemporaryDirectory() as folder:
        splits = registry.download_artifacts(reigning.run_id, "splits.csv", folder)
        model = mlflow.artifacts.download_artifacts(
            artifact_uri=f"models:/{settings.model}/{reigning.version}",
            dst_path=str(Path(folder, "model")),
        )
        return champion.compare(
            candidate.student,
            bundle(Path(model), reigning.name),
            candidate.videos,
            champion_splits=Path(splits),
            max_drop=settings.max_drop,
        )


def _champion(registry: MlflowClient, model: str) -> ModelVersion | None:
    try:
        return registry.get_model_version_by_alias(model, "champion")
    except MlflowException as error:
        # No such model; or, with another code, no such alias.
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def _find(registry: MlflowClient, model: str, identity: str) -> ModelVersion | None:
    found = registry.search_model_versions(f"name='{model}' and tags.identity='{identity}'")
    return found[0] if found else None


def _register(
    registry: MlflowClient, candidate: Candidate, root: Path, model: str, tags: dict[str, str]
) -> ModelVersion:
    card = json.loads((candidate.student / "card.json").read_bytes())
    with mlflow.start_run(experiment_id=_experiment(registry, root, model), tags=tags) as run:
        mlflow.log_metrics(dict(_numbers(json.loads(candidate.test.read_bytes())["models"])))
        mlflow.log_params(dict(_flat(yaml.safe_load(candidate.params.read_bytes()))))
        for file in (candidate.verdict, candidate.test, candidate.params, candidate.lock):
            mlflow.log_artifact(str(file))
        mlflow.log_artifact(str(candidate.videos.splits))
        logged = mlflow.pyfunc.log_model(
            name=model,
            loader_module="vq.release.pyfunc",
            data_path=str(candidate.student),
            signature=ModelSignature(inputs=Schema([ColSpec("string", "video")])),
            # Said outright: otherwise MLflow would start a process to find out.
            pip_requirements=[f"vq=={installed('vq')}", "pandas"],
        )
    try:
        registry.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return registry.create_model_version(
        model,
        source=logged.model_uri,
        run_id=run.info.run_id,
        model_id=logged.model_id,
        tags={**tags, "dataset": card["dataset"], "opinion": card["opinion"]},
    )


def _experiment(registry: MlflowClient, root: Path, name: str) -> str:
    found = registry.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    # A registry in the workspace keeps its files there too; elsewhere, its server knows where.
    here = root.resolve() / "mlartifacts"
    local = None if os.environ.get("MLFLOW_TRACKING_URI") else here.as_uri()
    return registry.create_experiment(name, artifact_location=local)


def _tags(candidate: Candidate) -> dict[str, str]:
    """What a version was made of; `identity` is the same for the same student, data and params."""
    student = _digest(candidate.student / "student.safetensors", "sha256")
    # The md5 by which dvc.lock knows the accepted videos.
    data = _digest(candidate.videos.accepted, "md5")
    settings = _digest(candidate.params, "sha256")
    return {
        "identity": hashlib.sha256(f"{student} {data} {settings}".encode()).hexdigest(),
        "student": student,
        "data": data,
        "params": settings,
        "dvc_lock": _digest(candidate.lock, "sha256"),
        "git_commit": candidate.commit,
        "git_dirty": str(candidate.dirty).lower(),
    }


def _digest(path: Path, algorithm: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; run `dvc repro` before a release") from error


def _numbers(models: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Every measure of every model, and its interval: `student.srcc`, `student.srcc.low`."""
    for name, value in _flat(models):
        if isinstance(value, int | float):
            yield name.removesuffix(".value"), float(value)


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
