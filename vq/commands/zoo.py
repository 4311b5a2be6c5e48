"""`vq zoo`: list the experts that params.yaml may name; `vq zoo check NAME`: try one."""

import json
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vq.zoo.hub_lock import HubLock

PARAMS = Path("params.yaml")


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--json", action="store_true", help="for machines")
    actions = parser.add_subparsers(dest="action", metavar="check")
    trial = actions.add_parser("check", help="build one expert and show it a video")
    trial.add_argument("name", help="under extract.experts of params.yaml, or of the catalog")
    trial.add_argument("--params", type=Path, help="(default: params.yaml, where there is one)")
    trial.add_argument("--video", type=Path, help="(default: a short one, made for this)")
    # Without a default, or it would undo a --json before `check`.
    trial.add_argument("--json", action="store_true", default=SUPPRESS, help="for machines")


def run(args: Namespace) -> int:
    """Write to standard output; the exit code is 1 if something is wrong with an expert."""
    return _check(args) if args.action == "check" else _list(args)


def _list(args: Namespace) -> int:
    from vq.commands import zoo_listing

    if args.json:
        sys.stdout.write(json.dumps(zoo_listing.rows(), indent=1) + "\n")
        return 0
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    for number, (first, second) in enumerate(zoo_listing.lines()):
        console.print(Text(first, "bold" if number == 0 else ""), soft_wrap=True)
        console.print(Padding(Text(second, "dim"), (0, 0, 0, 2)))
    return 0


def _hub_lock(file: Path | None) -> "HubLock":
    """Hashes of hub files in the workspace that has the params; none are held outside of one."""
    from vq.pipeline.workspace_lock import workspace_of
    from vq.zoo.hub_lock import FILE, HubLock

    root = workspace_of(file) if file else None
    if root is None or not (root / "dvc.yaml").exists():
        return HubLock()
    from vq.pipeline.run_stages import files_of

    return HubLock(files_of(root, "extract")["weights"] / FILE)


def _check(args: Namespace) -> int:
    from vq.commands.zoo_check import check, lookup, short_video
    from vq.zoo import catalog

    file = args.params or (PARAMS if PARAMS.exists() else None)
    spec, sampling = lookup(args.name, file)
    lock = _hub_lock(file)
    expert = catalog.create(args.name, spec, clip_frames=sampling.clip_frames, lock=lock)
    with nullcontext(args.video) if args.video else short_video() as video:
        result = check(expert, video, sampling)
    if args.json:
        sys.stdout.write(json.dumps({**result.facts, "wrong": result.wrong}, indent=1) + "\n")
        return 1 if result.wrong else 0
    width = max(map(len, result.facts))
    for name, value in result.facts.items():
        shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
        sys.stdout.write(f"{name:<{width}}  {shown}\n")
    for fault in result.wrong:
        sys.stdout.write(f"wrong: {fault}\n")
    if not result.wrong:
        sys.stdout.write(f"{args.name} is fit for use\n")
    return 1 if result.wrong else 0
