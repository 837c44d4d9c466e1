"""Intervals with whole blocks of frames resampled, because frames of one block are alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
IntArray = npt.NDArray[np.int64]


class Estimate(NamedTuple):
    """A number and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Draws:
    """Resamples of one or more kinds of images, each kind by itself.

    Attributes
    ----------
    sizes
        How many images of each kind there are.
    indices
        For each resample the images of each kind; an image stands as often as its block was drawn.
    """

    sizes: tuple[int, ...]
    indices: tuple[tuple[IntArray, ...], ...]

    @classmethod
    def of(cls, *groups: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> "Draws":
        """`groups`: the block of each image, kind by kind."""
        rng = np.random.default_rng(seed)
        blocks = [_blocks(kind) for kind in groups]
        found = tuple(tuple(_drawn(kind, rng) for kind in blocks) for _ in range(resamples))
        return cls(tuple(map(len, groups)), found)

    def estimate(self, statistic: Callable[..., float]) -> Estimate:
        """A statistic of the images' places, one array for each kind, over all images and over the resamples."""
        values = [statistic(*indices) for indices in self.indices]
        low, high = np.nanquantile(values, (0.025, 0.975))
        return Estimate(statistic(*(np.arange(size) for size in self.sizes)), float(low), float(high))


def _blocks(groups: Sequence[str]) -> list[IntArray]:
    of = np.array(groups)
    return [np.flatnonzero(of == name) for name in dict.fromkeys(groups)]


def _drawn(blocks: Sequence[IntArray], rng: np.random.Generator) -> IntArray:
    return np.concatenate([blocks[i] for i in rng.integers(0, len(blocks), len(blocks))])
