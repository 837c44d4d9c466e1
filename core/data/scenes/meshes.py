"""A model of a vehicle as points and polygons over them, made once."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from core.data.scenes.bodies import GLASS, GRILLE, HEAD, HUB, PLATE, REAR, RIM, SKY, TYRE, Body, Model, Tint
from core.data.scenes.camera import Points

LAMPS, GLOSS = 5.0, 8.0
"""Pixels a metre from which on lamps, and the sky's reflection in panes, are drawn."""
_TURN = np.linspace(0, 2 * np.pi, 14, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN), np.zeros(14)], 1)
_TREAD = np.array([(0.0, 0.0, 0.62), (0.0, 0.4, 0.62), (0.0, 0.4, 0.9), (0.0, 0.0, 0.9)])
"""A tyre as seen from ahead or behind, for a car of common width."""


@dataclass(frozen=True)
class Part:
    """`count` polygons of `corners` points each, from point `first` on, of one tint.

    Attributes
    ----------
    facing
        Share of the light that they catch.
    least
        Pixels a metre from which on they are drawn; what is smaller than a pixel is left out.
    """

    first: int
    count: int
    corners: int
    tint: Tint
    facing: float
    least: float

    @property
    def end(self) -> int:
        """The first point behind."""
        return self.first + self.count * self.corners


@dataclass(frozen=True)
class Strip:
    """A surface from side to side, the `number`-th of the mesh, and what is drawn on it."""

    number: int
    face: Part
    on: tuple[Part, ...]


@dataclass(frozen=True)
class Hull:
    """One body: its strips from rear to front, then the flank that is seen and what is drawn on that.

    Attributes
    ----------
    wide
        Half its width in metres.
    """

    strips: tuple[Strip, ...]
    flank: Part
    on: tuple[Part, ...]
    wide: float


@dataclass(frozen=True)
class Mesh:
    """Points and polygons of a model.

    Attributes
    ----------
    points
        Body coordinates and 1, `(2, N, 4)`, for a camera on the left and, mirrored, on the right.
    faces
        Number of points of all strips, which come first: four each, clockwise from the lower left one as seen by a
        camera on the right.
    hulls
        Bodies from rear to front.
    near, far
        Wheels on the side of the camera and on the other: tyres, treads; then rims and hubs.
    """

    points: Points
    faces: int
    hulls: tuple[Hull, ...]
    near: tuple[Part, ...]
    far: tuple[Part, ...]


@cache
def mesh_of(model: Model) -> Mesh:
    """The mesh of a model."""
    made = _Maker()
    faces = [[made.face(body, number) for number in range(len(body.strips))] for body in model.bodies]
    count = sum(map(len, faces))
    hulls = tuple(made.hull(body, strips) for body, strips in zip(model.bodies, faces, strict=True))
    near, far = made.wheels(model, 1), made.wheels(model, -1)
    right = np.pad(np.concatenate(made.points), ((0, 0), (0, 1)), constant_values=1)
    return Mesh(np.stack([right * (1, 1, -1, 1), right]), 4 * count, hulls, near, far)


class _Maker:
    """Collects the points of a mesh as they are for a camera on the right."""

    def __init__(self) -> None:
        self.points: list[Points] = []
        self._count = 0

    def part(self, polygons: Points, tint: Tint, facing: float = 1.0, *, least: float = 0.0) -> Part:
        """Polygons `(count, corners, 3)`."""
        count, corners = polygons.shape[:2]
        made = Part(self._count, count, corners, tint, facing, least)
        self.points.append(polygons.reshape(-1, 3))
        self._count = made.end
        return made

    def face(self, body: Body, number: int) -> Part:
        """The surface of a strip of a body."""
        quad = _quad(body, number)
        along, up, _ = np.abs(quad[1] - quad[0])
        return self.part(quad[None], body.strips[number], 0.78 + 0.34 * along / (along + up + 1e-6))

    def hull(self, body: Body, faces: list[Part]) -> Hull:
        """A body's strips, and its flank on the right."""
        right = np.asarray(body.profile)
        strips = tuple(Strip(face.first // 4, face, self._on(body, number)) for number, face in enumerate(faces))
        flank = self.part(right[None], body.side)
        on: list[Part] = []
        for tint in dict.fromkeys(pane.tint for pane in body.windows):
            same = np.array([pane.points for pane in body.windows if pane.tint == tint])
            on.append(self.part(same, tint, least=_least(same)))
            if tint[0] == GLASS:
                on.append(self._sky(same))
        return Hull(strips, flank, tuple(on), float(right[:, 2].mean()))

    def _on(self, body: Body, number: int) -> tuple[Part, ...]:
        """What is drawn on a strip."""
        quad = _quad(body, number)
        on = [self._sky(quad[None])] if body.strips[number][0] == GLASS else []
        if number in body.lamps:
            up = float(abs(quad[1, 1] - quad[0, 1]))
            on += self._lamps(quad, min(1.0, 0.42 / max(up, 0.1)), REAR if number == body.lamps[0] else HEAD)
        return tuple(on)

    def _sky(self, quads: Points) -> Part:
        """The upper part of panes `(N, 4, 3)` shows the sky."""
        upper = quads.copy()
        upper[:, 0] += 0.55 * (quads[:, 1] - quads[:, 0])
        upper[:, 3] += 0.2 * (quads[:, 2] - quads[:, 3])
        return self.part(upper, (SKY, 1.0), 0.9, least=GLOSS)

    def _lamps(self, quad: Points, up: float, lamp: int) -> list[Part]:
        """Lamps, number plate and grille on a rear or front, the lowest share `up` of it."""
        grille = _share(quad, 0.26, 0.74, 0.15 * up, 0.6 * up)[None]
        both = np.stack([_share(quad, left, left + 0.18, 0.45 * up, 0.85 * up) for left in (0.04, 0.78)])
        plate = _share(quad, 0.36, 0.64, 0.2 * up, 0.5 * up)[None]
        parts = [self.part(grille, (GRILLE, 1.0), least=_least(grille))] if lamp == HEAD else []
        return [*parts, self.part(both, (lamp, 1.0), least=LAMPS), self.part(plate, (PLATE, 1.0), least=_least(plate))]

    def wheels(self, model: Model, side: int) -> tuple[Part, ...]:
        """The wheels on the right (1) or left (-1) side."""
        if not model.wheels:
            return ()
        places = np.array(model.wheels)[:, None, None] * (1.0, 0, 0)
        tyres = places + (0, model.radius, side * (model.wide / 2 + 0.01)) + model.radius * _CIRCLE
        treads = places + _TREAD * (1, 1, side * model.wide / 1.84)
        parts = [self.part(tyres, (TYRE, 1.0)), self.part(treads, (TYRE, 1.08))]
        if side > 0:
            middles = tyres.mean(1, keepdims=True)
            parts += [
                self.part(middles + share * (tyres - middles), tint, least=0.5 / share / model.radius)
                for share, tint in _RIMS
            ]
        return tuple(parts)


def _quad(body: Body, number: int) -> Points:
    """The corners `(4, 3)` of a strip."""
    right = np.asarray(body.profile[number : number + 2])
    left = right * (1, 1, -1)
    return np.stack([left[0], left[1], right[1], right[0]])


def _least(polygons: Points) -> float:
    """Pixels a metre at which the smaller side of quads `(N, 4, 3)` is three quarters of a pixel."""
    quad = polygons[0]
    return 0.75 / min(float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0])))


_RIMS: tuple[tuple[float, Tint], ...] = ((0.62, (RIM, 1.0)), (0.22, (HUB, 1.0)))


def _share(quad: Points, left: float, right: float, low: float, high: float) -> Points:
    """A part of a strip: the quad's points are left low, left high, right high, right low."""
    places = ((left, low), (left, high), (right, high), (right, low))
    corners = [(1 - u) * ((1 - v) * quad[0] + v * quad[1]) + u * ((1 - v) * quad[3] + v * quad[2]) for u, v in places]
    return np.array(corners)
