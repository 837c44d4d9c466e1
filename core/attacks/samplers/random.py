"""Patches at random places."""

from dataclasses import dataclass
from typing import ClassVar

from core.attacks.samplers.base import SAMPLERS, PlaceContext, Places, Sampler, draw_places
from core.parameters import param


@SAMPLERS.register
@dataclass(frozen=True)
class Random(Sampler):
    """Uniformly random places, possibly overlapping (He et al. 2020)."""

    name: ClassVar[str] = "random"
    title: ClassVar[str] = "Random"
    n: int = param(6, "patches per image", low=1, high=10_000)

    def places(self, shape: tuple[int, int], patch: int, context: PlaceContext) -> Places:
        """Draw n places; the same for the same seed, image and shape."""
        return draw_places(self.n, shape, patch, context)
