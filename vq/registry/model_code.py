"""What a registered model needs where no `vq` is installed: its code, and packages by version.

The code travels inside the model, since `vq` is nobody's name on a public index.
"""

import shutil
from importlib.metadata import requires
from importlib.metadata import version as installed
from pathlib import Path

from packaging.requirements import Requirement

from vq import code_version, imports
from vq.registry.source import Source

ENTRIES = ("vq", "vq.registry", "vq.registry.pyfunc")
"""`vq.load`, and what MLflow calls."""


def version(source: Source, root: Path) -> str:
    """The version of `vq` that runs, with the commit of its code: `0.1.0+g0123456789ab`.

    It ends in `.dirty` if files of the workspace differ from the commit. Where the workspace has no
    code of its own, its commit says nothing of `vq`, and the version is the installed one.
    """
    number = installed("vq")
    if not source.commit or not (root / "vq" / "__init__.py").is_file():
        return number
    return f"{number}+g{source.commit[:12]}{'.dirty' if source.dirty else ''}"


def copy_code(folder: Path, number: str, root: Path) -> list[str]:
    """Copy the modules that scoring needs, and the metadata of their version, into a folder.

    Returns:
        The paths that MLflow is to put on the path of modules, for its `code_paths`.

    Raises:
        VqError: the code of the workspace is not what runs here.
    """
    code_version.check(root)
    parent = imports.PACKAGE.parent
    for name in {name for entry in ENTRIES for name in imports.closure(entry)}:
        if (parent / name).is_file():  # a folder holds data: the student that ships
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(parent / name, folder / name)
    # By it `importlib.metadata.version("vq")` finds the version.
    metadata = folder / f"vq-{number}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: vq\nVersion: {number}\n", encoding="utf-8")
    return [str(folder / "vq"), str(metadata.parent)]


def requirements() -> list[str]:
    """What the code needs, in the versions that are installed: no torch, and no `vq`."""
    core = map(Requirement, requires("vq") or [])
    names = [one.name for one in core if one.marker is None or one.marker.evaluate({"extra": ""})]
    return [f"{name}=={installed(name)}" for name in (*names, "mlflow", "pandas")]
