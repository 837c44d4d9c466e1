"""The plan of a street, seen from above: road, kerbs, verges, pavements, fronts, a bend, perhaps a crossing.

Places along a street are given by `s`, metres to the right of the middle of the road, and `z`, metres ahead.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.scenes.camera import FAR, NEAR, Camera, Points
from core.data.scenes.dice import Dice

_FEW, _MANY = np.linspace(0, 1, 4), np.linspace(0, 1, 14)
CHARACTERS = ("city", "city", "suburb", "avenue", "works", "outskirts")
"""Kinds of streets; cities come twice as often as the others."""


@dataclass(frozen=True)
class Side:
    """What lies beside the road, in metres from the kerb outwards.

    Attributes
    ----------
    parking
        Width of the strip of the road on which cars park; 0 for none.
    verge
        Width of grass behind the kerb.
    walk
        Width of the pavement.
    yard
        From the pavement to the fronts of the houses.
    """

    parking: float
    verge: float
    walk: float
    yard: float

    @property
    def front(self) -> float:
        """From the kerb to the fronts."""
        return self.verge + self.walk + self.yard


@dataclass(frozen=True)
class Street:
    """One street in front of the camera.

    Attributes
    ----------
    character
        One of `CHARACTERS`.
    lanes
        Number of lanes, of `lane` metres each.
    left, right
        The two sides.
    offset
        Place `s` of the camera.
    slope, curve
        The middle of the road is at x = slope z + curve z^2 - offset.
    crossing
        From where to where in z another road crosses, or None.
    """

    character: str
    lanes: int
    lane: float
    left: Side
    right: Side
    offset: float
    slope: float
    curve: float
    crossing: tuple[float, float] | None

    def half(self, side: int) -> float:
        """From the middle of the road to the kerb on a side, -1 (left) or 1 (right)."""
        return self.lanes * self.lane / 2 + self.side(side).parking

    def side(self, side: int) -> Side:
        """The left (-1) or right (1) side."""
        return self.left if side < 0 else self.right

    def front(self, side: int) -> float:
        """From the middle of the road to the fronts of the houses on a side."""
        return self.half(side) + self.side(side).front

    def x(self, s: float, z: float) -> float:
        """World x of a place."""
        return s + self.slope * z + self.curve * z * z - self.offset

    def heading(self, z: float) -> float:
        """Direction of the street there: angle from straight ahead in radians, to the right positive."""
        return float(np.arctan(self.slope + 2 * self.curve * z))

    def plan(self, places: npt.ArrayLike) -> Points:
        """Places `(..., 2)` of s and z to ground points of x and z."""
        given = np.asarray(places, dtype=np.float64)
        z = given[..., 1]
        placed = given.copy()
        placed[..., 0] += self.slope * z + self.curve * z * z - self.offset
        return placed

    def strip(self, camera: Camera, inner: float, outer: float, z0: float = NEAR, z1: float = FAR) -> Points:
        """Image points of the ground between two lines along the street."""
        z0 = max(z0, NEAR)
        z = z0 * (z1 / z0) ** (_FEW if z1 - z0 < 20 else _MANY)
        middle, scale = (self.slope + self.curve * z) * z - self.offset, camera.focal / z
        strip = np.empty((2, len(z), 2))
        strip[0, :, 0], strip[1, :, 0] = (middle + inner) * scale, (middle + outer) * scale
        strip[..., 0] += camera.centre
        strip[..., 1] = camera.horizon + camera.eye * scale
        strip[1] = strip[1, ::-1].copy()
        return strip.reshape(-1, 2)

    def in_crossing(self, z: float, margin: float = 0.0) -> bool:
        """Whether the crossing road is there, or nearer than `margin` metres."""
        return self.crossing is not None and self.crossing[0] - margin < z < self.crossing[1] + margin


def make_street(dice: Dice) -> Street:
    """Draw a plan. The camera drives in the right half of the road."""
    character = dice.pick(CHARACTERS)
    lanes = {"city": dice.pick((2, 2, 3, 4)), "avenue": dice.pick((4, 4, 6)), "outskirts": 2}.get(character, 2)
    lane = dice.between(2.9, 3.7)
    offset = lane / 2 if lanes < 3 else lane * (dice.whole(0, lanes // 2 - 1) + 0.5)
    crossing = None
    if dice.chance(0.45):
        begin = dice.between(10, 45)
        crossing = (begin, begin + dice.between(6.5, 14))
    bend = dice.between(-1, 1) ** 3 * 0.0045
    return Street(
        character=character,
        lanes=lanes,
        lane=lane,
        left=_side(dice, character),
        right=_side(dice, character),
        offset=offset + dice.between(-0.4, 0.4),
        slope=dice.between(-0.06, 0.06) - 12 * bend,
        curve=bend,
        crossing=crossing,
    )


def _side(dice: Dice, character: str) -> Side:
    parking = 2.2 if dice.chance(0.55) and character != "outskirts" else 0.0
    walk = dice.between(1.6, 4.5)
    if character == "city":
        return Side(parking, 0.0, walk, dice.pick((0.0, 0.0, 0.0, 2.0)))
    if character == "avenue":
        return Side(parking, dice.between(1.5, 4.0), walk, dice.between(0.0, 6.0))
    if character == "suburb":
        verge = dice.pick((0.0, dice.between(0.8, 2.0)))
        return Side(parking, verge, min(walk, 2.4), dice.between(3.0, 8.0))
    if character == "works":
        return Side(parking, dice.pick((0.0, 1.5)), walk, dice.between(2.0, 12.0))
    return Side(parking, dice.between(1.0, 3.0), min(walk, 2.0), dice.between(6.0, 16.0))
