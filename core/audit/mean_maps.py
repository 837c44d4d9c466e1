"""Means of maps, point by point: what a map looks like where nothing was learned. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

MOST = 256
"""Images that are averaged: the mean moves little after that."""

MOST_SIZES = 4
"""Sizes of maps of which means are kept: images of yet another size have none."""

Size = tuple[int, ...]
Means = Mapping[tuple[str, Size], "MeanMap"]
"""Means by the map's name and its size `(h, w)`: maps of several sizes have no common mean."""


@dataclass(frozen=True, eq=False)
class MeanMap:
    """A mean map.

    Attributes
    ----------
    values
        `(h, w)` float32, NaN where no image says anything.
    counts
        `(h, w)` int32: how many images say something at each point.
    images
        How many maps were averaged.
    """

    values: FloatArray
    counts: npt.NDArray[np.int32]
    images: int


class MapSum:
    """Adds up maps of one size; NaN counts for nothing."""

    def __init__(self, size: Size) -> None:
        self._total, self._counts = np.zeros(size), np.zeros(size, np.int32)
        self.images = 0

    @classmethod
    def of(cls, mean: MeanMap) -> Self:
        """Go on from a mean."""
        made = cls(mean.values.shape)
        made._total = np.nan_to_num(mean.values.astype(np.float64)) * mean.counts
        made._counts, made.images = mean.counts.copy(), mean.images
        return made

    def add(self, values: FloatArray) -> None:
        """Take in a map `(h, w)`."""
        self._total += np.nan_to_num(values)
        self._counts += ~np.isnan(values)
        self.images += 1

    def mean(self) -> MeanMap:
        """The mean of what was taken in."""
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(self._counts > 0, self._total / self._counts, np.nan)
        return MeanMap(values.astype(np.float32), self._counts.copy(), self.images)


class MeanMaps:
    """Means of several maps, of the first `MOST` images and `MOST_SIZES` sizes of each; goes on from `begun`."""

    def __init__(self, begun: Means | None = None) -> None:
        self._sums = {key: MapSum.of(mean) for key, mean in (begun or {}).items()}

    def add(self, maps: Mapping[str, FloatArray]) -> None:
        """Take in the maps of an image."""
        for name, values in maps.items():
            found = self._sum(name, values.shape)
            if found is not None and found.images < MOST:
                found.add(values)

    def means(self) -> Means:
        """The means so far."""
        return {key: found.mean() for key, found in self._sums.items()}

    def _sum(self, name: str, size: Size) -> MapSum | None:
        key = name, size
        if key not in self._sums and sum(known == name for known, _ in self._sums) >= MOST_SIZES:
            return None
        return self._sums.setdefault(key, MapSum(size))
