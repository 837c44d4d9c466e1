"""Samplers. Importing this package registers every one of them in `SAMPLERS`."""

from core.attacks.samplers import dense, random, rejection, sliding
from core.attacks.samplers.base import SAMPLERS, PlaceContext, Places, Sampler

__all__ = ["SAMPLERS", "PlaceContext", "Places", "Sampler", "dense", "random", "rejection", "sliding"]
