"""Intervals with whole blocks of frames resampled, because frames of one block are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
Array = npt.NDArray[np.float64]


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
    counts
        For each kind `(1 + resamples, images)`: how often an image stands in a resample; all once in the first.
    """

    counts: tuple[Array, ...]

    @classmethod
    def of(cls, *groups: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> "Draws":
        """`groups`: the block of each image, kind by kind."""
        rng = np.random.default_rng(seed)
        return cls(tuple(_counts(kind, rng, resamples) for kind in groups))

    def means(self, values: npt.NDArray[np.floating]) -> Array:
        """Of the first kind's values, over all images and over each resample: `(1 + resamples,)`."""
        (counts, *_) = self.counts
        return np.asarray(counts @ values / counts.sum(axis=1))

    def aucs(self, inside: npt.NDArray[np.floating], outside: npt.NDArray[np.floating]) -> Array:
        """Of telling the first kind's values from the second's, ties counting one half: `(1 + resamples,)`."""
        higher = (inside[:, None] > outside) + 0.5 * (inside[:, None] == outside)
        one, other = self.counts
        return np.asarray(((one @ higher) * other).sum(axis=1) / (one.sum(axis=1) * other.sum(axis=1)))


def estimate(values: Array) -> Estimate:
    """From a number over all images and over each resample, as `Draws` gives them."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return Estimate(float(values[0]), float(low), float(high))


def _counts(groups: Sequence[str], rng: np.random.Generator, resamples: int) -> Array:
    names, of = np.unique(np.array(groups), return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    return np.concatenate([np.ones((1, len(of))), drawn[:, of]]).astype(np.float64)
