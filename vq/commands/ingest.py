"""`vq ingest`: take new labelled videos into the data set."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", type=Path, help="folder of the new videos; they stay there")
    parser.add_argument("labels", type=Path, help="their label file, in the form of labels.csv")
    parser.add_argument("--commit", action="store_true", help="put the new version into git")
    parser.add_argument(
        "--partial", action="store_true", help="take what passes, however much does not"
    )
    parser.add_argument(
        "--branch",
        default="",
        help="commit the new version, and push it to this branch of origin, and its files to dvc's "
        "default remote",
    )
    parser.add_argument("--jobs", type=int, default=0, help="videos at a time (0: one a core)")


def run(args: Namespace) -> int:
    """Ingest, and say what came of it.

    Returns:
        1 if a video was refused, else 0.

    Raises:
        VqError: nothing could be taken in, or what was taken in could not be pushed.
    """
    from vq.accuracy import flow_summary as accuracy_summary
    from vq.ingest import flow_summary, share
    from vq.ingest.ingest import ingest

    intake = ingest(
        args.folder,
        args.labels,
        root=Path(),
        commit=args.commit or bool(args.branch),
        partial=args.partial,
        jobs=args.jobs,
    )
    say = sys.stdout.write
    say(f"{flow_summary.headline(intake)}\n")
    if intake.accuracy is not None:
        say(f"{accuracy_summary.sentence(intake.accuracy)}\n")
        say("".join(f"  accuracy dropped: {one}\n" for one in intake.accuracy.drops.values()))
    for row in intake.refused.head(10).itertuples(index=False):
        say(f"  {row.video}: {row.check}: {row.value}; {row.remedy}\n")
    if len(intake.refused):
        say(f"all refused rows are in {intake.quarantine}\n")
    if intake.declined:
        sys.stderr.write(f"vq ingest: error: {intake.declined}\n")
    if args.branch and not intake.declined:
        share.push(Path(), args.branch)
        say(f"pushed to {args.branch}\n")
    return int(len(intake.refused) > 0)
