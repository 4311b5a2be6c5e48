"""The locked dependencies that a change adds, removes or takes in another version."""

import re
from collections import defaultdict

from vq.review.markdown import Section, code, first_rows
from vq.review.revision import Revision

TITLE = "Locked dependencies"
HEAD = ("package", "before", "after")
MOST = 20
PIN = re.compile(rb"^(\w[\w.-]*)(?:\[[^\]]*\])? *== *([^\s;\\]+)", re.MULTILINE)


def pins(lock: bytes) -> dict[str, str]:
    """Versions by package, of the lines `name==version`.

    A package that has several, each with a marker (`; sys_platform == 'linux'`), has all of them.
    """
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for name, version in PIN.findall(lock):
        key = re.sub(r"[-_.]+", "-", name.decode()).lower()  # as the packaging standard spells it
        versions[key].append(version.decode())
    return {name: ", ".join(dict.fromkeys(versions[name])) for name in versions}


def section(old: Revision, new: Revision) -> Section:
    """A table of the packages that differ: other versions first, then new and removed packages."""
    before, after = (_pins(revision) for revision in (old, new))
    kinds = {
        "changed": [name for name in after if before.get(name, after[name]) != after[name]],
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
    }
    rows = [
        (code(name), before.get(name, "-"), after.get(name, "-"))
        for names in kinds.values()
        for name in sorted(names)
    ]
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in kinds.items() if names)
    return Section(
        title=TITLE,
        headline=f"locked dependencies: {counts}" if rows else "no locked dependency changed",
        body=first_rows(HEAD, rows, most=MOST),
    )


def _pins(revision: Revision) -> dict[str, str]:
    file = revision.files["lock"]
    return {} if isinstance(file, str) else pins(file)
