"""Writing a student into the registry, with everything that made it."""

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import yaml
from mlflow.entities import ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models.model import ModelInfo

from vq.data import run_inputs
from vq.data.run_inputs import InputFiles
from vq.files import read_json
from vq.inference import card as cards
from vq.registry import model_code, pyfunc
from vq.registry.candidate import Candidate
from vq.registry.client import Registry

MAKER = "made_in"
"""Tag of a run: which workspace writes it, as a hash."""


def tags(candidate: Candidate) -> dict[str, str]:
    """Tags of a version, which tell it from others in a list.

    Raises:
        DataError: one of the candidate's files is missing.
    """
    card, _ = cards.load(candidate.student)
    return {
        **candidate.hashes(),
        "git_commit": candidate.source.commit or "none",
        "git_dirty": str(candidate.source.dirty).lower(),
        "dataset": card.dataset,
        "opinion": card.opinion,
        "licences": json.dumps(card.licences, ensure_ascii=False),
    }


def register(
    registry: Registry, candidate: Candidate, version_tags: Mapping[str, str], *, root: Path
) -> ModelVersion:
    """Make a version: first a run with metrics, files and the student, then, at once, the version.

    Killed before that, there is a run and no version: see `sweep`.

    `version_tags` are its tags, and `verdict`.
    """
    with mlflow.start_run(
        experiment_id=_experiment(registry, root), tags={**version_tags, MAKER: _name(root)}
    ) as run:
        mlflow.log_metrics(dict(_numbers(read_json(candidate.test)["models"])))
        mlflow.log_params(dict(_flat(yaml.safe_load(candidate.params.read_bytes()))))
        videos = candidate.videos
        data = InputFiles(version_tags["dataset"], videos.accepted, videos.splits)
        run_inputs.log(run.info.run_id, data)
        _log_files(candidate)
        logged = _log_model(registry, candidate, root)
    try:
        registry.client.create_registered_model(registry.model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return registry.client.create_model_version(
        registry.model,
        source=logged.model_uri,
        run_id=run.info.run_id,
        model_id=logged.model_id,
        tags=dict(version_tags),
    )


def sweep(registry: Registry, *, root: Path) -> int:
    """Take away what killed or failed registrations of this workspace left behind: runs and models.

    Their files go with `mlflow gc`. The caller holds the workspace, so that nobody is at it now.

    Returns:
        How many there were.
    """
    experiment = registry.client.get_experiment_by_name(registry.model)
    if experiment is None:
        return 0
    kept = {version.run_id for version in registry.all()}
    runs = registry.client.search_runs(
        [experiment.experiment_id],
        filter_string=f"tags.{MAKER} = '{_name(root)}'",
        run_view_type=ViewType.ACTIVE_ONLY,
        max_results=50_000,
    )
    left = [run.info.run_id for run in runs if run.info.run_id not in kept]
    for run_id in left:
        for model in registry.client.search_logged_models(
            [experiment.experiment_id], filter_string=f"source_run_id='{run_id}'"
        ):
            registry.client.delete_logged_model(model.model_id)
        registry.client.delete_run(run_id)
    return len(left)


def _log_model(registry: Registry, candidate: Candidate, root: Path) -> ModelInfo:
    number = model_code.version(candidate.source, root)
    with tempfile.TemporaryDirectory() as folder:
        return mlflow.pyfunc.log_model(
            name=registry.model,
            loader_module="vq.registry.pyfunc",
            data_path=str(candidate.student),
            code_paths=model_code.copy_code(Path(folder), number, root),
            signature=pyfunc.SIGNATURE,
            input_example=pyfunc.EXAMPLE,
            # Explicit: otherwise MLflow would start a process to infer them.
            pip_requirements=model_code.requirements(),
            metadata={"vq_version": number},
        )


def _log_files(candidate: Candidate) -> None:
    measured = (candidate.verdict, candidate.test, candidate.report, candidate.model_card)
    for file in (*measured, candidate.params, candidate.lock, candidate.videos.splits):
        mlflow.log_artifact(str(file))
    with tempfile.TemporaryDirectory() as folder:
        learnt = Path(folder, "training.csv")
        candidate.videos.learnt().to_csv(learnt, index=False, lineterminator="\n")
        mlflow.log_artifact(str(learnt))
        if candidate.source.diff:
            changes = Path(folder, "changes.diff")
            changes.write_bytes(candidate.source.diff)
            mlflow.log_artifact(str(changes))


def _experiment(registry: Registry, root: Path) -> str:
    experiment = registry.client.get_experiment_by_name(registry.model)
    if experiment is not None:
        return experiment.experiment_id
    # A registry in the workspace keeps its files there too; elsewhere, its server knows where.
    artifacts = root.resolve() / "mlartifacts"
    local = None if os.environ.get("MLFLOW_TRACKING_URI") else artifacts.as_uri()
    return registry.client.create_experiment(registry.model, artifact_location=local)


def _name(root: Path) -> str:
    return hashlib.sha256(f"{platform.node()}:{root.resolve()}".encode()).hexdigest()[:16]


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
