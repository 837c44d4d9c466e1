"""Flat drawings that stand upright at a place and face the camera: the frame of people, cycles, poles and signs."""

import numpy as np
import numpy.typing as npt

from core.data.scenes.camera import Points
from core.data.scenes.canvas import Canvas
from core.data.scenes.dice import Colour

_TURN = np.linspace(0, 2 * np.pi, 17)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], 1)


class Figure:
    """Draws in metres around a foot on the ground: x to the right, y up."""

    def __init__(self, canvas: Canvas, x: float, z: float, label: int | None, mirror: bool = False) -> None:
        self._canvas = canvas
        self._z = z
        self.scale = canvas.camera.scale(z)
        self._foot = canvas.camera.project((x, 0.0, z))
        self._label = label
        self._way = np.array([-self.scale if mirror else self.scale, -self.scale])

    def shape(self, points: npt.ArrayLike, colour: Colour, facing: float = 1.0, *, glow: bool = False) -> None:
        """Fill a polygon `(N, 2)`."""
        light = self._canvas.light
        pixel = light.glow(colour, self._z) if glow else light.shade(colour, self._z, facing)
        self._canvas.polygon(self.place(points), pixel, self._label)

    def limb(self, points: npt.ArrayLike, thick: float, colour: Colour, facing: float = 1.0) -> None:
        """Draw a line `thick` metres wide."""
        pixel = self._canvas.light.shade(colour, self._z, facing)
        self._canvas.line(self.place(points), thick * self.scale, pixel, self._label)

    def disc(self, x: float, y: float, wide: float, tall: float, colour: Colour, *, glow: bool = False) -> None:
        """Fill an ellipse around x, y with these half axes."""
        self.shape(_CIRCLE * (wide, tall) + (x, y), colour, glow=glow)

    def box(self, left: float, right: float, low: float, high: float, colour: Colour, facing: float = 1.0) -> None:
        """Fill a rectangle."""
        self.shape(((left, low), (left, high), (right, high), (right, low)), colour, facing)

    def ring(self, x: float, y: float, wide: float, tall: float, thick: float, colour: Colour) -> None:
        """Draw an ellipse's outline."""
        self.limb(_CIRCLE * (wide, tall) + (x, y), thick, colour)

    def place(self, points: npt.ArrayLike) -> Points:
        """Metres to image points."""
        placed: Points = self._foot + np.asarray(points, dtype=np.float64) * self._way
        return placed
