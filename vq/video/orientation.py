"""How stored pixels are turned and mirrored for display: eight ways."""

from typing import Any, NamedTuple

import av
import numpy as np


class Orientation(NamedTuple):
    """Rows and columns are exchanged first, then each is reversed or not."""

    exchanged: bool = False
    rows_reversed: bool = False
    columns_reversed: bool = False

    @property
    def rotation(self) -> int:
        """Degrees counterclockwise by which pixels are turned, before they are mirrored."""
        if self.exchanged:
            return 90 if self.rows_reversed else 270
        return 180 if self.rows_reversed else 0

    @property
    def is_mirrored(self) -> bool:
        """Left and right are exchanged, after the rotation."""
        return self.exchanged ^ self.rows_reversed ^ self.columns_reversed

    def upright(self, pixels: np.ndarray) -> np.ndarray:
        """Turn and mirror a stored picture, "height width ...", to be displayed."""
        if self.exchanged:
            pixels = pixels.swapaxes(0, 1)
        rows, columns = (slice(None, None, -1 if flip else 1) for flip in self[1:])
        return np.ascontiguousarray(pixels[rows, columns])

    def stored(
        self, rows: np.ndarray, columns: np.ndarray, height: int, width: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which rows and columns of the stored picture these of the displayed one are.

        Height and width are those of the displayed picture.

        Returns:
            Rows and columns so ordered that `upright` of what they cut gives these in their order.
        """
        if self.rows_reversed:
            rows = (height - 1 - rows)[::-1]
        if self.columns_reversed:
            columns = (width - 1 - columns)[::-1]
        return (columns, rows) if self.exchanged else (rows, columns)


def of(frame: av.VideoFrame) -> Orientation:
    """Read the display matrix of a frame; angles between right ones are taken for the nearest.

    The matrix takes a stored pixel at (x, y) to (a x + c y, b x + d y), in 16.16 fixed point:
    a, b, u, c, d, v, ... (ISO/IEC 14496-12, 8.3.2).
    """
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")  # a buffer, which its stubs do not say
    if matrix is None:
        return Orientation()
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(rows_reversed=d < 0, columns_reversed=a < 0)
    return Orientation(exchanged=True, rows_reversed=b < 0, columns_reversed=c < 0)
