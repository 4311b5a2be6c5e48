"""The registry of released students, in MLflow: how to reach it, and which versions it has.

A student is a version of a registered model. A version counts from the moment its tag `released`
is there, which is written last: what a killed run left behind is nobody's version.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from vq import tracking
from vq.errors import DataError
from vq.gates.verdict import Verdict
from vq.registry.address import is_missing, tracking_uri
from vq.registry.handover import Handover
from vq.scoring.locate import bundle

RELEASED = "released"
"""The tag that is written last: when the version was released."""
ANNOUNCED = "announced"
"""The tag that says when the release was announced; `NOT_YET` before that."""
NOT_YET = "no"
MODEL_ID = "model_id"
"""The tag that says what rows of the version have in the column `model`."""
CHAMPION, CHALLENGER = "champion", "challenger"
"""The aliases: the version that people should use, and the latest that did not make it."""
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""Codes of MLflow for a model, and for an alias, that it does not have."""


@dataclass(frozen=True)
class Registry:
    """One registered model in a registry."""

    client: MlflowClient
    model: str
    where: str
    """Address, for messages."""

    def all(self) -> list[ModelVersion]:
        """Every version, the newest first; those that do not count yet too."""
        versions, token = [], None
        while True:
            page = self.client.search_model_versions(f"name='{self.model}'", page_token=token)
            versions += page
            if not (token := page.token):
                return sorted(versions, key=lambda one: -int(one.version))

    def versions(self) -> list[ModelVersion]:
        """Those that count, the newest first."""
        return [version for version in self.all() if RELEASED in version.tags]

    def at(self, alias: str) -> ModelVersion | None:
        """The version that has an alias."""
        try:
            return self.client.get_model_version_by_alias(self.model, alias)
        except MlflowException as error:
            if error.error_code in ABSENT:
                return None
            raise

    def version(self, name: str) -> ModelVersion:
        """The version of a number, or the one that has an alias.

        Raises:
            DataError: there is none; the message has those there are.
        """
        versions = {str(version.version): version for version in self.versions()}
        aliased = self.at(name) if name in (CHAMPION, CHALLENGER) else None
        version = versions.get(str(aliased.version) if aliased else name)
        if version is None:
            listing = f"has {', '.join(reversed(versions))}" if versions else "has none yet"
            raise DataError(f"{self.model} has no version {name!r}; {self.where} {listing}")
        return version

    @contextmanager
    def file(self, version: ModelVersion, name: str) -> Iterator[Path]:
        """A file that the run of a version carries.

        Raises:
            DataError: it does not.
        """
        if name not in self.files(version):
            raise DataError(f"{self.model} {version.version} carries no {name}")
        with tempfile.TemporaryDirectory() as folder:
            yield Path(self.client.download_artifacts(version.run_id, name, folder))

    @contextmanager
    def student(self, version: ModelVersion) -> Iterator[Path]:
        """The bundle of a version."""
        with tempfile.TemporaryDirectory() as folder:
            model = download_artifacts(
                artifact_uri=f"models:/{self.model}/{version.version}", dst_path=folder
            )
            yield bundle(Path(model), version.name)

    def metrics(self, version: ModelVersion) -> dict[str, float]:
        """What was measured of a version."""
        metrics: dict[str, float] = self.client.get_run(version.run_id).data.metrics
        return metrics

    def verdict(self, version: ModelVersion) -> Verdict:
        """All gates of a version: those of judge, and of the release."""
        with self.file(version, "release.json") as path:
            return Verdict.from_json(json.loads(path.read_bytes()))

    def handover(self, version: ModelVersion) -> Handover | None:
        """What the version changes for decisions at thresholds; None if that was not compared."""
        if "handover.json" not in self.files(version):
            return None
        with self.file(version, "handover.json") as path:
            return Handover.from_json(json.loads(path.read_bytes()))

    def files(self, version: ModelVersion) -> list[str]:
        """Names of the files that the run of a version carries."""
        return [file.path for file in self.client.list_artifacts(version.run_id)]


def connect(root: Path, model: str) -> Registry:
    """The registry of a workspace; its database is made if need be."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    uri = tracking_uri(root)
    tracking.use(uri)
    return Registry(MlflowClient(uri, uri), model, uri)


@contextmanager
def existing(root: Path, model: str) -> Iterator[Registry]:
    """The registry of a workspace, for people who look into it or move an alias.

    Raises:
        DataError: there is none, it does not answer, or it does not know the model.
    """
    uri = tracking_uri(root)
    if is_missing(uri):
        raise DataError(
            f"{uri}: there is no registry here; run the train flow, or set MLFLOW_TRACKING_URI"
        )
    # A person waits: two tries, not seven with minutes between them.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    registry = connect(root, model)
    try:
        registry.client.get_registered_model(model)
        yield registry
    except MlflowException as error:
        if error.error_code in ABSENT:
            raise DataError(f"{uri}: has no model {model}; run the train flow") from error
        raise DataError(f"{uri}: does not answer ({error})") from error
