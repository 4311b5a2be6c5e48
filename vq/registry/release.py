"""Register a student, and make it champion if it may be."""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion

from vq import params
from vq.gates import leakage
from vq.gates.verdict import Verdict
from vq.inference import card as cards
from vq.registry import flow_summary, release_gates
from vq.registry.candidate import Candidate
from vq.registry.champion import set_champion
from vq.registry.client import (
    ANNOUNCED,
    CHALLENGER,
    CHAMPION,
    MODEL_ID,
    NOT_YET,
    RELEASED,
    Registry,
    connect,
)
from vq.registry.flow_summary import Release
from vq.registry.handover import Handover, handover, on_scale
from vq.registry.paired_scores import Champion
from vq.registry.register import register, sweep, tags
from vq.words import count

log = logging.getLogger(__name__)


Announce = Callable[[Release], None]
"""Tells others of a release; when it returns, they know."""


def release(
    candidate: Candidate,
    *,
    root: Path,
    settings: params.Release,
    seed: int,
    announce: Announce | None = None,
) -> Release:
    """Register a student, and make it champion if every gate opens.

    A student that is in the registry already, from the same data and params, is left as it is;
    unless it was made from uncommitted files then, and is not now: then it becomes a version that
    may be champion.
    After an interruption, call again: it takes up where it was, and what cannot be taken up is
    cleaned away. The caller holds the workspace (`vq.pipeline.workspace_lock.hold`).

    The registry is the workspace's `mlflow.db` unless MLFLOW_TRACKING_URI names one; `seed` is that
    of the resamples by which it is compared with the champion. A version is announced once; twice,
    if a kill came between the announcement and its tag.

    Raises:
        DataError: verdict, agreement or the videos are not what they should be.
        WeightsError: the student's bundle is broken.
    """
    registry = connect(root, settings.model)
    released = _release(registry, candidate, root, settings, seed)
    if announce:
        _announce(registry, released, announce)
    return released


def _release(
    registry: Registry, candidate: Candidate, root: Path, settings: params.Release, seed: int
) -> Release:
    candidate_tags = tags(candidate)
    if swept := sweep(registry, root=root):
        log.info("%s: took away what %s left", settings.model, count(swept, "killed run"))
    version = _find(registry, candidate_tags)
    if version is not None and RELEASED in version.tags:
        log.info("%s %s is this student already", settings.model, version.version)
        return _again(registry, version)
    reigning = registry.at(CHAMPION)
    if version is not None and reigning is not None and reigning.version == version.version:
        # Crowned, and killed before it was written down: it need not win against itself.
        changes, verdict = registry.handover(version), registry.verdict(version)
        return _settle(registry, version, verdict, changes, candidate.model_card)
    verdict, changes = _judged(registry, candidate, reigning, settings, seed)
    with on_scale(candidate.student, changes.scores_as if changes else None) as student:
        model_id = cards.load(student)[0].model_id
        if version is not None and version.tags.get(MODEL_ID, model_id) != model_id:
            # Its map is to the scale of another champion than now; killed before it counted.
            registry.client.delete_model_version(registry.model, str(version.version))
            version = None
        if version is None:
            version_tags = {**candidate_tags, MODEL_ID: model_id, "verdict": verdict.summary}
            shipped = replace(candidate, student=student)
            version = register(registry, shipped, version_tags, root=root)
    return _settle(registry, version, verdict, changes, candidate.model_card)


def _judged(
    registry: Registry,
    candidate: Candidate,
    reigning: ModelVersion | None,
    settings: params.Release,
    seed: int,
) -> tuple[Verdict, Handover | None]:
    verdict = candidate.judged()
    if not verdict.accepted:
        return verdict, None
    with ExitStack() as stack:
        champion = None
        if reigning is not None:
            champion = Champion(
                str(reigning.version),
                stack.enter_context(registry.student(reigning)),
                leakage.read(stack.enter_context(registry.file(reigning, "training.csv"))),
            )
        result, pair = release_gates.judge(candidate, champion, settings=settings, seed=seed)
    changes = None
    if champion is not None and pair is not None:
        name = f"{registry.model} {champion.version}"
        changes = handover(pair, name, settings=settings, seed=seed)
    return Verdict((*verdict.gates, *result.gates)), changes


def _settle(
    registry: Registry,
    version: ModelVersion,
    verdict: Verdict,
    changes: Handover | None,
    model_card: Path,
) -> Release:
    """Give the alias, and say so; each step may come twice."""
    alias = CHAMPION if verdict.accepted else CHALLENGER
    reason = _reason(verdict)
    client, number = registry.client, str(version.version)
    client.log_dict(version.run_id, verdict.to_json(), "release.json")
    if changes is not None:
        client.log_dict(version.run_id, changes.to_json(), "handover.json")
    text = model_card.read_text(encoding="utf-8")
    client.update_model_version(
        registry.model, number, flow_summary.description(reason, verdict, changes, text)
    )
    for gate in verdict.gates:
        if gate.name == "score_ms" and gate.value is not None:
            client.log_metric(version.run_id, gate.name, gate.value)
    client.set_model_version_tag(registry.model, number, "reason", reason)
    # Again, since a run that was killed may have come to another one.
    client.set_model_version_tag(registry.model, number, "verdict", verdict.summary)
    if verdict.accepted:
        set_champion(registry, version, how="release", reason=reason)
    else:
        client.set_registered_model_alias(registry.model, CHALLENGER, number)
    client.set_model_version_tag(registry.model, number, ANNOUNCED, NOT_YET)
    # Last: a version with this tag is done.
    client.set_model_version_tag(registry.model, number, RELEASED, _now())
    log.info("%s %s: %s; %s", registry.model, number, alias, reason)
    return _described(registry, version, alias, reason, verdict, changes, new=True)


def _announce(registry: Registry, released: Release, announce: Announce) -> None:
    """Announce a version that was not; those from before there was this tag stay as they are."""
    client, model, number = registry.client, released.model, released.version
    if client.get_model_version(model, number).tags.get(ANNOUNCED) == NOT_YET:
        announce(released)
        client.set_model_version_tag(model, number, ANNOUNCED, _now())


def _reason(verdict: Verdict) -> str:
    if not verdict.accepted:
        return " ".join(verdict.objections)
    last = verdict.gates[-1]
    if last.name == "champion":
        return last.sentence
    return "Every gate opened, and there was no champion."


def _again(registry: Registry, version: ModelVersion) -> Release:
    """What is true now of a version that was released before."""
    reigning = registry.at(CHAMPION)
    verdict = registry.verdict(version)
    reigns = reigning is not None and reigning.version == version.version
    reason = version.tags["reason"]
    if verdict.accepted and reigning is not None and not reigns:
        reason = f"It was champion once; version {reigning.version} is now. Then: {reason}"
    if reigns and not verdict.accepted:
        reason = f"A person made it champion. Before that: {reason}"
    alias = CHAMPION if reigns else CHALLENGER
    changes = registry.handover(version)
    return _described(registry, version, alias, reason, verdict, changes, new=False)


def _described(
    registry: Registry,
    version: ModelVersion,
    alias: str,
    reason: str,
    verdict: Verdict,
    changes: Handover | None,
    *,
    new: bool,
) -> Release:
    commit, run_id = version.tags["git_commit"], str(version.run_id)
    number = str(version.version)
    return Release(registry.model, number, alias, reason, verdict, changes, new, commit, run_id)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _find(registry: Registry, candidate_tags: Mapping[str, str]) -> ModelVersion | None:
    """The version that a student is already; one that nobody can make again stands for none."""
    same = [one for one in registry.all() if one.tags.get("identity") == candidate_tags["identity"]]
    clean = [one for one in same if one.tags.get("git_dirty") == "false"]
    matches = clean if clean or candidate_tags["git_dirty"] == "false" else same
    return matches[0] if matches else None
