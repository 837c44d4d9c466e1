"""The attack grid: which pixels of an image the attack looks at.

The paper takes every eighth pixel of a 1024x2048 image. Here the short side always gives 128 grid points, which is the
same there and carries over to other sizes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SHORT_SIDE = 128

Indices = slice | npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Rows and columns of the label grid that make up the attack grid.

    Attributes
    ----------
    size
        Height and width of the label grid, in pixels.
    rows, cols
        Increasing pixel indices, int64, shapes `(h,)` and `(w,)`.
    """

    size: tuple[int, int]
    rows: npt.NDArray[np.int64]
    cols: npt.NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the attack grid."""
        return len(self.rows), len(self.cols)

    @classmethod
    def of(cls, size: tuple[int, int], short_side: int = SHORT_SIDE) -> "Grid":
        """The grid of an image of `size` (height, width): indices floor(i * short / short_side); never upsampled."""
        height, width = size
        short = min(height, width)
        return cls(size, _indices(height, short, short_side), _indices(width, short, short_side))

    def take(self, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """The grid points of an array `(..., H, W)` -> `(..., h, w)`, a copy."""
        return array[(..., *places(self.rows, self.cols))].copy()


def places(rows: npt.NDArray[np.int64], cols: npt.NDArray[np.int64]) -> tuple[Indices, Indices]:
    """What to index the last two axes of an array with, to read or write every row at every column.

    Slices where the indices are evenly spaced, as on the grid of most images: numpy is several times as fast with them.
    """
    down, across = _slice(rows), _slice(cols)
    return (rows[:, None], cols[None, :]) if down is None or across is None else (down, across)


def _slice(indices: npt.NDArray[np.int64]) -> slice | None:
    """The same indices as a slice, or None where their distance varies."""
    if len(indices) < 2:
        return slice(int(indices[0]), int(indices[0]) + 1) if len(indices) else slice(0, 0)
    steps = np.diff(indices)
    even = steps[0] > 0 and (steps == steps[0]).all()
    return slice(int(indices[0]), int(indices[-1]) + 1, int(steps[0])) if even else None


def _indices(length: int, short: int, short_side: int) -> npt.NDArray[np.int64]:
    if short <= short_side:
        return np.arange(length, dtype=np.int64)
    count = -(-length * short_side // short)  # ceil: all i with floor(i * short / short_side) < length
    return np.arange(count, dtype=np.int64) * short // short_side
