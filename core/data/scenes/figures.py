"""Flat drawings that stand upright at a place and face the camera: the frame of people, cycles, poles and signs."""

from collections.abc import Sequence
from types import TracebackType

import numpy as np

from core.data.scenes.canvas import SHIFT, Canvas
from core.data.scenes.dice import Colour
from core.data.scenes.light import Paint

Place = tuple[float, float]
_ONE = 1 << SHIFT
"""A pixel in fixed-point coordinates."""


class Figure:
    """Draws in metres around a foot on the ground: x to the right, y up.

    Used as a context: what is asked for inside is placed all at once and drawn at its end, in that order.
    """

    def __init__(self, canvas: Canvas, x: float, z: float, label: int, mirror: bool = False) -> None:
        self._canvas = canvas
        self._z = z
        self.scale = canvas.camera.scale(z)
        self._foot = canvas.camera.at(x, 0.0, z)
        self._label = label
        self._way = -self.scale if mirror else self.scale, -self.scale
        self._shade = canvas.light.shader(z, label)
        self._points: list[Place] = []
        self._strokes: list[tuple[int, float, tuple[int, int] | None, Paint]] = []
        """Number of points, width of the line or 0, half axes of an ellipse, paint."""

    def __enter__(self) -> "Figure":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._strokes:
            self._draw()

    def shape(self, points: Sequence[Place], colour: Colour, facing: float = 1.0, *, glow: bool = False) -> None:
        """Fill a polygon."""
        self._points.extend(points)
        self._strokes.append((len(points), 0, None, self._glow(colour) if glow else self._shade(colour, facing)))

    def limb(self, points: Sequence[Place], thick: float, colour: Colour, facing: float = 1.0) -> None:
        """Draw a line `thick` metres wide."""
        self._points.extend(points)
        self._strokes.append((len(points), thick * self.scale, None, self._shade(colour, facing)))

    def disc(self, x: float, y: float, wide: float, tall: float, colour: Colour, *, glow: bool = False) -> None:
        """Fill an ellipse around x, y with these half axes."""
        self._points.append((x, y))
        paint = self._glow(colour) if glow else self._shade(colour)
        self._strokes.append((1, 0, self._axes(wide, tall), paint))

    def box(self, left: float, right: float, low: float, high: float, colour: Colour, facing: float = 1.0) -> None:
        """Fill a rectangle."""
        self.shape(((left, low), (left, high), (right, high), (right, low)), colour, facing)

    def ring(self, x: float, y: float, wide: float, tall: float, thick: float, colour: Colour) -> None:
        """Draw an ellipse's outline."""
        self._points.append((x, y))
        self._strokes.append((1, thick * self.scale, self._axes(wide, tall), self._shade(colour)))

    def place(self, x: float, y: float) -> Place:
        """The image point of metres."""
        return self._foot[0] + x * self._way[0], self._foot[1] + y * self._way[1]

    def _glow(self, colour: Colour) -> Paint:
        return *self._canvas.light.glow(colour, self._z), self._label

    def _axes(self, wide: float, tall: float) -> tuple[int, int]:
        size = self.scale * _ONE
        return int(wide * size), int(tall * size)

    def _draw(self) -> None:
        exact = np.array(self._points)
        exact *= self._way[0] * _ONE, self._way[1] * _ONE
        exact += self._foot[0] * _ONE, self._foot[1] * _ONE
        places = exact.astype(np.int32)
        first = 0
        for count, width, axes, paint in self._strokes:
            part = places[first : first + count]
            first += count
            if axes is not None:
                self._canvas.ellipse(part[0].tolist(), axes, width, paint)
            elif width:
                self._canvas.lines([part], width, paint)
            else:
                self._canvas.fill([part], paint)
