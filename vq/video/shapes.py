"""Types of arrays with their shapes, for modules that must start fast.

jaxtyping takes 0.04 s of CPU to import, a tenth of what scoring a short video costs. Where it runs
already (in tests, which check every shape; in training) its types are used, else plain arrays.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Float32, Float64, Int16, Int64, UInt8
else:

    class Bool:
        """Stands for the type of the array itself."""

        def __class_getitem__(cls, params: tuple[Any, str]) -> Any:  # noqa: ANN401
            return params[0]

    Float32 = Float64 = Int16 = Int64 = UInt8 = Bool

__all__ = ["Bool", "Float32", "Float64", "Int16", "Int64", "UInt8"]
