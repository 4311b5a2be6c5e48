"""How annotations of `vq` are checked while tests run: shapes where there are some, types anywhere.

`--jaxtyping-packages` in pyproject.toml puts `jaxtyping.jaxtyped` on every function. It binds the
arguments of each call, for names of axes, which is most of the time of a short function; one whose
annotations have no array in them has no axes, and beartype alone checks as much.

Bytecode with these checks has a name of its own. jaxtyping gives that name to all that is imported
while a module of `vq` runs, torch and thousands of modules more: in a new environment, or where
bytecode is not written, each process of the tests would compile them once more.
"""

import inspect
from collections.abc import Callable
from functools import partial
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any, get_args
from unittest.mock import patch

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import _import_hook as hook

_types: Callable[..., Any] = beartype(conf=BeartypeConf(violation_type=TypeError))
"""As of `jaxtyping`, what does not fit is a TypeError, which the code may catch as such."""
_with_shapes = jaxtyping.jaxtyped


def install() -> None:
    """From now on; what has been imported stays as it is."""
    jaxtyping.jaxtyped = jaxtyped
    loader: Any = hook._JaxtypingLoader  # it has no setting for this
    loader.get_code = _get_code
    loader.exec_module = SourceFileLoader.exec_module


def jaxtyped(*, typechecker: Callable[..., Any]) -> Callable[[Any], Any]:
    """Decorate as `jaxtyping.jaxtyped` does, but for functions without arrays."""

    def decorate(what: Any) -> Any:  # noqa: ANN401 - a function, a class, a descriptor
        if inspect.isfunction(what) and not any(map(_mentions, what.__annotations__.values())):
            return _types(what)
        return _with_shapes(what, typechecker=typechecker)

    return decorate


def _get_code(loader: Any, name: str) -> CodeType | None:  # noqa: ANN401 - jaxtyping's loader
    """Bytecode of one module of `vq`, not of what it imports."""
    checker = loader._typechecker.get_hash()
    named = partial(hook._optimized_cache_from_source, checker)
    with patch("importlib._bootstrap_external.cache_from_source", named):
        return SourceFileLoader.get_code(loader, name)


def _mentions(annotation: object) -> bool:
    """Is an array in it, or a name that we do not know yet?"""
    if isinstance(annotation, str | list | tuple):
        return isinstance(annotation, str) or any(map(_mentions, annotation))
    if isinstance(annotation, type) and issubclass(annotation, jaxtyping.AbstractArray):
        return True
    return any(map(_mentions, get_args(annotation)))
