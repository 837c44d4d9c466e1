"""The noise of a random defense: one release, seen on the attack grid and at full resolution.

The attack looks at the grid pixels and the mIoU at all of them. Both must judge the same release, so grid pixels draw
from one stream wherever they are asked for, and the remaining pixels from another.
"""

from functools import lru_cache

import numpy as np

from core.defenses.base import FloatArray
from core.grid import Grid, places
from core.randomness import generator


class GridNoise:
    """The draws of one image on the attack grid.

    Parameters
    ----------
    seed
        The audit's seed.
    image_sha256
        The image the draws are for.
    """

    def __init__(self, seed: int, image_sha256: str) -> None:
        self._seed = seed
        self._image = image_sha256

    def normal(self, shape: tuple[int, int, int], purpose: str) -> FloatArray:
        """Standard normal draws `(C, h, w)` float32 for the grid's pixels."""
        return _grid_draws(self._seed, self._image, purpose, shape)


@lru_cache(maxsize=4)
def _grid_draws(seed: int, image_sha256: str, purpose: str, shape: tuple[int, int, int]) -> FloatArray:
    """The grid's draws, read-only. Kept for a while: the attack and the full-resolution release both ask for them."""
    draws = generator(seed, image_sha256, f"{purpose}/grid").standard_normal(shape, dtype=np.float32)
    draws.flags.writeable = False
    return draws


class BandNoise:
    """The draws of one image at full resolution, asked for in bands of rows, in any order and of any height.

    Parameters
    ----------
    seed
        The audit's seed.
    image_sha256
        The image the draws are for.
    grid
        Its pixels get the draws that `GridNoise` gives.
    """

    def __init__(self, seed: int, image_sha256: str, grid: Grid) -> None:
        self.grid = grid
        self._seed = seed
        self._image = image_sha256
        self._on_grid: dict[tuple[int, str], FloatArray] = {}

    def band(self, row_start: int, row_stop: int) -> "Band":
        """The noise of rows `row_start` (included) to `row_stop` (not included)."""
        if not 0 <= row_start < row_stop <= self.grid.size[0]:
            raise ValueError(f"no band of rows {row_start} to {row_stop} in {self.grid.size[0]} rows")
        return Band(self, row_start, row_stop)

    def on_grid(self, channels: int, purpose: str) -> FloatArray:
        """The grid's draws `(C, h, w)`, generated once per purpose."""
        key = channels, purpose
        if key not in self._on_grid:
            noise = GridNoise(self._seed, self._image)
            self._on_grid[key] = noise.normal((channels, *self.grid.shape), purpose)
        return self._on_grid[key]

    def row(self, row: int, channels: int, purpose: str) -> FloatArray:
        """The second stream's draws `(C, W)` for one row: a generator per row, so that no band depends on another."""
        draws = generator(self._seed, self._image, f"{purpose}/rest/{row}")
        return draws.standard_normal((channels, self.grid.size[1]), dtype=np.float32)


class Band:
    """The noise of one band of rows; made by `BandNoise.band`."""

    def __init__(self, image: BandNoise, row_start: int, row_stop: int) -> None:
        self._image = image
        self._rows = range(row_start, row_stop)

    def normal(self, shape: tuple[int, int, int], purpose: str) -> FloatArray:
        """Standard normal draws `(C, rows, W)` float32. Raises `ValueError` where the shape is not the band's."""
        grid = self._image.grid
        channels = shape[0]
        if shape[1:] != (len(self._rows), grid.size[1]):
            raise ValueError(f"the band has {len(self._rows)} x {grid.size[1]} pixels, not {shape[1:]}")
        draws = np.empty(shape, dtype=np.float32)
        for place, row in enumerate(self._rows):
            draws[:, place] = self._image.row(row, channels, purpose)
        first, last = np.searchsorted(grid.rows, [self._rows.start, self._rows.stop])
        rows = grid.rows[first:last] - self._rows.start
        draws[:, *places(rows, grid.cols)] = self._image.on_grid(channels, purpose)[:, first:last]
        return draws
