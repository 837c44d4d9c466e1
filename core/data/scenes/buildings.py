"""Houses along the street: boxes with fronts, end walls and roofs."""

import math
from dataclasses import dataclass

import numpy as np

from core.data.scenes.camera import Camera, Points
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import BUILDING
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.facades import Coat, make_coat
from core.data.scenes.fronts import Part, draw_front
from core.data.scenes.patterns import PATTERNS, Pattern, pattern
from core.data.scenes.street import Street
from core.data.scenes.things import Face, Thing
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
    kind, pattern
        What is on its fronts.
    side
        -1 left, 1 right.
    corners
        Ground points of x and z: near and far end of the front, then `depth` metres behind them.
    roof
        Height of the ridge above the eaves in metres; 0 for a flat roof.
    exposed
        Whether the near end wall can be seen.
    """

    kind: str
    pattern: Pattern
    side: int
    corners: Points
    roof: float
    exposed: bool
    dice: Dice

    def paint(self, canvas: Canvas) -> None:
        """Draw what faces the camera: far things of the house first."""
        coat = make_coat(self.dice.child("look"), self.kind)
        if self.roof:
            self._paint_roof(canvas)
        near, far, _, back = self.corners
        if self._shows_end():
            outwards = (near, back) if self.side > 0 else (back, near)
            self._paint_wall(canvas, coat, *outwards, name="end", facing=canvas.light.facing(0, -1))
            if self.roof:
                self._paint_gable(canvas, coat, near, back)
        left, right = (near, far) if self.side < 0 else (far, near)
        self._paint_wall(canvas, coat, left, right, name="front", facing=canvas.light.facing(-self.side, 0))

    def faces(self) -> list[Face]:
        """The walls that the camera sees, up to the eaves."""
        near, far, _, back = self.corners.tolist()
        tall = self.pattern.look.tall
        front: Face = (*near, *far, 0.0, tall)
        return [front, (*near, *back, 0.0, tall)] if self._shows_end() else [front]

    def _shows_end(self) -> bool:
        return self.exposed and bool(self.corners[0, 1] > 2)

    def _paint_wall(self, canvas: Canvas, coat: Coat, left: Points, right: Points, name: str, facing: float) -> None:
        camera, tall = canvas.camera, self.pattern.look.tall
        (x0, z0), (x1, z1) = left.tolist(), right.tolist()
        corners = camera.project([(x0, tall, z0), (x1, tall, z1), (x1, 0, z1), (x0, 0, z0)])
        part = _seen_part(camera, (x0, z0, x1, z1, 0.0, tall))
        if part is None:
            return
        beside = max(camera.centre, camera.width - camera.centre)
        nearest = max(min(z0, z1), min(abs(x0), abs(x1)) * camera.focal / beside)
        middle = (max(nearest, z0) + max(nearest, z1)) / 2
        long = math.hypot(x1 - x0, z1 - z0)
        x = x0 if z0 < z1 else x1
        slant = abs((x1 - x0) * nearest - x * (z1 - z0)) / (long * nearest)  # how much of its length is seen
        fine = 0.9 * camera.scale(nearest)
        density = min(FINEST, max(1.0, fine)), min(FINEST, max(1.0, fine * slant))
        paints, dice = (canvas.light, middle, facing), self.dice.child(name)
        drawn, whole = draw_front(self.pattern, coat, long, paints, density, dice, part)
        canvas.texture(corners, drawn, whole)

    def _paint_roof(self, canvas: Canvas) -> None:
        near, far, far_back, near_back = self.corners
        ridge_near, ridge_far = (near + near_back) / 2, (far + far_back) / 2
        eaves, top = self.pattern.look.tall, self.pattern.look.tall + self.roof
        shape = np.array([(*ridge_near, top), (*ridge_far, top), (*far, eaves), (*near, eaves)])[:, [0, 2, 1]]
        light, middle = canvas.light, float(near[1] + far[1]) / 2
        dice = self.dice.child("roof")
        tiles = dice.near(dice.pick(ROOFS), 12)
        paint = light.shader(middle, BUILDING)(tiles, light.facing(-self.side * 0.7, 0) * 1.05)
        grain = cut(planks(), dice, 48, 96, 2.0)
        canvas.texture(canvas.camera.project(shape), coloured(grain, paint, 0.4 * light.clear(middle)))

    def _paint_gable(self, canvas: Canvas, coat: Coat, near: Points, back: Points) -> None:
        eaves = self.pattern.look.tall
        ridge = (near + back) / 2
        shape = np.array([(near[0], eaves, near[1]), (ridge[0], eaves + self.roof, near[1]), (back[0], eaves, back[1])])
        paint = canvas.light.shader(float(near[1]), BUILDING)(coat.wall, canvas.light.facing(0, -1))
        canvas.polygon(canvas.camera.project(shape), paint)


def _seen_part(camera: Camera, face: Face) -> Part | None:
    """What of a face is inside the frame; None if nothing is."""
    x0, z0, x1, z1, low, high = face
    across, along, last = x1 - x0, z1 - z0, camera.width - 1.0

    def share(column: float) -> float:
        way = (column - camera.centre) / camera.focal
        return (way * z0 - x0) / (across - way * along)

    start, end = camera.at(x0, low, z0), camera.at(x1, low, z1)
    if end[0] < 0 or start[0] > last or start[0] >= end[0]:
        return None
    left = share(0.0) if start[0] < 0 else 0.0
    right = share(last) if end[0] > last else 1.0
    farthest = max(z0 + left * along, z0 + right * along)
    above = camera.eye + farthest / camera.focal * camera.horizon
    below = camera.eye - farthest / camera.focal * (camera.height - camera.horizon)
    top, bottom = max(0.0, (high - above) / (high - low)), min(1.0, (high - below) / (high - low))
    return Part(left, right, top, bottom) if top < bottom else None


def house(street: Street, side: int, z0: float, z1: float, dice: Dice, *, exposed: bool, back: float = 0.0) -> Thing:
    """A house whose front lies along the street from z0 to z1, `back` metres behind the line of fronts."""
    kind = dice.pick(KINDS[street.character])
    front = pattern(kind, dice.whole(1, PATTERNS))
    s = (street.front(side) + back) * side
    deep = dice.between(8, 14) * side
    corners = street.plan([(s, z0), (s, z1), (s + deep, z1), (s + deep, z0)])
    roof = dice.between(1.8, 4.2) if kind == "house" or (kind == "block" and dice.chance(0.5)) else 0.0
    made = House(kind, front, side, corners, roof, exposed, dice)
    tall = front.look.tall + roof
    return Thing(z1 + back, made.paint, corners.tolist(), tall, tall, faces=made.faces)


def closing_house(street: Street, z: float, dice: Dice) -> Thing:
    """A house across the end of the street, seen from the front."""
    kind = dice.pick(KINDS[street.character])
    front, coat = pattern(kind, dice.whole(1, PATTERNS)), make_coat(dice.child("look"), kind)
    wide = dice.between(14, 34)
    middle = street.x(0, z) + dice.between(-6, 6)
    near, far = np.array([middle - wide, z]), np.array([middle + wide, z])
    corners = np.array([far, near, np.add(near, (0, 10)), np.add(far, (0, 10))])

    def paint(canvas: Canvas) -> None:
        tall = front.look.tall
        ends = [(near[0], tall, z), (far[0], tall, z), (far[0], 0, z), (near[0], 0, z)]
        fine = min(FINEST, max(1.0, canvas.camera.scale(z) * 0.9))
        facing = canvas.light.facing(0, -1)
        paints = canvas.light, z, facing
        drawn, whole = draw_front(front, coat, 2 * wide, paints, (fine, fine), dice.child("front"))
        canvas.texture(canvas.camera.project(ends), drawn, whole)

    return Thing(z, paint, corners.tolist(), front.look.tall, front.look.tall)
