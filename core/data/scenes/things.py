"""What a scene is put together from."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.data.scenes.canvas import Canvas

Footprint = Sequence[Sequence[float]]


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
        Four ground points of x and z around what casts a shadow.
    tall
        Height in metres of what casts the shadow; 0 for none.
    contact
        Whether the ground under it is dark in any light.
    covers
        Height in metres up to which the line between the first two points of the footprint hides all behind it.
    aside
        Metres by which it may reach beyond its footprint: arms of lamps, twigs.
    """

    depth: float
    paint: Callable[[Canvas], None]
    footprint: Footprint
    tall: float = 0.0
    contact: bool = False
    covers: float = 0.0
    aside: float = 0.5


def rectangle(x: float, z: float, wide: float, long: float, turn: float = 0.0) -> Footprint:
    """Corners of a rectangle on the ground around x, z: `long` metres along its heading `turn`, `wide` across."""
    sine, cosine = math.sin(turn) / 2, math.cos(turn) / 2
    right, ahead = (wide * cosine, -wide * sine), (long * sine, long * cosine)
    return (
        (x - right[0] - ahead[0], z - right[1] - ahead[1]),
        (x + right[0] - ahead[0], z + right[1] - ahead[1]),
        (x + right[0] + ahead[0], z + right[1] + ahead[1]),
        (x - right[0] + ahead[0], z - right[1] + ahead[1]),
    )
