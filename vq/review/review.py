"""A change as Markdown that a reviewer can decide from."""

from dataclasses import dataclass
from pathlib import Path

from vq.pipeline import git
from vq.review import (
    data_diff,
    dependencies_diff,
    flips_diff,
    metrics_diff,
    params_check,
    params_diff,
    slices_diff,
    stages_to_run,
    verdict_diff,
    versions,
    zoo_diff,
)
from vq.review.markdown import Section, code, plain
from vq.review.paired import Pair
from vq.review.revision import HERE, Revision, look


@dataclass(frozen=True)
class Review:
    """A change, and what there is to say of it."""

    old: Revision
    new: Revision
    branch: str
    """The one that the change left at `old`; empty where somebody named `old`."""
    sections: tuple[Section, ...]
    """Empty: nothing differs."""
    pair: Pair | str
    """Predictions of both, to draw; as text, why they are not to be had."""
    sound: bool = True
    """The checks of the data were asked, and every limit holds."""
    to_run: tuple[str, ...] = ()
    """Stages for which dvc.lock is behind at the end of the change, and all below them."""
    refusal: tuple[str, ...] = ()
    """Why the pipeline refuses the params at the end of the change; empty if it takes them."""

    def markdown(self, *, pictures: str = "") -> str:
        """The whole text; `pictures` is Markdown for the end of it."""
        left = f", where it left {code(self.branch)}," if self.branch else ""
        lines = [f"From {_name(self.old)}{left} to {_name(self.new)}."]
        if not self.sections:
            return "\n".join([*lines, "", "Nothing differs.", ""])
        lines += ["", *(f"- {_sentence(one.headline)}" for one in self.sections)]
        for one in self.sections:
            if one.body:
                lines += ["", f"### {one.title}", "", one.body]
        return "\n".join([*lines, *(["", "### Pictures", "", pictures] if pictures else []), ""])


def review(root: Path, revision: str | None, to: str | None, *, docs: Path | None = None) -> Review:
    """Look at both ends of a change.

    It starts at `revision`, by default where `to` left the main branch, and ends at `to`, by
    default with the files as they lie here. Pages of the checks of the data are written into
    `docs`, if they are asked and there is such a folder.

    Raises:
        DataError: no git, no such revision, or nothing that dvc can read there.
        BusyError: a dvc command is at work on the same files.
    """
    start, branch = (git.resolve(root, revision), "") if revision else git.start(root, to or "HEAD")
    end = git.resolve(root, to) if to else None
    old, new = look(root, start), look(root, end)
    files = git.changed(root, start, end)
    turned = params_diff.turned(old.params, new.params)
    stale_stages = stages_to_run.stale(old.stages, new.stages, turned, files)
    refusal = tuple(params_check.refusal(new))
    same = not files and not stale_stages and old.files["manifest"] == new.files["manifest"]
    if same and not refusal:
        return Review(old, new, branch, (), "nothing differs")
    before, late = stages_to_run.still_to_run(old.stages), stages_to_run.still_to_run(new.stages)
    pair = metrics_diff.pair(old, new)
    checks, sound = versions.judge(old, new, to_run="import" in late, docs=docs)

    def state(stage: str) -> dict[str, bool]:
        return {"behind": stage in before, "to_run": stage in late}

    sections = (
        params_check.section(old, new),
        params_diff.section(turned, old.params, new.params),
        stages_to_run.section(stale_stages, old, new),
        metrics_diff.section(old, new, pair, **state("evaluate")),
        slices_diff.section(old, new, **state("evaluate")),
        zoo_diff.section(old, new, **state("prune")),
        data_diff.section(old, new, to_run="import" in late),
        checks,
        dependencies_diff.section(old, new),
        flips_diff.section(old, new, pair, **state("evaluate")),
        verdict_diff.section(old, new, **state("judge")),
    )
    late_pair = "`evaluate` has still to run on this change"
    return Review(
        old,
        new,
        branch,
        tuple(one for one in sections if one),
        late_pair if "evaluate" in late else pair,
        sound=sound,
        to_run=tuple(late),
        refusal=refusal,
    )


def _name(revision: Revision) -> str:
    if revision.name == HERE:
        return f"the {HERE}"
    return f"{code(revision.name)} ({plain(revision.subject)})"


def _sentence(headline: str) -> str:
    return headline[:1].upper() + headline[1:] + "."
