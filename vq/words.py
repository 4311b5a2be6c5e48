"""Numbers in sentences."""


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`; `count(2, "entry", "entries")` is `2 entries`."""
    return f"{number} {which(number, one, many or f'{one}s')}"


def which(number: int, one: str, many: str) -> str:
    """The word that goes with a number: `which(1, "differs", "differ")` is `differs`."""
    return one if number == 1 else many
