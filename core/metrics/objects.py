"""Single objects of single images, and where each stands among those of images that were not trained on.

An object is a connected area of one class in a label map. Objects are many, so the best of them says little: among ten
thousand that nobody trained on, some stand above all others too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from core.data.scheme import VOID
from core.metrics.slices import IntArray, LabelMap, objects

FloatArray = npt.NDArray[np.float64]

SMALLEST = 32
"""Pixels of the attack grid below which an object is not listed: the mean of a speck says nothing."""

FEWEST = 20
"""Objects to compare with below which nothing is said of where one stands."""


@dataclass(frozen=True)
class ObjectTable:
    """Objects as columns, all `(n,)`.

    Attributes
    ----------
    image
        Image id.
    number
        The object's number in its image, as `core.metrics.slices.objects` counts.
    class_id
        Train id.
    pixels
        Of the attack grid, with a value of the map.
    top, left
        The middle of its pixels, as shares of the image's height and width.
    value
        The mean of the map; higher = more likely a member.
    """

    image: IntArray
    number: IntArray
    class_id: IntArray
    pixels: IntArray
    top: FloatArray
    left: FloatArray
    value: FloatArray

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def joined(cls, tables: "Sequence[ObjectTable]") -> "ObjectTable":
        """All rows of several tables, in their order."""
        return cls(*(np.concatenate([getattr(t, f.name) for t in tables]) for f in fields(cls)))


def objects_of(values: npt.NDArray[np.floating], label: LabelMap, image: int) -> ObjectTable:
    """The objects of one image with at least `SMALLEST` pixels where the map `(h, w)` says something."""
    numbers, classes = objects(label)
    known = np.isfinite(values) & (numbers >= 0)
    inside, count = numbers[known], len(classes)
    pixels = np.bincount(inside, minlength=count)
    kept = np.flatnonzero(pixels >= SMALLEST)
    rows, columns = np.nonzero(known)

    def mean(of: npt.NDArray[np.generic]) -> FloatArray:
        return np.bincount(inside, weights=of.astype(np.float64), minlength=count)[kept] / pixels[kept]

    height, width = label.shape
    whole = np.full(len(kept), image), kept, classes[kept], pixels[kept]
    return ObjectTable(*whole, (mean(rows) + 0.5) / height, (mean(columns) + 0.5) / width, mean(values[known]))


def no_objects() -> ObjectTable:
    """A table without rows."""
    return objects_of(np.zeros((1, 1)), np.full((1, 1), VOID, np.uint8), 0)


@dataclass(frozen=True)
class Standings:
    """Where each of some objects stands, both `(n,)`.

    Attributes
    ----------
    of
        How many objects it is compared with: those of the same class and of similar size (its number of pixels lies
        between the same powers of 2) in non-members, not counting those of its own image or group.
    as_high
        How many of those have a mean at least as high.
    """

    of: IntArray
    as_high: IntArray

    @property
    def rank(self) -> FloatArray:
        """(1 + as high) / (of + 1): small where an object stands high among many. 1 where there are too few."""
        return np.where(self.of >= FEWEST, (1 + self.as_high) / (self.of + 1), 1.0)


def standings(table: ObjectTable, non_member: npt.NDArray[np.bool_], units: IntArray) -> Standings:
    """Compare every object with those of the rows that `non_member` marks.

    `units` says which image, or group of images, each belongs to: those of one are not compared with each other.
    """
    alike = table.class_id * 64 + np.log2(np.maximum(table.pixels, 1)).astype(np.int64)
    of, as_high = np.zeros(len(table), np.int64), np.zeros(len(table), np.int64)
    for rows in _groups(alike):
        others = rows[non_member[rows]]
        of[rows], as_high[rows] = _counted(table.value[others], table.value[rows])
        for places in _groups(units[rows]):
            same = rows[places]
            fewer, lower = _counted(table.value[same[non_member[same]]], table.value[same])
            of[same] -= fewer
            as_high[same] -= lower
    return Standings(of, as_high)


def _counted(values: FloatArray, of: FloatArray) -> tuple[int, IntArray]:
    """How many values there are, and for each of `of` how many are at least as high."""
    return len(values), len(values) - np.searchsorted(np.sort(values), of, side="left")


def _groups(keys: IntArray) -> list[IntArray]:
    """The places of each key."""
    order = np.argsort(keys, kind="stable")
    return [part for part in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1) if len(part)]
