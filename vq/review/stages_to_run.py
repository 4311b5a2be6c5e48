"""The stages that a change makes stale, and what running them again may cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vq import code_version
from vq.pipeline import durations
from vq.pipeline.paths import inside, touch
from vq.review.markdown import Section, code, few, table
from vq.review.params_diff import ParamChange
from vq.review.revision import Revision, Stage
from vq.words import count

HEAD = ("stage", "why", "state", ">last run took")
NOTE = (
    "Times are of the last runs, where they ran. A stage whose needs come out as before is skipped."
)


@dataclass(frozen=True)
class Stale:
    """A stage whose results before the change say nothing of the state after it."""

    address: str
    why: tuple[str, ...]
    """Markdown, a phrase each."""
    to_run: bool
    """It has still to run; otherwise its new results are in dvc.lock."""


def stale(
    old: Mapping[str, Stage],
    new: Mapping[str, Stage],
    knobs: Sequence[ParamChange],
    files: Sequence[str],
) -> list[Stale]:
    """Follow dvc.yaml down from what has changed.

    A stage that ran and gave what it gave before stops the chain there: nothing below it is stale
    for its sake. One that has still to run may give anything.

    New stages stand after those they need. `knobs` and `files`, of those that git knows, are those
    that differ.
    """
    before = {path: md5 for stage in old.values() for path, md5 in stage.outs.items()}
    after = {path: md5 for stage in new.values() for path, md5 in stage.outs.items()}
    others = [
        path for path in after if before.get(path) and after[path] not in (None, before[path])
    ]
    sources = [file for file in files if not any(touch(file, path) for path in after)]
    late, stale_stages = still_to_run(new), []
    for address, stage in new.items():
        if not stage.command:  # data under `dvc add`: who reads it is stale, it is not
            continue
        waiting = [one for one in late if one != address and _feeds(new[one], stage)]
        renewed = [path for path in others if any(touch(dep, path) for dep in stage.deps)]
        why = [
            *_edited(old.get(address), stage, knobs, sources),
            *([f"another {_codes(renewed)}"] if renewed else []),
            *([f"after {_codes(waiting)}"] if waiting else []),
        ]
        reasons = why or ([f"dvc.lock is behind: {few(stage.behind)}"] if stage.behind else [])
        if reasons:
            stale_stages.append(Stale(address, tuple(reasons), to_run=address in late))
    return stale_stages


def still_to_run(stages: Mapping[str, Stage]) -> list[str]:
    """Where dvc.lock is behind, and all stages below."""
    addresses: list[str] = []
    for address, stage in stages.items():
        if stage.behind or any(_feeds(stages[one], stage) for one in addresses):
            addresses.append(address)
    return addresses


def section(stale_stages: Sequence[Stale], old: Revision, new: Revision) -> Section:
    """A table of the stages, and the sum of what is known of their cost."""
    gone = [
        code(one) for one, stage in old.stages.items() if stage.command and one not in new.stages
    ]
    notes = [f"Removed: {', '.join(gone)}."] if gone else []
    if not stale_stages:
        return Section("Stages", "no stage made stale", "\n".join(notes))
    runs, problem = _durations(new)
    before, _ = _durations(old)
    past_runs = {**before, **runs}
    rows = [
        (
            code(one.address),
            "; ".join(one.why),
            "**to run**" if one.to_run else "has run",
            _took(past_runs.get(_name(new.stages[one.address]), ())),
        )
        for one in stale_stages
    ]
    names = [_name(new.stages[one.address]) for one in stale_stages if one.to_run]
    headline = f"{count(len(stale_stages), 'stage')} made stale: " + (
        f"{len(names)} still to run, {_sum([past_runs.get(name, ()) for name in names])}"
        if names
        else "all have run, their results are in dvc.lock"
    )
    notes = [problem, *notes] if problem else notes
    notes.append(NOTE)
    return Section("Stages", headline, "\n\n".join([table(HEAD, rows), *notes]))


def _edited(
    old: Stage | None, new: Stage, knobs: Sequence[ParamChange], files: Sequence[str]
) -> Iterator[str]:
    if old is None:
        yield "is new"
        return
    if not any(old.outs.values()) and any(new.outs.values()):
        yield "had not run before"
    if old.command != new.command:
        yield "another command"
    turned = [knob.key for knob in knobs if _is_seen(knob, new)]
    if turned:
        yield _codes(turned)
    edited = {dep: [file for file in files if inside(file, dep)] for dep in new.deps}
    if any(edited.values()):
        yield few([_source(dep, paths) for dep, paths in edited.items() if paths])
    if set(old.deps) != set(new.deps):
        yield "other dependencies"


def _source(dep: str, edited: Sequence[str]) -> str:
    return code(edited[0]) if len(edited) == 1 else f"{code(dep)} ({count(len(edited), 'file')})"


def _codes(names: Sequence[str]) -> str:
    return few([code(name) for name in names])


def _is_seen(knob: ParamChange, stage: Stage) -> bool:
    return any(
        knob.file == file and (knob.key == key or knob.key.startswith(f"{key}."))
        for file, key in stage.params
    )


def _feeds(maker: Stage, stage: Stage) -> bool:
    return any(touch(dep, out) for dep in stage.deps for out in maker.outs)


def _name(stage: Stage) -> str:
    """Under which `vq.pipeline.durations` knows it: the first argument of a command of ours."""
    return next(iter(code_version.arguments(stage.command) or ()), "")


def _durations(revision: Revision) -> tuple[dict[str, tuple[float, ...]], str]:
    """What is known, and what is wrong with the file."""
    file = revision.files["durations"]
    if isinstance(file, str):
        return {}, ""
    try:
        return durations.parse(file), ""
    except ValueError as error:
        return {}, f"`{durations.FILE}` of {revision.name} cannot be read ({error})."


def _took(runs: Sequence[float]) -> str:
    if not runs:
        return "not known"
    others = f" ({_time(min(runs))} to {_time(max(runs))} in {count(len(runs), 'run')})"
    return _time(runs[-1]) + (others if len(runs) > 1 else "")


def _sum(runs: Sequence[Sequence[float]]) -> str:
    longest = [max(one) for one in runs if one]
    unknown = len(runs) - len(longest)
    if not longest:
        return "at a cost that is not known"
    return f"at most {_time(sum(longest))}" + (
        f" and {count(unknown, 'stage')} of unknown cost" if unknown else ""
    )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
