"""`vq rebuild`: lay out what made a version, to make it once more."""

import shutil
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion

from vq.commands.registry_options import model
from vq.registry import source
from vq.registry.client import Registry, existing
from vq.registry.source import Source


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq rebuild` takes."""
    parser.add_argument("version", help="number or alias; `vq registry` lists them")
    parser.add_argument("folder", type=Path, help="a new one, for the code and params of then")


def run(args: Namespace) -> int:
    """Lay out the version, and say what is left to do.

    Raises:
        DataError: there is no such version, its commit is not here, or the folder exists.
    """
    with existing(Path(), model()) as registry:
        version = registry.version(args.version)
        folder = source.checkout(Path(), _source(registry, version), args.folder)
        with registry.file(version, "dvc.lock") as lock:
            shutil.copy(lock, folder)
    sys.stdout.write(
        f"{folder} has the code, params and dvc.lock of {registry.model} {version.version}. "
        "There,\n  dvc pull && dvc repro\n"
        "makes what the remote does not have. On a CPU, sha256 of "
        "artifacts/student/student.safetensors is then\n"
        f"  {version.tags['student']}\n"
        f"`git worktree remove --force {folder}` takes it away again.\n"
    )
    return 0


def _source(registry: Registry, version: ModelVersion) -> Source:
    commit = version.tags["git_commit"]
    commit = "" if commit == "none" else commit
    if version.tags["git_dirty"] == "false" or not commit:
        return Source(commit)
    with registry.file(version, "changes.diff") as diff:
        return Source(commit, diff=diff.read_bytes())
