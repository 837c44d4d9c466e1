"""Houses along the street: boxes with fronts, end walls and roofs."""

from dataclasses import dataclass

import numpy as np

from core.data.scenes.camera import Points
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import BUILDING
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.facades import Facade, draw_facade, make_facade
from core.data.scenes.street import Street
from core.data.scenes.things import Thing
from core.data.scenes.tiles import coloured, cut, planks

ROOFS: tuple[Colour, ...] = ((128, 66, 50), (108, 60, 50), (84, 82, 84), (70, 66, 66), (140, 88, 64))
KINDS = {
    "city": ("block", "block", "block", "office"),
    "avenue": ("block", "office", "office"),
    "suburb": ("house", "house", "house", "block"),
    "works": ("hall", "hall", "office"),
    "outskirts": ("house", "house", "hall"),
}
FINEST = 22.0
"""Most texture pixels a metre."""


@dataclass(frozen=True)
class House:
    """A box beside the street.

    Attributes
    ----------
    look
        Of its fronts.
    side
        -1 left, 1 right.
    corners
        Ground points of x and z: near and far end of the front, then `depth` metres behind them.
    roof
        Height of the ridge above the eaves in metres; 0 for a flat roof.
    exposed
        Whether the near end wall can be seen.
    """

    look: Facade
    side: int
    corners: Points
    roof: float
    tiles: Colour
    exposed: bool
    dice: Dice

    def paint(self, canvas: Canvas) -> None:
        """Draw what faces the camera: far things of the house first."""
        if self.roof:
            self._paint_roof(canvas)
        near, far, _, back = self.corners
        if self.exposed and near[1] > 2:
            outwards = (near, back) if self.side > 0 else (back, near)
            self._paint_wall(canvas, *outwards, name="end", facing=canvas.light.facing(0, -1))
            if self.roof:
                self._paint_gable(canvas, near, back)
        left, right = (near, far) if self.side < 0 else (far, near)
        self._paint_wall(canvas, left, right, name="front", facing=canvas.light.facing(-self.side, 0))

    def _paint_wall(self, canvas: Canvas, left: Points, right: Points, name: str, facing: float) -> None:
        camera, tall = canvas.camera, self.look.tall
        ends = np.array(
            [(left[0], tall, left[1]), (right[0], tall, right[1]), (right[0], 0, right[1]), (left[0], 0, left[1])]
        )
        corners = camera.project(ends)
        if corners[:, 0].max() < 0 or corners[:, 0].min() > camera.width or corners[2, 1] < 0:
            return
        nearest = min(left[1], right[1])
        beside = max(camera.centre, camera.width - camera.centre)
        nearest = max(nearest, min(abs(left[0]), abs(right[0])) * camera.focal / beside)
        density = min(FINEST, max(1.0, camera.scale(nearest) * 0.9))
        middle = (max(nearest, left[1]) + max(nearest, right[1])) / 2
        long = float(np.hypot(*(right - left)))
        front = draw_facade(self.look, long, canvas.light, middle, facing, density, self.dice.child(name))
        canvas.texture(corners, front, BUILDING)

    def _paint_roof(self, canvas: Canvas) -> None:
        near, far, far_back, near_back = self.corners
        ridge_near, ridge_far = (near + near_back) / 2, (far + far_back) / 2
        eaves, top = self.look.tall, self.look.tall + self.roof
        shape = np.array([(*ridge_near, top), (*ridge_far, top), (*far, eaves), (*near, eaves)])[:, [0, 2, 1]]
        light, middle = canvas.light, float(near[1] + far[1]) / 2
        red, green, blue = light.shade(self.tiles, middle, light.facing(-self.side * 0.7, 0) * 1.05)
        grain = cut(planks(), self.dice.child("roof"), 48, 96, 2.0)
        texture = coloured(grain, (float(red), float(green), float(blue)), 0.4 * light.clear(middle))
        canvas.texture(canvas.camera.project(shape), texture, BUILDING)

    def _paint_gable(self, canvas: Canvas, near: Points, back: Points) -> None:
        eaves = self.look.tall
        ridge = (near + back) / 2
        shape = np.array([(near[0], eaves, near[1]), (ridge[0], eaves + self.roof, near[1]), (back[0], eaves, back[1])])
        colour = canvas.light.shade(self.look.wall, float(near[1]), canvas.light.facing(0, -1))
        canvas.polygon(canvas.camera.project(shape), colour, BUILDING)


def house(street: Street, side: int, z0: float, z1: float, dice: Dice, *, exposed: bool, back: float = 0.0) -> Thing:
    """A house whose front lies along the street from z0 to z1, `back` metres behind the line of fronts."""
    kind = dice.pick(KINDS[street.character])
    look = make_facade(dice.child("look"), kind)
    s = (street.front(side) + back) * side
    deep = dice.between(8, 14) * side
    corners = street.plan([(s, z0), (s, z1), (s + deep, z1), (s + deep, z0)])
    roof = dice.between(1.8, 4.2) if kind == "house" or (kind == "block" and dice.chance(0.5)) else 0.0
    made = House(look, side, corners, roof, dice.near(dice.pick(ROOFS), 12), exposed, dice)
    return Thing(z1 + back, made.paint, corners, look.tall + roof, covers=look.tall)


def closing_house(street: Street, z: float, dice: Dice) -> Thing:
    """A house across the end of the street, seen from the front."""
    look = make_facade(dice.child("look"), dice.pick(KINDS[street.character]))
    wide = dice.between(14, 34)
    middle = street.x(0, z) + dice.between(-6, 6)
    near, far = np.array([middle - wide, z]), np.array([middle + wide, z])
    corners = np.array([far, near, np.add(near, (0, 10)), np.add(far, (0, 10))])

    def paint(canvas: Canvas) -> None:
        tall = look.tall
        ends = [(near[0], tall, z), (far[0], tall, z), (far[0], 0, z), (near[0], 0, z)]
        density = min(FINEST, max(1.0, canvas.camera.scale(z) * 0.9))
        facing = canvas.light.facing(0, -1)
        front = draw_facade(look, 2 * wide, canvas.light, z, facing, density, dice.child("front"))
        canvas.texture(canvas.camera.project(ends), front, BUILDING)

    return Thing(z, paint, corners, look.tall)
