"""What a run of pruning would do, and how long that takes, before it does it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vq.params import Prune
from vq.pruning.trial import Trial
from vq.pruning.trials import Trials, Unknown, tally
from vq.words import count
from vq.workers.process_pool import cores


@dataclass(frozen=True)
class DryRun:
    """The next trials, and at most how many follow: whom they are with depends on the outcome."""

    kept: int
    """Trials that a run needs and earlier runs have left."""
    todo: tuple[Trial, ...]
    """The next ones."""
    later: int
    """Trials that may follow, at most."""
    seconds: float
    """That one takes, mean, in one process."""
    basis: str
    """Where this number comes from."""
    jobs: int
    """Processes side by side."""

    def text(self) -> str:
        """For people."""
        lines = [tally(self.kept + len(self.todo), len(self.todo))]
        lines += [f"  {name(trial)}" for trial in self.todo]
        if not self.todo:
            return f"{lines[0]}: a run would only choose anew"
        next_ones = self._minutes(len(self.todo))
        most = self._minutes(len(self.todo) + self.later)
        lines.append(f"then at most {self.later} more: with whom depends on what these say")
        lines.append(
            f"about {next_ones:.1f} minutes, with what may follow at most {most:.1f}, "
            f"in {count(self.jobs, 'process', 'processes')} "
            f"({self.seconds:.1f} s a trial, {self.basis})"
        )
        return "\n".join(lines)

    def _minutes(self, trials: int) -> float:
        return -(-trials // self.jobs) * self.seconds / 60


def plan(trials: Trials, choose: Callable[[], object], experts: int, *, params: Prune) -> DryRun:
    """Go through pruning as far as the kept trials tell.

    The trials plan (see there), `choose` is pruning on them, and so many `experts` there are.

    Raises:
        VqError: pruning would end in an error.
    """
    jobs = cores(trials.jobs)
    todo = missing(choose)
    if not todo:
        return DryRun(len(trials.used), (), 0, 0.0, "", jobs)
    size = max(len(trial.experts) for trial in todo)
    joins = sum(max(experts - n, 0) for n in range(size, params.max_experts))
    leaves = sum(range(3, min(params.max_experts, experts) + 1))
    seconds, basis = _seconds(trials, todo)
    return DryRun(len(trials.used), todo, joins + leaves, seconds, basis, jobs)


def missing(choose: Callable[[], object]) -> tuple[Trial, ...]:
    """The trials that pruning, on trials that plan, has to run next; none where it needs none."""
    try:
        choose()
    except Unknown as unknown:
        return tuple(unknown.trials)
    return ()


def name(trial: Trial) -> str:
    """Of a trial, for people."""
    student = " and a student" if trial.student else ""
    return " + ".join(trial.experts) + student if trial.experts else "the undistilled student"


def _seconds(trials: Trials, todo: Sequence[Trial]) -> tuple[float, str]:
    """How long one trial takes, and where that number comes from.

    Kept trials have their times; without any, the last one of `todo` is run for this alone.
    """
    kept = list(trials.used.values())
    if kept:
        mean = sum(one.seconds for one in kept) / len(kept)
        return mean, f"as the {len(kept)} kept ones took"
    return trials.measure(todo[-1]).seconds, "as the last of them took just now"
