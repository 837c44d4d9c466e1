"""Leaves out what nobody would see: outside the frame, or behind houses."""

from collections.abc import Sequence

import numpy as np

from core.data.scenes.camera import NEAR, Camera
from core.data.scenes.things import Thing

BINS = 128
"""Columns in which the cover by houses is kept."""
ASIDE = 2.5
"""Metres by which a thing may reach beyond its footprint: arms of lamps, twigs."""


def seen(things: Sequence[Thing], camera: Camera) -> list[Thing]:
    """Those of the things, sorted from far to near, that are not certainly hidden; the order stays."""
    cover = np.full(BINS, np.inf)
    kept = []
    for thing in reversed(things):
        if not len(thing.footprint):
            kept.append(thing)
            continue
        left, right, top = _bounds(thing, camera)
        first, last = max(0, int(left)), min(BINS, int(right) + 1)
        if first < last and (cover[first:last] > top).any():
            kept.append(thing)
            if thing.covers:
                _add(cover, thing, camera)
    return kept[::-1]


def _bounds(thing: Thing, camera: Camera) -> tuple[float, float, float]:
    """Leftmost and rightmost bin, highest row in pixels."""
    nearest = max(NEAR, float(thing.footprint[:, 1].min()))
    columns = camera.ground(thing.footprint)[:, 0]
    margin = ASIDE * camera.scale(nearest)
    farthest = float(thing.footprint[:, 1].max())
    high = 1.5 * thing.tall + 1.0
    top = camera.horizon + (camera.eye - high) * camera.scale(nearest if high > camera.eye else farthest)
    bins = BINS / camera.width
    return (columns.min() - margin) * bins, (columns.max() + margin) * bins, top


def _add(cover: "np.ndarray[tuple[int], np.dtype[np.float64]]", thing: Thing, camera: Camera) -> None:
    """Cover the columns of a house's front up to its eaves."""
    near, far = thing.footprint[:2]
    ends = camera.project([(near[0], thing.covers, near[1]), (far[0], thing.covers, far[1])])
    if ends[0, 0] > ends[1, 0]:
        ends = ends[::-1]
    columns = np.arange(BINS + 1) * (camera.width / BINS)
    rows = np.interp(columns, ends[:, 0], ends[:, 1])
    lowest = np.maximum(rows[:-1], rows[1:])
    inside = (columns[:-1] >= ends[0, 0]) & (columns[1:] <= ends[1, 0])
    cover[inside] = np.minimum(cover[inside], lowest[inside] + 1)
