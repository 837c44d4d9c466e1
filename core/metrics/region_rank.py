"""Where a drawn region stands among images that were not trained on: the same classes there.

A region is smaller than what it is compared with, and its mean strays further for that alone: a place in a row, no
p-value.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.metrics.slices import LabelMap, by_class, means

FloatArray = npt.NDArray[np.float64]

FEWEST = 20
"""Non-members below which nothing is said of where a region stands."""

COVERED = 0.5
"""Share of the region's pixels whose classes an image must have to be compared with it."""


@dataclass(frozen=True, eq=False)
class ClassMeans:
    """What a map says of each class in some images.

    Attributes
    ----------
    images
        Image ids `(n,)`.
    values
        `(n, C)` means by train id, NaN where an image has too few pixels of a class.
    sign
        -1 where lower values speak for a member, else 1.
    """

    images: npt.NDArray[np.int64]
    values: FloatArray
    sign: int = 1


def class_means(values: npt.NDArray[np.floating], label: LabelMap, classes: int) -> FloatArray:
    """The mean of a map `(h, w)` over each class `(C,)`; see `core.metrics.slices.means`."""
    return means(values, by_class(label), classes)


@dataclass(frozen=True)
class RegionRank:
    """A region beside non-members.

    Attributes
    ----------
    usual
        The mean over the non-members of what they have of the same classes, mixed as in the region.
    as_high, of
        How many speak at least as much for a member as the region does, of how many that could be compared.
    """

    usual: float
    as_high: int
    of: int

    @property
    def percentile(self) -> float | None:
        """How many per cent of the non-members lie below the region; None where they are too few."""
        return 100 * (1 - self.as_high / self.of) if self.of >= FEWEST else None


def region_rank(
    values: npt.NDArray[np.floating],
    label: LabelMap,
    region: npt.NDArray[np.bool_],
    known: ClassMeans,
    without: int | None = None,
) -> RegionRank | None:
    """Compare a map `(h, w)` inside a region with the same classes in other images; None where none has them.

    With each image only the classes are compared that it has too. `without`: the image of the region itself.
    """
    others = known.values[known.images != without] if without is not None else known.values
    count = others.shape[1]
    inside = region & np.isfinite(values) & (label < count)
    pixels = np.bincount(label[inside], minlength=count)
    sums = np.bincount(label[inside], weights=values[inside].astype(np.float64), minlength=count)
    shared = np.isfinite(others) & (pixels > 0)
    weights = np.where(shared, pixels, 0)
    covering = weights.sum(axis=1) >= max(1.0, COVERED * pixels.sum())
    if not covering.any():
        return None
    weights, others = weights[covering], np.where(shared, others, 0.0)[covering]
    total = weights.sum(axis=1)
    own = (weights * (sums / np.maximum(pixels, 1))).sum(axis=1) / total
    theirs = (weights * others).sum(axis=1) / total
    as_high = int((known.sign * theirs >= known.sign * own).sum())
    return RegionRank(float(theirs.mean()), as_high, len(total))
