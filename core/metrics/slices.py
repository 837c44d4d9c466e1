"""Where in images members and non-members differ: parts of an image, alike in all images, judged image by image.

The pixels of an image are not independent, so those of a part are averaged within each image first; AUC and interval
are then those of images, as for image scores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scheme import VOID
from core.metrics.intervals import Groups, Interval, bootstrap
from core.metrics.roc import auc, roc_curve

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
LabelMap = npt.NDArray[np.uint8]

NOWHERE = -1
"""The part of a pixel that belongs to none."""

FEWEST_PIXELS = 16
"""Pixels of a part below which an image says nothing of it."""

DISTANCES = (1, 3, 6, 12)
"""Limits between the distances to a label boundary, in pixels of the attack grid."""
DISTANCE_NAMES = ("beside it", "1 to 3 px", "3 to 6 px", "6 to 12 px", "over 12 px")

SIZES = (0.001, 0.01, 0.1)
"""Limits between the sizes of objects, as shares of the attack grid."""
SIZE_NAMES = ("under 0.1 % of the image", "0.1 to 1 %", "1 to 10 %", "over 10 % of the image")

ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")


@dataclass(frozen=True)
class Parts:
    """One way of cutting images into parts.

    Attributes
    ----------
    kind, title
        A short name, and what it is called on screen.
    number
        From a label map `(h, w)` to the number of the part at each pixel, `(h, w)` int64, `NOWHERE` where there is
        none.
    names
        What the parts are called, by number.
    """

    kind: str
    title: str
    number: Callable[[LabelMap], IntArray]
    names: tuple[str, ...]


def all_parts(classes: Sequence[str]) -> tuple[Parts, ...]:
    """Every way of cutting, for label maps of these classes."""
    places = tuple(f"{row} {column}" for row in ROWS for column in COLUMNS)
    return (
        Parts("class", "Class", by_class, tuple(classes)),
        Parts("boundary", "Distance to a label boundary", by_boundary, DISTANCE_NAMES),
        Parts("size", "Object size", by_size, SIZE_NAMES),
        Parts("place", "Place in the image", by_place, places),
    )


def by_class(label: LabelMap) -> IntArray:
    """The train id of each pixel."""
    return np.where(label == VOID, NOWHERE, label.astype(np.int64))


def by_boundary(label: LabelMap) -> IntArray:
    """Which of the `DISTANCES` a pixel's distance to the nearest pixel beside another label falls between."""
    return np.where(label == VOID, NOWHERE, np.searchsorted(DISTANCES, boundary_distance(label), side="right"))


def boundary_distance(label: LabelMap) -> npt.NDArray[np.float32]:
    """Distance to the nearest pixel that has a neighbour of another label, `(h, w)`; infinite where there is none."""
    beside = np.zeros(label.shape, np.bool_)
    down, right = label[1:] != label[:-1], label[:, 1:] != label[:, :-1]
    beside[1:] |= down
    beside[:-1] |= down
    beside[:, 1:] |= right
    beside[:, :-1] |= right
    if not beside.any():
        return np.full(label.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~beside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def objects(label: LabelMap) -> tuple[IntArray, IntArray]:
    """Connected areas of one class: the number of each pixel's `(h, w)`, `NOWHERE` where void, and their classes."""
    numbers = np.full(label.shape, NOWHERE, np.int64)
    classes: list[int] = []
    for value in np.unique(label[label != VOID]).tolist():
        found, areas = cv2.connectedComponents((label == value).astype(np.uint8), connectivity=8)
        inside = areas > 0
        numbers[inside] = areas[inside] - 1 + len(classes)
        classes += [value] * (found - 1)
    return numbers, np.array(classes, np.int64)


def by_size(label: LabelMap) -> IntArray:
    """Which of the `SIZES` the object of each pixel falls between."""
    numbers, classes = objects(label)
    shares = np.bincount(numbers[numbers >= 0], minlength=len(classes)) / label.size
    # A pixel of no object takes the last entry, which is put there for it.
    return np.append(np.searchsorted(SIZES, shares, side="right"), NOWHERE)[numbers]


def by_object(label: LabelMap) -> IntArray:
    """The object of each pixel, as `objects` counts them."""
    return objects(label)[0]


def by_place(label: LabelMap) -> IntArray:
    """The ninth of the image that a pixel lies in, row by row."""
    height, width = label.shape
    rows, columns = np.arange(height) * 3 // height, np.arange(width) * 3 // width
    return np.asarray(rows[:, None] * 3 + columns[None, :], np.int64)


CUTS: Mapping[str, Callable[[LabelMap], IntArray]] = {
    "class": by_class,
    "boundary": by_boundary,
    "size": by_size,
    "place": by_place,
    "object": by_object,
}
"""The ways of cutting by their short names; objects are no parts that images have in common."""


def pixels_of(kind: str, number: int, label: LabelMap) -> npt.NDArray[np.bool_]:
    """Which pixels `(h, w)` belong to the part of that number, as `kind` cuts a label map."""
    return np.asarray(CUTS[kind](label) == number, np.bool_)


def means(values: npt.NDArray[np.floating], numbers: IntArray, count: int) -> FloatArray:
    """The mean of a map `(h, w)` over each of `count` parts; NaN of parts with fewer than `FEWEST_PIXELS` values."""
    known = np.isfinite(values) & (numbers >= 0) & (numbers < count)
    pixels = np.bincount(numbers[known], minlength=count)
    total = np.bincount(numbers[known], weights=values[known].astype(np.float64), minlength=count)
    return np.where(pixels >= FEWEST_PIXELS, total / np.maximum(pixels, 1), np.nan)


@dataclass(frozen=True)
class Leak:
    """How well one part of the images tells members from non-members.

    Attributes
    ----------
    auc, interval
        Of the images that have the part; None where one side has none, or too few to resample.
    members, non_members
        How many images those are.
    """

    auc: float | None
    interval: Interval | None
    members: int
    non_members: int


def leak_of(
    members: FloatArray,
    non_members: FloatArray,
    member_groups: Groups = None,
    non_member_groups: Groups = None,
    *,
    resamples: int,
    seed: int,
    level: float,
) -> Leak:
    """Judge the means of one part over images; NaN where an image does not have it. Higher = more likely a member."""
    inside, inside_groups = _known(members, member_groups)
    outside, outside_groups = _known(non_members, non_member_groups)
    if not inside.size or not outside.size:
        return Leak(None, None, inside.size, outside.size)
    interval = bootstrap(
        auc, inside, outside, inside_groups, outside_groups, resamples=resamples, seed=seed, level=level
    )
    return Leak(float(auc(roc_curve(inside, outside))), interval, inside.size, outside.size)


def _known(values: FloatArray, groups: Groups) -> tuple[FloatArray, Groups]:
    known = np.isfinite(values)
    kept = None if groups is None else [group for group, use in zip(groups, known, strict=True) if use]
    return values[known], kept


@dataclass(frozen=True)
class RegionScore:
    """What a map says inside a region, against the same classes elsewhere in the image.

    Attributes
    ----------
    inside, elsewhere
        Mean of the map inside, and of the same mix of classes outside.
    pixels
        Pixels inside that could be compared; those of classes found nowhere else are left out.
    """

    inside: float
    elsewhere: float
    pixels: int

    @property
    def difference(self) -> float:
        """Inside minus elsewhere."""
        return self.inside - self.elsewhere


def region_score(
    values: npt.NDArray[np.floating], label: LabelMap, region: npt.NDArray[np.bool_]
) -> RegionScore | None:
    """Compare a map `(h, w)` inside a region with the same classes elsewhere; None where there are none."""
    known = np.isfinite(values) & (label != VOID)
    inside, outside = known & region, known & ~region
    counts = np.bincount(label[inside], minlength=256), np.bincount(label[outside], minlength=256)
    sums = [np.bincount(label[m], weights=values[m].astype(np.float64), minlength=256) for m in (inside, outside)]
    shared = (counts[0] > 0) & (counts[1] > 0)
    pixels = int(counts[0][shared].sum())
    if not pixels:
        return None
    elsewhere = counts[0][shared] @ (sums[1][shared] / counts[1][shared])
    return RegionScore(float(sums[0][shared].sum() / pixels), float(elsewhere / pixels), pixels)
