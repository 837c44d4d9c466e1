"""Regions left out of the image score: those a map ranks highest, and random ones of about the same class mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, Observation
from core.randomness import generator

SHARES = (0.1, 0.2, 0.3, 0.5)
"""Of an image's blocks, by which so many are left out."""

CANDIDATES = 100
IntArray = npt.NDArray[np.int64]
Array = npt.NDArray[np.float64]
Chosen = tuple[int, ...]
"""Numbers of blocks, in rising order."""


class Deletion(NamedTuple):
    """What is left out of one image for one map and share.

    Attributes
    ----------
    top
        The blocks where the map is highest.
    matched
        Random draws of as many blocks, whose mix of classes is the nearest to theirs.
    unlike
        How far the mix of the draws is from theirs, on average: 0 the same, 1 no class in common.
    """

    top: Chosen
    matched: tuple[Chosen, ...]
    unlike: float


@dataclass(frozen=True)
class Regions:
    """The blocks of one image.

    Attributes
    ----------
    number
        `(h, w)`: the block of each grid point.
    classes
        `(n, C)`: how many grid points of each class a block has; void ones are no class.
    """

    number: IntArray
    classes: Array

    @classmethod
    def of(cls, number: IntArray, observation: Observation) -> "Regions":
        """Count the classes of each block."""
        label = observation.label
        assert label is not None
        known = label != VOID
        classes = np.zeros((int(number.max()) + 1, len(observation.posteriors)))
        np.add.at(classes, (number[known], label[known].astype(np.int64)), 1)
        return cls(number, classes)

    def deletion(self, means: Array, share: float, draws: int, key: str) -> Deletion:
        """Leave out `share` of the blocks with a label; `means` of a map over each, NaN where it says nothing."""
        usable = np.flatnonzero(self.classes.sum(axis=1) > 0)
        count = min(max(1, round(share * len(self.classes))), len(usable) - 1)
        order = usable[np.argsort(-np.nan_to_num(means[usable], nan=-np.inf), kind="stable")]
        top = _chosen(order[:count])
        rng = generator(0, key, f"deletion {share}")
        drawn = {_chosen(rng.choice(usable, count, replace=False)) for _ in range(CANDIDATES)} - {top}
        nearest = sorted(drawn, key=lambda blocks: (self._unlike(top, blocks), blocks))[:draws]
        return Deletion(top, tuple(nearest), float(np.mean([self._unlike(top, blocks) for blocks in nearest])))

    def without(self, observation: Observation, blocks: Chosen) -> Observation:
        """The image with blocks void."""
        out = np.isin(self.number, blocks)
        assert observation.label is not None
        references = tuple(
            replace(r, true_log_probability=_void(r.true_log_probability, out)) for r in observation.references
        )
        return replace(
            observation,
            label=np.where(out, VOID, observation.label).astype(np.uint8),
            true_log_probability=_void(observation.true_log_probability, out),
            references=references,
        )

    def _unlike(self, one: Chosen, other: Chosen) -> float:
        a, b = (self.classes[list(blocks)].sum(axis=0) for blocks in (one, other))
        return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def block_means(values: npt.NDArray[np.floating], number: IntArray) -> Array:
    """Mean of a map over each block, NaN where it says nothing."""
    known, count = ~np.isnan(values), int(number.max()) + 1
    pixels = np.bincount(number[known], minlength=count)
    return np.where(pixels, np.bincount(number[known], values[known], count) / np.maximum(pixels, 1), np.nan)


def merged(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Stack what is known of each image."""
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _chosen(blocks: IntArray) -> Chosen:
    return tuple(sorted(map(int, blocks)))


def _void(values: npt.NDArray[np.float32] | None, out: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32] | None:
    return None if values is None else np.where(out, np.float32(0), values)
