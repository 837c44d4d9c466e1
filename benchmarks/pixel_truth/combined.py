"""A combination of maps: a logistic regression over the blocks of half-supervised shadows, used pixel by pixel.

The mean of a weighted sum over a block is the weighted sum of the means, so fitting to blocks fits the very map that is
judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.pixel_truth.composites import auc_of

STRENGTHS = (1.0, 10.0, 100.0, 1000.0, 10000.0)
"""Of the penalty on the weights; chosen by fitting to one shadow and judging on the other."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BlockTable:
    """The blocks of the images of one model.

    Attributes
    ----------
    means
        `(images, blocks, K)`: each map's mean over each block; NaN where it says nothing.
    trained
        `(images, blocks)`: whether it taught.
    groups
        The block of frames of each image.
    """

    means: Array
    trained: npt.NDArray[np.bool_]
    groups: tuple[str, ...]

    def only(self, places: Sequence[int]) -> "BlockTable":
        """With some of the maps."""
        return replace(self, means=self.means[..., list(places)])

    def within(self, values: Array) -> Array:
        """AUC within each image of `(images, blocks)`; NaN where only one kind has a value."""
        return np.array([auc_of(v, t) for v, t in zip(values, self.trained, strict=True)])


@dataclass(frozen=True)
class Weights:
    """A fitted combination of K maps.

    Attributes
    ----------
    slopes
        How much the combined map grows with each map, `(K,)`.
    strength
        The penalty that was chosen.
    held_out
        AUC within the images of the shadow that was not fitted to, averaged over both ways.
    """

    slopes: Array
    strength: float
    held_out: float

    def of(self, means: Array) -> Array:
        """The combined map's means from the maps' `(..., K)`; where a map says nothing, the others go on."""
        return np.asarray(np.where(np.isnan(means).all(axis=-1), np.nan, np.nan_to_num(means) @ self.slopes))


def fit(one: BlockTable, other: BlockTable) -> Weights:
    """Choose the penalty by judging each shadow with weights fitted to the other, then fit to both."""
    scored = {strength: _held_out(one, other, strength) for strength in STRENGTHS}
    strength = max(scored, key=lambda s: scored[s])
    return Weights(_slopes((one, other), strength), strength, scored[strength])


def _held_out(one: BlockTable, other: BlockTable, strength: float) -> float:
    found = []
    for known, held in ((one, other), (other, one)):
        weights = Weights(_slopes((known,), strength), strength, 0)
        found.append(np.nanmean(held.within(weights.of(held.means))))
    return float(np.mean(found))


def _slopes(tables: Sequence[BlockTable], strength: float) -> Array:
    """Blocks are held against others of their own image, as a person reads a map: each image is centred first."""
    from sklearn.linear_model import LogisticRegression

    rows = np.concatenate([_centred(table.means).reshape(-1, table.means.shape[-1]) for table in tables])
    taught = np.concatenate([table.trained.ravel() for table in tables])
    known = ~np.isnan(rows).any(axis=1)
    deviations = rows[known].std(axis=0) + 1e-12
    model = LogisticRegression(C=1 / strength, max_iter=10_000)
    model.fit(rows[known] / deviations, taught[known])
    return np.asarray(model.coef_[0] / deviations, np.float64)


def _centred(means: Array) -> Array:
    return np.asarray(means - np.nanmean(means, axis=1, keepdims=True))
