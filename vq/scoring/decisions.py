"""Decisions of a policy in the rows of a run."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from vq.inference.row import Row
from vq.policy.conditions import PROBED
from vq.policy.policy import Policy
from vq.scoring.scoring_pool import Greeting

GROUP = 256
"""Files that are probed in one go."""
Probes = Callable[[Iterable[str]], Iterator[dict[str, Any] | None]]
"""What the packets of each video say of it."""


class Decider:
    """Decides on rows as they come, and counts what it decided."""

    def __init__(self, policy: Policy, greeting: Greeting) -> None:
        """See that the model can give what the policy asks for.

        Raises:
            DataError: it cannot, or a threshold is off its scale.
        """
        policy.check_model(
            greeting.model,
            (greeting.least, greeting.most),
            interval=greeting.coverage is not None,
            percentile=greeting.reference is not None,
        )
        self.policy = policy
        self.counts: Counter[str] = Counter()

    @property
    def exit_code(self) -> int:
        """What a run says at its end: see `docs/policy.md`."""
        return 4 if self.counts["fail"] else 3 if self.counts["review"] else 0

    def decide(self, row: Row, probe: Mapping[str, Any] | None = None) -> Row:
        """The row with a decision and its reason; `probe` is what packets say of the file.

        Without it no rule that asks for it is skipped: see `vq.policy.policy.Policy.decide`.
        """
        probed = probe is not None or row.status != "ok"
        decision = self.policy.decide(asdict(row) | _checked(probe), probed=probed)
        self.counts[decision.decision] += 1
        return replace(row, decision=decision.decision, decision_reason=decision.reason)

    def decide_all(self, rows: Iterable[Row], probes: Probes) -> Iterator[Row]:
        """As `decide`; files with a score are probed if a rule asks for it."""
        left = iter(rows)
        while group := list(islice(left, GROUP)):
            facts: dict[str, dict[str, Any] | None] = {}
            if self.policy.needs_probe:
                videos = [row.video for row in group if row.status == "ok"]
                facts = dict(zip(videos, probes(videos), strict=True))
            yield from (self.decide(row, facts.get(row.video)) for row in group)


def _checked(probe: Mapping[str, Any] | None) -> dict[str, Any]:
    """It comes from whoever opened a stranger's file: numbers and a word, or None."""
    fields = probe or {}
    return {name: _value(fields.get(name), str if name == "codec" else float) for name in PROBED}


def _value(value: object, kind: type) -> object:
    if kind is str:
        return value if isinstance(value, str) else None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and math.isfinite(value) else None  # type: ignore[arg-type]
