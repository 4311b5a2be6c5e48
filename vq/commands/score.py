"""`vq score INPUT...`: a row for every video."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vq.commands import streams
from vq.commands.score_options import (
    above_zero,
    add_inputs,
    add_jobs,
    add_limits,
    add_model,
    finite,
    folder_of,
    jobs_of,
    limits_of,
    share,
    threads_of,
)
from vq.commands.terminal import Stop, shown, stoppable
from vq.errors import DataError, VqError
from vq.inference.modes import MODES, TIMES, ModeRequest
from vq.inference.row import Row
from vq.scoring import formats, outputs
from vq.scoring.discover import discover
from vq.scoring.formats import FORMS
from vq.scoring.journal import Journal
from vq.scoring.names import is_url
from vq.scoring.scoring_pool import Greeting, ScoringPool
from vq.scoring.timeline_files import Timelines
from vq.words import count, which

if TYPE_CHECKING:
    from vq.policy.policy import Policy
    from vq.scoring.decisions import Decider
    from vq.scoring.examples import Examples

WRONG = 2
"""Exit code of a run that cannot work: wrong usage, no model, no place for the rows."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq score` takes."""
    add_inputs(parser)
    add_model(parser)
    parser.add_argument(
        "--mode",
        choices=MODES,
        default="exact",
        help="how closely to look: fast, the frames that cost least; exact, those of training; "
        f"thorough, {TIMES} times as many, and mirrored (default: exact)",
    )
    parser.add_argument(
        "--max-ms",
        type=above_zero,
        metavar="N",
        help="choose the mode instead, for each video: the closest look of about so many ms",
    )
    parser.add_argument(
        "--decide",
        type=finite,
        metavar="SCORE",
        help="say only whether a thorough score would be above or below SCORE; stops at the "
        "shortest look that is sure",
    )
    parser.add_argument(
        "--error",
        type=share,
        metavar="P%",
        help="of --decide: how likely a thorough look may say otherwise, such as 1%% or 0.01 "
        "(default: 1%%)",
    )
    parser.add_argument(
        "--format", choices=list(FORMS), help="default: as --output ends, else table"
    )
    parser.add_argument("--output", type=_file, help="file for the rows (default: standard output)")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="write over files that are there, whoever made them; inputs are never written over",
    )
    parser.add_argument(
        "--resume", action="store_true", help="keep what --output has; score what is missing in it"
    )
    parser.add_argument(
        "--timeline",
        type=_file,
        metavar="PATH",
        help="quality over time: a .png or .json for one video, else a folder for both of each",
    )
    parser.add_argument(
        "--feature",
        action="store_true",
        help="a column more: the second feature, by which `vq ask` chooses what to rate next",
    )
    parser.add_argument(
        "--examples",
        type=_file,
        metavar="FILE.html",
        help="a page with some of the videos at each half step of the score, to choose a threshold "
        "by looking",
    )
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="FILE.yaml",
        help="rules that decide on each video: pass, review or fail; a column for that and one for "
        "the reason",
    )
    parser.add_argument(
        "--causes",
        action="store_true",
        help="a column more: what is wrong with each video, and how likely that is",
    )
    add_jobs(parser, default=0)
    add_limits(parser)


def run(args: Namespace) -> int:
    """Score the inputs.

    Returns:
        0 if every input has a score, 1 if any has none or nobody reads the rows, 2 if nothing can
        be scored, 128 and the number of the signal that ended the run. With a policy 0 if all
        pass, 3 if one is to be reviewed, 4 if one fails; 1 and 2 are as before, but for inputs
        without a score, on which the policy decides.
    """
    try:
        return _run(args)
    except VqError as error:
        streams.say(f"vq score: error: {error}")
        return WRONG


def _run(args: Namespace) -> int:
    form = _form(args)
    folder, jobs = folder_of(args, _say), jobs_of(args)
    threads, limits = threads_of(args, jobs), limits_of(args)
    closely, policy = _closely(args), _policy(args)
    causes = args.causes or (policy is not None and policy.needs_causes)
    with ScoringPool(
        folder,
        jobs=jobs,
        threads=threads,
        limits=limits,
        feature=args.feature,
        causes=causes,
    ) as pool:
        # Meanwhile the first worker loads the model.
        videos = discover(args.inputs, say=_say)
        timelines = Timelines(args.timeline, videos) if args.timeline else None
        _check_outputs(args, videos, timelines)
        wanted = {"feature": args.feature, "causes": causes}
        run = _Run(pool, closely, timelines, wanted, examples=args.examples, policy=policy)
        if args.output is None:
            return run.to_stdout(videos, form)
        with Journal(args.output, form) as journal:
            return run.to_file(videos, journal, resume=args.resume)


class _Run:
    """One call of `vq score`, and its progress."""

    def __init__(
        self,
        pool: ScoringPool,
        closely: ModeRequest,
        timelines: Timelines | None,
        wanted: Mapping[str, bool],
        *,
        examples: Path | None,
        policy: "Policy | None",
    ) -> None:
        """`wanted` says of each field of a row that may lack whether it should be there."""
        self.pool, self.closely, self.wanted = pool, closely, wanted
        self.timelines, self.examples_file = timelines, examples
        self.examples: Examples | None = None
        self.policy, self.decider = policy, None if policy is None else self._decider(policy)
        self.done = self.failed = 0

    def to_stdout(self, videos: Sequence[str | Row], form: str) -> int:
        """Write rows as soon as the form can."""
        about = self._about(self._greet())
        with stoppable() as stop:
            rows = self._rows(videos, stop, streaming=FORMS[form].streams)
            try:
                FORMS[form].write(rows, sys.stdout.buffer, about)
                sys.stdout.buffer.flush()
            except OSError as error:
                streams.drop()
                gone = isinstance(error, BrokenPipeError)
                why = "nobody reads the rows any more" if gone else f"no rows go out ({error})"
                _say(f"{why}; stopped after {self._progress(videos)}")
                return 1 if gone else WRONG
        if stop():
            _say(f"interrupted after {self._progress(videos)}; with --output, --resume can go on")
            return stop.exit_code
        self._write_examples()
        return self._exit_code()

    def to_file(self, videos: Sequence[str | Row], journal: Journal, *, resume: bool) -> int:
        """Keep each row as it comes; the file is written when all are there, or at Ctrl-C."""
        greeting = self._greet()
        scored: set[str] = set()
        if resume:
            scored = journal.resume(greeting.model, self.closely, **self.wanted)
        else:
            journal.begin()
        if self.decider is not None and scored:  # the policy may be another one than before
            named = scored.intersection(map(_name, videos))
            rows = [row for row in journal.rows() if row.video in named]
            for row in self.decider.decide_all(rows, self.pool.probes):
                journal.add(row)
        remaining = [item for item in videos if _name(item) not in scored]
        if len(remaining) < len(videos):
            done = len(videos) - len(remaining)
            have = which(done, "has", "have")
            _say(f"{done} of {count(len(videos), 'video')} {have} a score already")
        with stoppable() as stop:
            for row in self._rows(remaining, stop, streaming=False):
                journal.add(row)
            journal.finish(map(_name, videos), self._about(greeting))
        if stop():
            _say(
                f"interrupted after {self._progress(remaining)}; {journal.output} has their rows, "
                "the same command with --resume goes on"
            )
            return stop.exit_code
        if self.examples is not None and scored:
            for row in formats.read(journal.output, journal.form):
                if row.video in scored:
                    self.examples.add(row)
        self._write_examples()
        return self._exit_code()

    def _decider(self, policy: "Policy") -> "Decider":
        from vq.scoring.decisions import Decider

        return Decider(policy, self.pool.greeting)

    def _about(self, greeting: Greeting) -> formats.About:
        return greeting.about(
            **self.wanted,
            decision=self.decider is not None,
            side=self.closely.threshold is not None,
        )

    def _exit_code(self) -> int:
        code = self.decider.exit_code if self.decider is not None else 0
        return code or int(self.failed > 0)

    def _greet(self) -> Greeting:
        greeting = self.pool.greeting
        if greeting.opinion == "synthetic":
            _say(
                "note: this student learnt from a synthetic MOS: scores say how visible damage is "
                "to a metric, not what people like; train one on ratings (README, bring your own)"
            )
        self.pool.check(self.closely)
        least_error = greeting.least_error or 0.0
        if self.closely.threshold is not None and self.closely.error < least_error:
            _say(
                f"note: this student was calibrated on too few videos to be sure at an error below "
                f"{least_error:.1%}: every video gets a thorough look"
            )
        if self.examples_file is not None:
            from vq.scoring.examples import Examples

            self.examples = Examples((greeting.least, greeting.most))
        return greeting

    def _write_examples(self) -> None:
        if self.examples is not None and self.examples_file is not None:
            from vq.scoring import examples

            examples.write(
                self.examples_file, self.examples, self.pool.greeting, self.pool.pictures
            )

    def _rows(self, items: Sequence[str | Row], stop: Stop, *, streaming: bool) -> Iterator[Row]:
        answers = self.pool.score(
            items,
            closely=self.closely,
            timeline=self.timelines is not None,
            probe=self.policy is not None and self.policy.needs_probe,
            stopped=stop,
        )
        for answer in shown(answers, total=len(items), streaming=streaming):
            if self.timelines is not None:
                self.timelines.write(answer)
            if self.examples is not None:
                self.examples.add(answer.row)
            self.done += 1
            row = answer.row
            if self.decider is not None:
                row = self.decider.decide(row, answer.probe)
            # A policy decides on what has no score.
            self.failed += bool(answer.lost) or (row.status != "ok" and not row.decision)
            if answer.lost:
                _say(f"{row.video}: has a score, but not what else was asked for: {answer.lost}")
            yield row

    def _progress(self, items: Sequence[str | Row]) -> str:
        return f"{self.done} of {count(len(items), 'video')}"


def _form(args: Namespace) -> str:
    """The format of the rows, by --format or by the name of the file.

    Raises:
        DataError: it does not go with the other options.
    """
    name = args.format or "table"
    if args.output is not None:
        name = outputs.form_of(args.output, args.format)
    if args.resume and args.output is None:
        raise DataError("--resume needs the --output to go on with")
    if args.resume and FORMS[name].read is None:
        raise DataError(f"--resume does not support a {name}; it needs jsonl, csv or parquet")
    if name == "parquet" and args.output is None:
        raise DataError("parquet is a file, not a text to print; give --output")
    if args.output is None and not streams.takes_output():
        raise DataError("standard output is closed; name a file with --output")
    FORMS[name].check()
    return name


def _closely(args: Namespace) -> ModeRequest:
    """How to look at a video.

    Raises:
        DataError: options contradict each other.
    """
    if args.decide is None:
        if args.error is not None:
            raise DataError("--error is that of --decide; name a score to decide at")
        return ModeRequest(args.mode, args.max_ms)
    others = {
        "--mode": args.mode != "exact",
        "--max-ms": args.max_ms is not None,
        "--feature": args.feature,
        "--causes": args.causes,
        "--policy": args.policy is not None,
        "--resume": args.resume,
    }
    for option in (name for name, is_there in others.items() if is_there):
        raise DataError(f"--decide and {option} do not go together; leave one out")
    return ModeRequest(threshold=args.decide, error=args.error or 0.01)


def _policy(args: Namespace) -> "Policy | None":
    if args.policy is None:
        return None
    from vq.policy.read import load

    return load(args.policy)


def _check_outputs(
    args: Namespace, videos: Sequence[str | Row], timelines: Timelines | None
) -> None:
    """Refuse to write over an input, or over what is not ours.

    Raises:
        DataError: this would.
    """
    is_ours = None if args.overwrite else outputs.is_timeline
    if timelines is not None:
        if args.output in timelines.files:
            raise DataError(f"{args.output}: is --output and --timeline; name another")
        outputs.check(timelines.files, args.inputs, videos, is_ours=is_ours)
    if args.examples is not None:
        from vq.scoring import examples

        examples.check(args.examples)
        ours = None if args.overwrite else examples.is_ours
        outputs.check([args.examples], args.inputs, videos, is_ours=ours)
    if args.output is not None:
        # With --resume, whoever reads the file complains if it holds something else.
        may_overwrite = args.overwrite or args.resume
        is_ours = None if may_overwrite else outputs.is_of_rows
        outputs.check([args.output], args.inputs, videos, is_ours=is_ours)


def _file(text: str) -> Path:
    if is_url(text):
        raise ArgumentTypeError(
            f"{text} is a URL; the flow `score` writes there, this writes files"
        )
    return Path(text)


def _name(item: str | Row) -> str:
    return item if isinstance(item, str) else item.video


def _say(sentence: str) -> None:
    streams.say(f"vq score: {sentence}")
