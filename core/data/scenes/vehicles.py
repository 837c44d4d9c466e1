"""Cars, trucks, buses and trams, seen from any direction."""

import math
from dataclasses import dataclass

import numpy as np

from core.data.scenes.bodies import GLASS, Body, Shape
from core.data.scenes.camera import NEAR, Points
from core.data.scenes.canvas import Canvas
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.things import Thing, rectangle

DETAIL = 9.0
"""Below this many pixels of height a vehicle has no lamps, plates and door lines."""
HUBS: tuple[tuple[float, Colour], ...] = ((0.62, (150, 152, 154)), (0.22, (70, 72, 74)))
_TURN = np.linspace(0, 2 * np.pi, 14, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN), np.zeros(14)], 1)
_TREAD = np.array([(0.0, 0.0, 0.62), (0.0, 0.4, 0.62), (0.0, 0.4, 0.9), (0.0, 0.0, 0.9)])
"""A tyre as seen from ahead or behind, for a car of common width."""


@dataclass(frozen=True)
class Vehicle:
    """A shape at a place: `turn` is its heading, 0 straight away from the camera, to the right positive."""

    shape: Shape
    x: float
    z: float
    turn: float
    braking: bool
    plate: Colour

    def paint(self, canvas: Canvas) -> None:
        """Draw wheels and bodies, far ones first."""
        if self.z - self.shape.long / 2 < NEAR:
            return
        fine = canvas.camera.scale(self.z) * self.shape.tall > DETAIL
        side = 1 if self._aside() > 0 else -1
        flank = abs(self._aside()) > self.shape.wide / 2
        for hidden in (-side,) if flank else (-side, side):
            self._paint_wheels(canvas, hidden, hub=False)
        bodies = sorted(self.shape.bodies, key=lambda body: -self._depth(body))
        for body in bodies:
            self._paint_body(canvas, body, side, fine)
        if flank:
            self._paint_wheels(canvas, side, hub=fine)

    def _world(self, points: Points) -> Points:
        """Body coordinates `(..., 3)` of l, y, w to world points."""
        sine, cosine = math.sin(self.turn), math.cos(self.turn)
        ahead, y, aside = points[..., 0], points[..., 1], points[..., 2]
        return np.stack([self.x + ahead * sine + aside * cosine, y, self.z + ahead * cosine - aside * sine], -1)

    def _aside(self) -> float:
        """Where the camera is in body coordinates: `w`, metres to the right."""
        return -self.x * math.cos(self.turn) + self.z * math.sin(self.turn)

    def _depth(self, body: Body) -> float:
        middle = sum(point[0] for point in body.profile) / len(body.profile)
        return self.z + middle * math.cos(self.turn)

    def _paint_body(self, canvas: Canvas, body: Body, side: int, fine: bool) -> None:
        light, label = canvas.light, self.shape.label
        profile = np.asarray(body.profile)
        ends = np.stack([profile * (1, 1, -1), profile])
        world = self._world(ends)
        image = canvas.camera.project(world)
        depth = world[..., 2].mean(0)
        quads = np.stack([image[0, :-1], image[0, 1:], image[1, 1:], image[1, :-1]], 1)
        (across, down), (over, up) = (quads[:, 2] - quads[:, 0]).T, (quads[:, 3] - quads[:, 1]).T
        areas = across * up - down * over  # twice the area, positive where the outer face is seen
        for strip in sorted(range(len(body.strips)), key=lambda i: -(depth[i] + depth[i + 1])):
            if areas[strip] <= 0:
                continue
            quad = quads[strip]
            rise = profile[strip + 1] - profile[strip]
            level = abs(rise[0]) / (abs(rise[0]) + abs(rise[1]) + 1e-6)
            colour = body.strips[strip]
            facing = 0.78 + 0.34 * level
            canvas.polygon(quad, light.shade(colour, self.z, facing), label)
            if fine and colour == GLASS:
                self._paint_reflections(canvas, quad[None])
            if fine and strip in body.lamps:
                self._paint_lamps(canvas, quad, abs(rise[1]), rear=strip == body.lamps[0])
        flank = image[(side + 1) // 2]
        if _area(flank) * side <= 0:
            return
        facing = light.facing(side * math.cos(self.turn), -side * math.sin(self.turn))
        canvas.polygon(flank, light.shade(body.side, self.z, facing), label)
        if not body.windows:
            return
        panes = canvas.camera.project(self._world(np.array([pane.points for pane in body.windows]) * (1, 1, side)))
        for colour in dict.fromkeys(pane.colour for pane in body.windows):
            if fine or colour == GLASS:
                same = panes[[pane.colour == colour for pane in body.windows]]
                canvas.polygons(list(same), light.shade(colour, self.z, facing), label)
                if fine and colour == GLASS:
                    self._paint_reflections(canvas, same)

    def _paint_reflections(self, canvas: Canvas, quads: Points) -> None:
        """The upper part of panes `(N, 4, 2)` shows the sky."""
        red, green, blue = (0.4 * a + 0.6 * b for a, b in zip(canvas.light.low, GLASS, strict=True))
        upper = quads.copy()
        upper[:, 0] += 0.55 * (quads[:, 1] - quads[:, 0])
        upper[:, 3] += 0.2 * (quads[:, 2] - quads[:, 3])
        canvas.polygons(list(upper), canvas.light.shade((red, green, blue), self.z, 0.9), self.shape.label)

    def _paint_lamps(self, canvas: Canvas, quad: Points, tall: float, *, rear: bool) -> None:
        """Lamps, number plate and grille on a rear or front `tall` metres high: areas as shares across and upwards."""
        light, label = canvas.light, self.shape.label
        up = min(1.0, 0.42 / max(tall, 0.1))
        lit = light.night or light.moment in ("rain", "fog")
        lamp: Colour = (178, 24, 22) if rear else (222, 222, 214)
        if lit or (rear and self.braking):
            lamp = (255, 56, 44) if rear else (255, 248, 220)
        shine = light.glow if lit or (rear and self.braking) else light.shade
        if not rear:
            canvas.polygon(_part(quad, 0.26, 0.74, 0.15 * up, 0.6 * up), light.shade((40, 41, 43), self.z), label)
        for left, right in ((0.04, 0.22), (0.78, 0.96)):
            spot = _part(quad, left, right, 0.45 * up, 0.85 * up)
            canvas.polygon(spot, shine(lamp, self.z), label)
            if light.night:
                radius = canvas.camera.scale(self.z) * (0.35 if rear else 0.8)
                middle = spot.mean(0)
                canvas.shine(middle[0], middle[1], radius, light.glow(lamp, self.z), 0.5)
        canvas.polygon(_part(quad, 0.36, 0.64, 0.2 * up, 0.5 * up), light.shade(self.plate, self.z), label)

    def _paint_wheels(self, canvas: Canvas, side: int, *, hub: bool) -> None:
        shape, light = self.shape, canvas.light
        if not shape.wheels:
            return
        places = np.array(shape.wheels)[:, None, None] * (1.0, 0, 0)
        tyres = places + (0, shape.radius, side * (shape.wide / 2 + 0.01)) + shape.radius * _CIRCLE
        rings = [(tyres, (24.0, 24.0, 26.0))]
        if hub:
            middles = tyres.mean(1, keepdims=True)
            rings += [(middles + share * (tyres - middles), colour) for share, colour in HUBS]
        else:
            rings.append((places + _TREAD * (1, 1, side * shape.wide / 1.84), (26.0, 26.0, 28.0)))
        for ring, colour in rings:
            points = canvas.camera.project(self._world(ring))
            canvas.polygons(list(points), light.shade(colour, self.z), shape.label)


def vehicle(shape: Shape, x: float, z: float, turn: float, dice: Dice) -> Thing:
    """A vehicle with its middle at x, z."""
    plate = dice.pick(((226, 226, 220), (226, 226, 220), (228, 196, 60)))
    made = Vehicle(shape, x, z, turn, dice.chance(0.3), plate)
    footprint = rectangle(x, z, shape.wide * 1.02, shape.long, turn)
    return Thing(z, made.paint, footprint.clip((-1e4, NEAR), 1e4), shape.tall * 0.8, contact=True)


def _area(points: Points) -> float:
    """Twice the area of image points, positive if clockwise as seen."""
    x, y = points[:, 0], points[:, 1]
    return float(x[:-1] @ y[1:] - y[:-1] @ x[1:] + x[-1] * y[0] - y[-1] * x[0])


def _part(quad: Points, left: float, right: float, low: float, high: float) -> Points:
    """A part of a strip: the quad's points are left low, left high, right high, right low."""
    places = ((left, low), (left, high), (right, high), (right, low))
    corners = [(1 - u) * ((1 - v) * quad[0] + v * quad[1]) + u * ((1 - v) * quad[3] + v * quad[2]) for u, v in places]
    return np.array(corners)
