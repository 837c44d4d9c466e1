"""The look of the pages. One unit is a point (1/72 inch); everything is dark on white and readable without colour."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from gui.theme import DEFENSE_COLOURS

SIZES = {"A4": (595.0, 842.0), "Letter": (612.0, 792.0)}
SIDE, TOP, BOTTOM = 54.0, 62.0, 50.0
"""Margins."""

INK, MUTED, LINE, SHADE, PAPER = "#1b1f24", "#5a626c", "#b9c0c8", "#f1f3f5", "#ffffff"

DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (6, 2.5),
    (1.5, 2),
    (8, 2, 1.5, 2),
    (3.5, 2),
    (10, 3),
    (1.5, 4),
    (6, 2, 1.5, 2, 1.5, 2),
)
"""Line styles: a curve is known by its dashes where colours are not seen."""


@dataclass(frozen=True)
class Sheet:
    """A paper size and the room on it."""

    width: float
    height: float

    @property
    def room(self) -> float:
        """Width between the margins."""
        return self.width - 2 * SIDE

    @property
    def depth(self) -> float:
        """Height between running head and foot."""
        return self.height - TOP - BOTTOM


def sheet(paper: str) -> Sheet:
    """The sheet of a paper size."""
    return Sheet(*SIZES[paper])


def colour(place: int) -> QColor:
    """The colour of the defense at a place, as in the window."""
    return QColor(DEFENSE_COLOURS[place % len(DEFENSE_COLOURS)])


def curve_pen(place: int, width: float = 1.3) -> QPen:
    """Colour and dashes of the defense at a place."""
    pen = QPen(colour(place), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    dashes = DASHES[place % len(DASHES)]
    if dashes:
        pen.setDashPattern([length / width for length in dashes])
    return pen


def pen(ink: str = LINE, width: float = 0.6) -> QPen:
    """A plain line."""
    return QPen(QColor(ink), width)
