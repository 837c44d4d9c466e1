"""Cars, trucks, buses and trams, seen from any direction."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.data.scenes.bodies import HEAD, REAR, Shape
from core.data.scenes.camera import NEAR, Camera, Points
from core.data.scenes.canvas import SHIFT, Canvas, Fixed
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.light import Light
from core.data.scenes.meshes import Hull, Mesh, Part, mesh_of
from core.data.scenes.things import Face, Thing, rectangle

PLATES: tuple[Colour, ...] = ((226, 226, 220), (226, 226, 220), (228, 196, 60))
_ONE = 1 << SHIFT
"""A pixel in fixed-point coordinates."""
GLASS: Colour = (44, 54, 62)
REST: tuple[Colour, ...] = ((40, 41, 43), (24, 24, 26), (150, 152, 154), (70, 72, 74))
"""Grille, tyre, rim, hub."""


@dataclass(frozen=True)
class Vehicle:
    """A shape at a place: `turn` is its heading, 0 straight away from the camera, to the right positive."""

    shape: Shape
    x: float
    z: float
    turn: float
    dice: Dice

    def paint(self, canvas: Canvas) -> None:
        """Draw wheels and bodies, far ones first."""
        if self.z - self.shape.long / 2 < NEAR:
            return
        aside = -self.x * math.cos(self.turn) + self.z * math.sin(self.turn)  # of the camera, in body coordinates
        side = 1 if aside > 0 else -1
        mesh = mesh_of(self.shape.model)
        brush = _Brush(self, canvas, self._project(mesh.points[(side + 1) // 2], canvas.camera))
        flank = abs(aside) > self.shape.wide / 2
        brush.draw(mesh.far[:2])
        if not flank:
            brush.draw(mesh.near[:2])
        seen = brush.seen(mesh, side)
        facing = canvas.light.facing(side * math.cos(self.turn), -side * math.sin(self.turn))
        towards = math.cos(self.turn) < 0
        for hull in mesh.hulls if towards else reversed(mesh.hulls):
            self._paint_hull(brush, hull, seen, towards=towards, facing=facing if abs(aside) > hull.wide else None)
        if flank:
            brush.draw(mesh.near[:1] + mesh.near[2:])

    def faces(self) -> list[Face]:
        """What of its solid inside is towards the camera."""
        if self.z - self.shape.long / 2 < NEAR:
            return []
        sine, cosine = math.sin(self.turn), math.cos(self.turn)
        found: list[Face] = []
        for rear, front, wide, low, high in self.shape.model.solid:
            places = (rear, -wide), (front, -wide), (front, wide), (rear, wide)
            corners = [(self.x + ahead * sine + w * cosine, self.z + ahead * cosine - w * sine) for ahead, w in places]
            for (x0, z0), (x1, z1) in zip(corners, corners[1:] + corners[:1], strict=True):
                if x0 * z1 > x1 * z0:
                    found.append((x0, z0, x1, z1, low, high))
        return found

    def _paint_hull(
        self, brush: "_Brush", hull: Hull, seen: list[bool], *, towards: bool, facing: float | None
    ) -> None:
        for strip in hull.strips if towards else reversed(hull.strips):
            if seen[strip.number]:
                brush.draw((strip.face, *strip.on))
        if facing is not None:
            brush.draw((hull.flank, *hull.on), facing)

    def _project(self, points: Points, camera: Camera) -> Points:
        """Body coordinates `(N, 4)` of l, y, w and 1 to image points in 1 / 16 pixels."""
        sine, cosine = math.sin(self.turn), math.cos(self.turn)
        focal, across, down = _ONE * camera.focal, _ONE * camera.centre, _ONE * camera.horizon
        to_image = np.array(
            (
                (focal * sine + across * cosine, down * cosine, cosine),
                (0.0, -focal, 0.0),
                (focal * cosine - across * sine, -down * sine, -sine),
                (focal * self.x + across * self.z, focal * camera.eye + down * self.z, self.z),
            )
        )
        world = points @ to_image
        image: Points = world[:, :2] / np.maximum(world[:, 2:], NEAR)
        return image


class _Brush:
    """Draws the parts of one vehicle whose points are in the image already."""

    def __init__(self, vehicle: Vehicle, canvas: Canvas, image: Points) -> None:
        self._canvas = canvas
        self._image = image
        self._fixed: Fixed = image.astype(np.int32)
        self._z = vehicle.z
        self._label = vehicle.shape.model.label
        self._shade = canvas.light.shader(vehicle.z, self._label)
        dice = vehicle.dice.child(f"paint {vehicle.x:.2f} {vehicle.z:.2f}")  # not drawn for those that nobody sees
        braking, plate = dice.chance(0.3), dice.pick(PLATES)
        self._colours = _colours(vehicle.shape.paints(dice), plate, canvas.light, braking=braking)
        lit = canvas.light.night or canvas.light.moment in ("rain", "fog")
        self._lit = {REAR: lit or braking, HEAD: lit}
        self._scale = canvas.camera.scale(vehicle.z)

    def seen(self, mesh: Mesh, side: int) -> list[bool]:
        """Which strips turn their outer face to the camera, which is on that side."""
        quads = self._image[: mesh.faces].reshape(-1, 4, 2)
        way = quads[:, 2:] - quads[:, :2]
        found: list[bool] = (way[:, 0, 0] * way[:, 1, 1] * side > way[:, 0, 1] * way[:, 1, 0] * side).tolist()
        return found

    def draw(self, parts: Iterable[Part], facing: float = 1.0) -> None:
        """Draw parts over each other; `facing` is the share of light where they are."""
        for part in parts:
            if part.least > self._scale:
                continue
            number, level = part.tint
            red, green, blue = self._colours[number]
            if self._lit.get(number):
                paint = (*self._canvas.light.glow((red, green, blue), self._z), self._label)
            else:
                paint = self._shade((red * level, green * level, blue * level), facing * part.facing)
            points = self._fixed[part.first : part.end]
            shapes = [points] if part.count == 1 else list(points.reshape(part.count, part.corners, 2))
            self._canvas.fill(shapes, paint)
            if number in self._lit and self._canvas.light.night:
                self._shine(part, paint, 0.35 if number == REAR else 0.8)

    def _shine(self, part: Part, paint: tuple[int, int, int, int], metres: float) -> None:
        radius = self._scale * metres
        for lamp in self._image[part.first : part.end].reshape(part.count, part.corners, 2):
            x, y = lamp.mean(0) / _ONE
            self._canvas.shine(x, y, radius, paint[:3], 0.5)


def _colours(
    paints: tuple[Colour, Colour, Colour], plate: Colour, light: Light, *, braking: bool
) -> tuple[Colour, ...]:
    """The colour of each number of a tint."""
    lit = light.night or light.moment in ("rain", "fog")
    rear = (255, 56, 44) if lit or braking else (178, 24, 22)
    head = (255, 248, 220) if lit else (222, 222, 214)
    red, green, blue = (0.4 * a + 0.6 * b for a, b in zip(light.low, GLASS, strict=True))
    return *paints, GLASS, (34, 34, 36), (red, green, blue), rear, head, plate, *REST


def vehicle(shape: Shape, x: float, z: float, turn: float, dice: Dice) -> Thing:
    """A vehicle with its middle at x, z; others may be drawn from the same dice."""
    made = Vehicle(shape, x, z, turn, dice)
    footprint = rectangle(x, z, shape.wide * 1.02, shape.long, turn)
    ahead = [(x, max(NEAR, z)) for x, z in footprint]
    return Thing(
        z, made.paint, ahead, shape.tall * 0.8, shape.tall + 0.05, aside=0.1, contact=True, glow=0.9, faces=made.faces
    )
