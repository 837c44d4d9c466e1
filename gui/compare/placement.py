"""Which pixel of an image shows which point of a map. Knows nothing of Qt."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core.grid import Grid

Indices = npt.NDArray[np.int64]
T = TypeVar("T", bound=np.generic)
Shape = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True)
class Placement:
    """A map drawn over an image of the same field of view.

    Attributes
    ----------
    rows, cols
        Row (column) of the map for every row (column) of the image, increasing, `(H,)` and `(W,)`.
    tops, lefts
        Row (column) of the image that each row (column) of the map was taken from, `(h,)` and `(w,)`.
    """

    rows: Indices
    cols: Indices
    tops: Indices
    lefts: Indices

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, shape: Shape, labels: Shape, image: Shape) -> "Placement":
        """Where a map of `shape` lies.

        Parameters
        ----------
        shape
            The map's: the attack grid's or the label grid's.
        labels
            The label grid's: the label map's size, or the image's where there is none.
        image
            The image's.
        """
        taken = _taken(shape, labels)
        rows, cols = (_owners(t, n, size) for t, n, size in zip(taken, labels, image, strict=True))
        tops, lefts = (_scaled(t, n, size) for t, n, size in zip(taken, labels, image, strict=True))
        return cls(rows, cols, tops, lefts)

    def spread(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """A map `(h, w)` at the size of the image `(H, W)`: each pixel shows the nearest point taken before it."""
        if values.shape == (len(self.rows), len(self.cols)):
            return values
        spread: npt.NDArray[T] = values[:, self.cols][self.rows]
        return spread

    def at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the map under an image point; None outside of the image."""
        if not (0 <= x < len(self.cols) and 0 <= y < len(self.rows)):
            return None
        return int(self.rows[int(y)]), int(self.cols[int(x)])


def _taken(shape: Shape, labels: Shape) -> tuple[Indices, Indices]:
    """Rows and columns of the label grid that a map of `shape` was taken from."""
    grid = Grid.of(labels)
    if shape == grid.shape:
        return grid.rows, grid.cols
    rows, cols = (np.arange(n) * size // n for n, size in zip(shape, labels, strict=True))
    return rows, cols


def _owners(taken: Indices, labels: int, image: int) -> Indices:
    """The map's index for each of `image` pixels in one direction: the last point taken at or before it."""
    place = np.arange(image) * labels // image
    return np.searchsorted(taken, place, side="right") - 1


def _scaled(taken: Indices, labels: int, image: int) -> Indices:
    """Where points of the label grid begin on the image: ceil(i * image / labels), at most the last pixel."""
    return np.minimum(-(-taken * image // labels), image - 1)
