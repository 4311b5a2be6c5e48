"""What runs in tests is held against its annotations."""

import sys

import jaxtyping
import numpy as np
import pytest

from vq.metrics import agreement
from vq.video.bits import Bits


def test_types_are_checked_where_there_are_no_shapes() -> None:
    """Of what is given, and of what comes back."""
    bits = Bits(b"\xff")

    with pytest.raises(TypeError, match="violates type hint <class 'int'>"):
        bits.take("three")  # type: ignore[arg-type]
    bits._left = np.int64(8)  # type: ignore[assignment]
    with pytest.raises(TypeError, match="violates type hint <class 'bool'>"):
        _ = bits.over  # a bool of numpy


def test_shapes_are_checked_where_there_are_some() -> None:
    """Axes of one name are of one length."""
    with pytest.raises(jaxtyping.TypeCheckError, match="videos"):
        agreement.srcc(np.zeros(3), np.zeros(4))


def test_what_vq_imports_is_not_compiled_once_more() -> None:
    """Bytecode with checks has a name of its own, which is for `vq` alone."""
    cached = [str(vars(module).get("__cached__")) for module in list(sys.modules.values())]

    assert [path for path in cached if "opt-jaxtyping" in path] == []
