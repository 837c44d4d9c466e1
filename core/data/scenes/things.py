"""What a scene is put together from."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.data.scenes.camera import NEAR, Points
from core.data.scenes.canvas import Canvas


@dataclass(frozen=True)
class Thing:
    """Something that stands on the ground.

    Attributes
    ----------
    depth
        Distance in metres by which things are sorted; the farthest is painted first.
    paint
        Draws it.
    footprint
        Ground points `(N, 2)` of x and z around what casts a shadow; empty for none.
    tall
        Height in metres of what casts the shadow.
    contact
        Whether the ground under it is dark in any light.
    covers
        Height in metres up to which the line between the first two points of the footprint hides all behind it.
    """

    depth: float
    paint: Callable[[Canvas], None]
    footprint: Points
    tall: float = 0.0
    contact: bool = False
    covers: float = 0.0

    def shadow(self, step: tuple[float, float]) -> Points:
        """Ground points around the shadow, for the shadow `step` of one metre of height."""
        ends = np.concatenate([self.footprint, self.footprint + np.asarray(step) * self.tall])
        ends[:, 1] = ends[:, 1].clip(NEAR)
        return ends


NO_FOOTPRINT: Points = np.empty((0, 2))


def rectangle(x: float, z: float, wide: float, long: float, turn: float = 0.0) -> Points:
    """Corners of a rectangle on the ground around x, z: `long` metres along its heading `turn`, `wide` across."""
    sine, cosine = math.sin(turn) / 2, math.cos(turn) / 2
    return np.array(
        [
            (x + a * wide * cosine + b * long * sine, z - a * wide * sine + b * long * cosine)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
    )
