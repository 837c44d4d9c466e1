"""Leaves out what nobody would see: outside the frame, or behind houses."""

import math
from collections.abc import Sequence

import numpy as np

from core.data.scenes.camera import NEAR, Camera
from core.data.scenes.things import Thing

BINS = 128
"""Columns in which the cover by houses is kept."""


def seen(things: Sequence[Thing], camera: Camera) -> list[Thing]:
    """Those of the things, sorted from far to near, that are not certainly hidden; the order stays."""
    cover = np.full(BINS, np.inf)
    kept = []
    for thing, first, last, top in reversed(list(zip(things, *_bounds(things, camera), strict=True))):
        if first < last and cover[first:last].max() > top:
            kept.append(thing)
            if thing.covers:
                _add(cover, thing, camera)
    return kept[::-1]


def _bounds(things: Sequence[Thing], camera: Camera) -> tuple[list[int], list[int], list[float]]:
    """Of each thing the first bin, the one after the last, and the highest row in pixels."""
    feet = np.array([thing.footprint for thing in things]).reshape(-1, 4, 2)
    high = np.array([1.5 * thing.tall + 1.0 for thing in things])
    aside = np.array([thing.aside for thing in things])
    nearest = np.maximum(NEAR, feet[..., 1].min(1))
    margin = aside * camera.focal / nearest
    reach = np.where(high > camera.eye, nearest, np.maximum(NEAR, feet[..., 1].max(1)))
    top = camera.horizon + (camera.eye - high) * camera.focal / reach
    columns = camera.ground(feet)[..., 0]
    bins = BINS / camera.width
    first = ((columns.min(1) - margin) * bins).clip(0, BINS).astype(int)
    last = ((columns.max(1) + margin) * bins + 1).clip(0, BINS).astype(int)
    return first.tolist(), last.tolist(), top.tolist()


def _add(cover: "np.ndarray[tuple[int], np.dtype[np.float64]]", thing: Thing, camera: Camera) -> None:
    """Cover the columns of a house's front up to its eaves."""
    near, far = thing.footprint[:2]
    left, right = sorted((camera.at(near[0], thing.covers, near[1]), camera.at(far[0], thing.covers, far[1])))
    bins = BINS / camera.width
    first, last = max(0, math.ceil(left[0] * bins)), min(BINS, math.floor(right[0] * bins))
    if first < last:
        rows = np.interp(np.arange(first, last + 1) / bins, (left[0], right[0]), (left[1], right[1]))
        cover[first:last] = np.minimum(cover[first:last], np.maximum(rows[:-1], rows[1:]) + 1)
