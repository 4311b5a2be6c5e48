"""Which test files a change can affect."""

from tests.affected import affected, needs


def test_a_test_is_affected_by_what_it_imports_and_by_nothing_else() -> None:
    """Deep in the library, in a helper, in a conftest; never by a page of the docs."""
    this = "tests/test_affected.py"

    assert affected({"tests/affected.py"}) == [this]
    assert this in affected({"vq/imports.py"})
    assert this in affected({"tests/conftest.py"})
    assert this not in affected({"vq/video/decode.py"})
    assert affected({"README.md"}) == []


def test_lazy_imports_and_helpers_count() -> None:
    """Scoring opens files in a worker that no test imports."""
    assert "vq/scoring/worker.py" in needs("tests/scoring/test_scoring_pool.py")
    assert "tests/scoring/toy.py" in needs("tests/scoring/test_scoring_pool.py")
