"""Names that say what was done to a value, not what it is."""

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
VAGUE = frozenset({"found", "known", "given", "told", "said", "asked"})


def test_no_value_is_called_by_what_was_done_to_it() -> None:
    """`scores`, `rows`, `args`: a reader knows what it is without a look at where it came from."""
    vague: Counter[str] = Counter()
    for folder in ("vq", "flows"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = (
                    getattr(node, "id", None)
                    or getattr(node, "arg", None)
                    or getattr(node, "attr", None)
                    or getattr(node, "name", None)
                )
                if name in VAGUE:
                    vague[f"{path.relative_to(ROOT)}:{node.lineno}: {name}"] += 1
    assert not vague
