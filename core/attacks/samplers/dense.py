"""All windows in one pass."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.samplers.base import SAMPLERS, PlaceContext, Places, Sampler


@SAMPLERS.register
@dataclass(frozen=True)
class Dense(Sampler):
    """One fully convolutional pass over the whole image instead of patches."""

    name: ClassVar[str] = "dense"
    title: ClassVar[str] = "Dense"
    dense: ClassVar[bool] = True

    def places(self, shape: tuple[int, int], patch: int, context: PlaceContext) -> Places:
        """No places `(0, 2)`: the pass cuts nothing out."""
        return np.empty((0, 2), dtype=np.int64)
