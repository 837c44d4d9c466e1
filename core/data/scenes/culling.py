"""Leaves out what nobody would see: outside the frame, or behind houses and vehicles."""

import math
from collections.abc import Sequence

import numpy as np

from core.data.scenes.camera import NEAR, Camera
from core.data.scenes.things import Face, Thing

COLUMNS, ROWS = 128, 256
"""Parts of the frame in which it is kept what is covered."""
FAR = 100.0
"""Farther away than this (in metres) too little is hidden by a thing to look for it."""
EDGE = 1.5
"""Pixels by which a drawing may reach beyond its outline, or fall short of it, by rounding."""
_ABOVE = [(1 << row) - 1 for row in range(ROWS + 1)]
"""The bits of all rows above one."""


def seen(things: Sequence[Thing], camera: Camera, *, night: bool) -> list[Thing]:
    """Those of the things, sorted from far to near, that are not certainly hidden; the order stays."""
    cover = _Cover(camera)
    kept = []
    for thing, *box in reversed(list(zip(things, *_bounds(things, camera, night=night), strict=True))):
        if not cover.hides(*box):
            kept.append(thing)
            if thing.faces and thing.depth < FAR:
                for face in thing.faces():
                    cover.add(face)
    return kept[::-1]


def _bounds(things: Sequence[Thing], camera: Camera, *, night: bool) -> list[list[int]]:
    """Of each thing the first column and row, and the ones after the last: left, right, top, bottom."""
    feet = np.array([thing.footprint for thing in things]).reshape(-1, 4, 2)
    more = [thing.glow if night else 0.0 for thing in things]
    high, aside, light = np.array([(thing.high, thing.aside, glow) for thing, glow in zip(things, more, strict=True)]).T
    scale = camera.focal / np.maximum(NEAR, feet[..., 1])
    columns = feet[..., 0] * scale + camera.centre
    nearest, farthest = scale.max(1), scale.min(1)
    margin = (aside + light) * nearest + EDGE
    above = camera.eye - high - light
    top = camera.horizon + above * np.where(above < 0, nearest, farthest) - EDGE
    bottom = camera.horizon + (camera.eye + light) * nearest + EDGE
    across, down = COLUMNS / camera.width, ROWS / camera.height
    bounds = (
        ((columns.min(1) - margin) * across).clip(0, COLUMNS),
        ((columns.max(1) + margin) * across + 1).clip(0, COLUMNS),
        (top * down).clip(0, ROWS),
        (bottom * down + 1).clip(0, ROWS),
    )
    return [bound.astype(int).tolist() for bound in bounds]


class _Cover:
    """Which parts of the frame are covered: for each column the bits of its rows."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._columns = [0] * COLUMNS

    def hides(self, left: int, right: int, top: int, bottom: int) -> bool:
        """Whether all of a box is covered or outside the frame."""
        rows = _ABOVE[bottom] & ~_ABOVE[top]
        if rows:
            for column in self._columns[left:right]:
                if rows & ~column:
                    return False
        return True

    def add(self, face: Face) -> None:
        """Cover what an upright face hides."""
        camera = self._camera
        x0, z0, x1, z1, low, high = face
        scale, end = camera.scale(z0), camera.scale(z1)
        left, right = x0 * scale + camera.centre, x1 * end + camera.centre
        if left > right:
            left, right, scale, end = right, left, end, scale
        wide = camera.width / COLUMNS
        first, last = max(0, math.ceil((left + EDGE) / wide)), min(COLUMNS, math.floor((right - EDGE) / wide))
        if first >= last:
            return
        slope, down = (end - scale) / (right - left) * wide, ROWS / camera.height
        above, below = (camera.eye - high) * down, (camera.eye - low) * down
        over, under = (camera.horizon + EDGE) * down, (camera.horizon - EDGE) * down
        columns = self._columns
        before = scale + slope * (first - left / wide)
        for column in range(first, last):
            after = before + slope
            top = math.ceil(over + (above * before if (above < 0) == (before < after) else above * after))
            bottom = math.floor(under + below * (before if before < after else after))
            if top < bottom and bottom > 0 and top < ROWS:
                columns[column] |= _ABOVE[min(bottom, ROWS)] & ~_ABOVE[max(top, 0)]
            before = after
