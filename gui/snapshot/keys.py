"""What the lines of a figure mean: a line as it is drawn, and its name beside it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from core.snapshot.blocks import Curve
from gui.fonts import font
from gui.snapshot.lines import Lines, in_lines
from gui.snapshot.style import curve_pen

LINE, NAME = 26.0, 32.0
"""Length of a line, and where its name begins."""
LEAST = 11.0
"""Height of an entry."""
MOST = 4
"""Lines of a name."""


def names_of(curves: Sequence[Curve], width: float) -> list[Lines]:
    """The names, in lines."""
    return [in_lines(curve.name, font(7), width - NAME, MOST) for curve in curves]


def keys_height(curves: Sequence[Curve], width: float) -> float:
    """How much room the keys need."""
    return sum(_height(name) for name in names_of(curves, width)) + 4


def draw_keys(painter: QPainter, curves: Sequence[Curve], x: float, y: float, width: float) -> None:
    """A line and a name for each curve, below each other."""
    for curve, name in zip(curves, names_of(curves, width), strict=True):
        painter.setPen(curve_pen(curve.place))
        painter.drawLine(QPointF(x, y + 5), QPointF(x + LINE, y + 5))
        name.draw(painter, x + NAME, y)
        y += _height(name)


def _height(name: Lines) -> float:
    return max(LEAST, name.height + 2)
