"""Patches at random places, easy ones rejected."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.base import FloatArray
from core.attacks.samplers.base import SAMPLERS, PlaceContext, Places, Sampler, draw_places
from core.errors import AttackError
from core.parameters import param


@SAMPLERS.register
@dataclass(frozen=True)
class Rejection(Sampler):
    """Random places, without the patches whose mean loss is nearly nil: they say nothing (He et al. 2020)."""

    name: ClassVar[str] = "rejection"
    title: ClassVar[str] = "Random without easy patches"
    n: int = param(6, "patches per image", low=1, high=10_000)
    floor: float = param(0.01, "patches with a smaller mean loss are rejected", unit="nats", low=0.0)
    draws: int = param(20, "draws per wanted patch before easy patches are accepted", low=1, high=1000)

    def places(self, shape: tuple[int, int], patch: int, context: PlaceContext) -> Places:
        """The first n drawn places that are hard enough; the hardest of the others where too few are."""
        if context.loss is None:
            raise AttackError("Rejection of easy patches needs a label map.", "Use the random or sliding sampler.")
        drawn = draw_places(self.n * self.draws, shape, patch, context)
        means = patch_means(context.loss, drawn, patch)
        easy = means < self.floor
        order = np.lexsort((np.where(easy, -means, 0), easy))
        return drawn[order[: self.n]]


def patch_means(loss: FloatArray, places: Places, patch: int) -> npt.NDArray[np.float64]:
    """Mean of a map `(h, w)` over each of the patches at `places` `(n, 2)`, through an integral image."""
    integral = np.pad(loss, ((1, 0), (1, 0))).astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    top, left = places.T
    bottom, right = top + patch, left + patch
    sums = integral[bottom, right] - integral[top, right] - integral[bottom, left] + integral[top, left]
    # Differences of large sums can end a rounding error below 0.
    means: npt.NDArray[np.float64] = np.maximum(sums, 0) / patch**2
    return means
