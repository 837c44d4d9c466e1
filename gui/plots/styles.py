"""How each defense is drawn: besides its colour a kind of line and of point, for print in black and white."""

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtGui import QColor, QPen

from gui.theme import DEFENSE_COLOURS

DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (6, 3),
    (2, 2),
    (9, 3, 2, 3),
    (12, 4),
    (4, 2, 1, 2, 1, 2),
    (1, 3),
    (9, 2, 4, 2),
)
"""Lengths of strokes and gaps in line widths; none: a solid line."""
SYMBOLS = ("o", "s", "t", "d", "star", "t1", "p", "h")

WIDTH = 2.0
COARSE = 110
"""Opacity, of 255, of what is not exact yet."""
BAND = 45
"""Opacity, of 255, of a band."""


@dataclass(frozen=True)
class Style:
    """One defense's look.

    Attributes
    ----------
    colour
        Its colour everywhere, "#rrggbb".
    dashes
        As in `DASHES`.
    symbol
        One of pyqtgraph's names of points.
    """

    colour: str
    dashes: tuple[float, ...]
    symbol: str

    def pen(self, *, exact: bool = True) -> QPen:
        """The pen of its curve; fainter while the numbers are coarse."""
        colour = QColor(self.colour)
        colour.setAlpha(255 if exact else COARSE)
        pen: QPen = pg.mkPen(colour, width=WIDTH)
        if self.dashes:
            pen.setDashPattern(list(self.dashes))
        return pen

    @property
    def shade(self) -> QColor:
        """The colour of its band."""
        colour = QColor(self.colour)
        colour.setAlpha(BAND)
        return colour


def style_of(colour: str) -> Style:
    """The look of the defense that has this colour."""
    place = DEFENSE_COLOURS.index(colour) if colour in DEFENSE_COLOURS else 0
    return Style(colour, DASHES[place], SYMBOLS[place])
