"""What a scene is put together from."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.data.scenes.canvas import Canvas

Footprint = Sequence[Sequence[float]]
Face = tuple[float, float, float, float, float, float]
"""An upright rectangle: x and z of its ends, then its lower and upper edge, all in metres."""


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
    high, low
        Metres above the ground between which all of it is drawn.
    aside
        Metres by which it may reach beyond its footprint: arms of lamps, twigs.
    contact
        Whether the ground under it is dark in any light.
    glow
        Metres around it that it lights up at night.
    faces
        Gives upright faces of it that hide all behind them.
    """

    depth: float
    paint: Callable[[Canvas], None]
    footprint: Footprint
    tall: float
    high: float
    low: float = 0.0
    aside: float = 0.5
    contact: bool = False
    glow: float = 0.0
    faces: Callable[[], Sequence[Face]] | None = None


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
