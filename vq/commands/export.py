"""`vq export`: the files that scoring needs, checked."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.errors import DataError
from vq.files import atomic
from vq.scoring.locate import MODEL, locate


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq export` takes."""
    parser.add_argument(
        "--model", default=MODEL, help=f"folder or models:/NAME@ALIAS (default: {MODEL})"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the bundle")


def run(args: Namespace) -> int:
    """Copy a student that loads; 0, or an error.

    Raises:
        WeightsError: there is no student, or it cannot be used.
        DataError: its card cannot be understood, or the folder cannot be written.
    """
    model = export(locate(args.model), args.out)
    sys.stdout.write(f"{args.out}: {model}; score with `vq score --model {args.out} VIDEO`\n")
    return 0


def export(folder: Path, out: Path) -> str:
    """Write `card.json` and `student.onnx` of a bundle into another folder; the model's id."""
    from vq.inference import runtime

    runtime.load(folder)
    try:
        # The card comes last: until it is there, the folder is no student.
        for name in ("student.onnx", "card.json"):
            with atomic(out / name) as path:
                path.write_bytes((folder / name).read_bytes())
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror})") from error
    return runtime.load(out).card.model_id
