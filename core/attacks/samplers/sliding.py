"""Patches at regular places."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.samplers.base import SAMPLERS, PlaceContext, Places, Sampler, last_start
from core.parameters import param


@SAMPLERS.register
@dataclass(frozen=True)
class Sliding(Sampler):
    """Every `stride` grid points, and flush with the bottom and right border."""

    name: ClassVar[str] = "sliding"
    title: ClassVar[str] = "Sliding"
    stride: int = param(8, "distance between patches", unit="grid points", low=1, high=1024)

    def places(self, shape: tuple[int, int], patch: int, context: PlaceContext) -> Places:
        """All places, row by row."""
        rows, cols = (self._starts(last) for last in last_start(shape, patch))
        return np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)

    def _starts(self, last: int) -> npt.NDArray[np.int64]:
        return np.unique(np.append(np.arange(0, last, self.stride, dtype=np.int64), last))
