"""Who is champion, who was, and how to go back.

The alias `champion` in the registry is the truth, whoever moved it. Tags of the registered model,
one for each move, tell how it came there: what reigned before is found in them.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from mlflow.entities.model_registry import ModelVersion

from vq.errors import DataError
from vq.gates.verdict import WORLD
from vq.registry.client import CHALLENGER, CHAMPION, Registry

How = Literal["release", "promote", "rollback"]
TAG = "champion."
"""Start of the name of each tag; the time follows, so that names sort."""


@dataclass(frozen=True)
class AliasChange:
    """The alias goes to a version."""

    version: str
    how: How
    reason: str
    when: str
    """UTC, ISO 8601."""
    approved_by: str = ""
    """Name of the person who approved it, if it waited for one."""


def history(registry: Registry) -> list[AliasChange]:
    """All moves, the oldest first."""
    tags = registry.client.get_registered_model(registry.model).tags
    return [AliasChange(**json.loads(tags[name])) for name in sorted(tags) if name.startswith(TAG)]


def set_champion(
    registry: Registry, version: ModelVersion, *, how: How, reason: str, approved_by: str = ""
) -> None:
    """Move the alias to a version, then write the move down.

    Killed between the two, the alias is where it should be, and `line` makes do without the note.
    """
    number = str(version.version)
    registry.client.set_registered_model_alias(registry.model, CHAMPION, number)
    challenger = registry.at(CHALLENGER)
    if challenger is not None and str(challenger.version) == number:
        registry.client.delete_registered_model_alias(registry.model, CHALLENGER)
    now = datetime.now(UTC)
    when = now.isoformat(timespec="seconds")
    tag = json.dumps(asdict(AliasChange(number, how, reason, when, approved_by)))
    # MLflow on Windows allows no colon in the name of a tag.
    name = f"{TAG}{now:%Y%m%dT%H%M%S.%fZ}"
    registry.client.set_registered_model_tag(registry.model, name, tag)


def promote(registry: Registry, name: str, *, reason: str, approved_by: str = "") -> str:
    """Make a version champion, because a person decided so.

    `name` is the number or an alias of the version.

    Returns:
        A sentence that says what was done.

    Raises:
        DataError: there is no such version, or it may not be champion: see `check`.
    """
    version, reigning = registry.version(name), registry.at(CHAMPION)
    called = f"{registry.model} {version.version}"
    if reigning is not None and reigning.version == version.version:
        return f"{called} is champion already."
    check(registry, version)
    set_champion(registry, version, how="promote", reason=reason, approved_by=approved_by)
    before = f"; version {reigning.version} was before it" if reigning else ""
    return f"{called} is champion now{before}."


def check(registry: Registry, version: ModelVersion) -> None:
    """Refuse what may not be champion.

    Raises:
        DataError: a gate of files stayed shut, or it cannot be made again. What the world said on
            the day of its release, a person may overrule.
    """
    called = f"{registry.model} {version.version}"
    gates = registry.verdict(version).gates
    if shut := [gate.sentence for gate in gates if not gate.passed and gate.name not in WORLD]:
        raise DataError(f"{called} cannot be champion, its verdict is rejected: {' '.join(shut)}")
    if version.tags["git_dirty"] != "false":
        raise DataError(
            f"{called} cannot be champion, it was made from files that no commit has: commit them "
            "and run the train flow"
        )


def rollback(registry: Registry, *, reason: str) -> str:
    """Make the champion before the present one champion again; twice goes back two.

    Versions of the very same student count as one: to go back to the same is to go nowhere.

    Returns:
        A sentence that says what was done.

    Raises:
        DataError: there is no champion, or none before it.
    """
    reigning = registry.at(CHAMPION)
    if reigning is None:
        raise DataError(f"{registry.model} has no champion to go back from; see `vq promote`")
    versions = {str(version.version): version for version in registry.versions()}
    before = [v for v in line(history(registry), str(reigning.version))[:-1] if v in versions]
    others = [v for v in before if not _same(versions[v], reigning)]
    if not others:
        same = f" but for the same student ({', '.join(before)})" if before else ""
        raise DataError(
            f"{registry.model} {reigning.version} is the first champion{same}: there is none to go "
            "back to; `vq registry` lists versions, `vq promote` chooses one"
        )
    set_champion(registry, versions[others[-1]], how="rollback", reason=reason)
    return f"{registry.model} {others[-1]} is champion again, in place of {reigning.version}."


def _same(one: ModelVersion, other: ModelVersion) -> bool:
    return one.tags.get("student") == other.tags.get("student")


def line(moves: Sequence[AliasChange], reigning: str) -> list[str]:
    """The champions before the present one, the oldest first, and the present one.

    A rollback takes those it leaves out of the line. Where the alias is not where the last move
    put it (someone moved it in MLflow, or a kill kept a move from being written down), the alias
    is believed.
    """
    versions: list[str] = []
    for move in (*moves, AliasChange(reigning, "rollback", "", "")):
        back = move.version in versions and (move.how == "rollback" or move.version == versions[-1])
        if back:
            while versions[-1] != move.version:
                versions.pop()
        else:
            versions.append(move.version)
    return versions
