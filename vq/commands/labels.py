"""`vq labels`: bring somebody's label file into this project's form."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.errors import DataError
from vq.words import count


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("form", nargs="?", help="a dialect of `vq labels --list`")
    parser.add_argument("file", nargs="?", type=Path, help="the label file")
    parser.add_argument("--list", action="store_true", help="list the dialects")
    parser.add_argument("--out", type=Path, help="folder of the data set (default: data/FORM)")
    parser.add_argument("--videos", type=Path, help="where the videos are (default: OUT/videos)")
    parser.add_argument("--present", action="store_true", help="leave out what has no file")
    parser.add_argument(
        "--force", action="store_true", help="take it though count or range are not as published"
    )
    parser.add_argument("--replace", action="store_true", help="write over labels and card")
    parser.add_argument("--delimiter", default="", help="what parts cells (default: found)")
    parser.add_argument("--names", type=Path, help="maxwell: a list of the videos, in order")
    own = parser.add_argument_group("own")
    own.add_argument(
        "--column", action="append", default=[], metavar="OURS=THEIRS", help="video=clip, mos=Score"
    )
    own.add_argument("--scale", nargs=2, type=float, metavar=("MIN", "MAX"))
    own.add_argument("--better", choices=("higher", "lower"), help="which end is the better one")
    own.add_argument("--opinion", choices=("human", "synthetic"), help="who gave the scores")
    own.add_argument("--licence")
    own.add_argument("--source", help="where the videos come from")


def run(args: Namespace) -> int:
    """Write the four files of a data set that say what its videos are, and what was found.

    Raises:
        DataError: what is wrong with the file, with an example and a remedy.
    """
    from vq.importers.forms import FORMS

    if args.list:
        return _list()
    if args.form not in FORMS or args.file is None:
        raise DataError(f"say `vq labels FORM FILE`; forms are {', '.join(FORMS)}")
    return _convert(args)


def _convert(args: Namespace) -> int:
    from dataclasses import replace

    from vq.importers import convert
    from vq.importers.forms import FORMS
    from vq.importers.importer_types import How

    out = args.out or Path("data") / args.form
    labels_csv, card = out / "labels.csv", out / "card.yaml"
    keep_card = args.form == "own" and card.exists() and not args.replace
    for path in [labels_csv, *([] if keep_card else [card])]:
        if path.exists() and not args.replace:
            raise DataError(f"{path}: is there already; say --replace, or another --out")
        keep_input(path, args.file)
    form, overrides = FORMS[args.form], {}
    if args.form == "own":
        if keep_card:
            form = replace(form, scale=_scale_of(card))
        else:
            form, overrides = replace(form, scale=_scale(args)), _card_overrides(args)
    how = How(columns(args.column), args.delimiter, args.names)
    labels = convert.read(form, args.file, how, force=args.force)
    videos = args.videos or (out / "videos" if (out / "videos").is_dir() else None)
    if videos is not None and not videos.is_dir():
        raise DataError(f"{videos}: no such folder")
    labels = convert.find_files(labels, form, videos, present=args.present)
    convert.write_labels(labels, labels_csv)
    if not keep_card:
        convert.write_card(form, labels, card, name=args.out.name if args.out else args.form,
                           overrides=overrides)  # fmt: skip
    convert.write_columns(out / "columns.yaml")
    convert.write_expectations(out / "expectations.yaml")
    _tell(args, labels.notes, len(labels.ratings), out, videos)
    return 0


def keep_input(out: Path, file: Path) -> None:
    """Refuse to write over the file that is read; what it says more would be gone.

    Raises:
        DataError: they are one.
    """
    if out.exists() and file.exists() and out.samefile(file):
        raise DataError(
            f"{out}: is the file that is read, and never written over; name another --out"
        )


def columns(pairs: list[str]) -> dict[str, str]:
    """`OURS=THEIRS`, as `--column` has it, by our names.

    Raises:
        DataError: one has no `=`.
    """
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise DataError(f"--column {wrong[0]}: say OURS=THEIRS, such as mos=Score")
    return dict(pair.split("=", 1) for pair in pairs)


def _scale(args: Namespace) -> tuple[float, float]:
    missing = [
        option for option in ("scale", "better", "opinion", "licence") if not getattr(args, option)
    ]
    if missing:
        raise DataError(
            f"a table of yours does not say what its numbers mean: say --{' --'.join(missing)}, "
            "or write a card.yaml into the folder first (data/demo/card.yaml is an example)"
        )
    return args.scale[0], args.scale[1]


def _scale_of(card: Path) -> tuple[float, float]:
    from vq.data import card as cards

    scale = cards.load(card).scale
    return scale.min, scale.max


def _card_overrides(args: Namespace) -> dict[str, object]:
    options = {name: getattr(args, name) for name in ("better", "opinion", "licence", "source")}
    return {"title": args.file.stem, **{name: value for name, value in options.items() if value}}


def _tell(
    args: Namespace, notes: tuple[str, ...], videos: int, out: Path, folder: Path | None
) -> None:
    lines = [f"{count(videos, 'video')}", *notes]
    if folder is None:
        lines.append(f"No videos at {out / 'videos'}: file names were not checked.")
    lines.append(
        f"Wrote labels.csv, card.yaml, columns.yaml and expectations.yaml into {out}; read the "
        f"card, put the videos into {out / 'videos'}, set `data.dir: {out}` in params.yaml, and "
        "name in columns.yaml what else of these labels you want to use"
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _list() -> int:
    from rich.console import Console
    from rich.table import Table

    from vq.importers.forms import FORMS

    table = Table(
        "form", "data set", "scale", "videos", "label files", box=None, padding=(0, 1, 0, 0)
    )
    for name, form in FORMS.items():
        scale = f"{form.scale[0]:g} to {form.scale[1]:g}" if form.scale else "say it"
        count = "any" if name == "own" else str(form.videos or "?")
        table.add_row(name, form.title, scale, count, form.files)
    Console().print(table)
    return 0
