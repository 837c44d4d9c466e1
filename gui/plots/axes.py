"""Axes of rates and scores, in the colours and the font of the theme."""

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont

from gui.minus import shown
from gui.plots.scales import Scale
from gui.theme import tokens

GRID = 40
"""Opacity of the grid, of 255."""
OVER = 40
"""Pixels by which the text of a tick may stand out beyond the axis."""


class Axis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """An axis of numbers.

    Parameters
    ----------
    side
        "bottom", "top" or "left".
    """

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)
        self._title = ""

    def name(self, title: str) -> None:
        """Say what it measures."""
        self._title = title
        self.setLabel(title, color=tokens().muted)

    def dress(self, font: QFont) -> None:
        """Take the colours of the theme of now, and a font."""
        colours = tokens()
        self.setPen(pg.mkPen(colours.line))
        self.setTextPen(QColor(colours.text))
        self.setStyle(tickFont=font, tickLength=-4, hideOverlappingLabels=OVER)
        self.setGrid(GRID)
        self.label.setFont(font)
        if self._title:
            self.name(self._title)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """With room for the texts of the first and the last tick: pyqtgraph leaves it out where there is a grid."""
        across = self.orientation in {"bottom", "top"}
        room: QRectF = super().boundingRect()
        return room.adjusted(-OVER, 0, OVER, 0) if across else room.adjusted(0, -OVER, 0, OVER)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """With the minus that all numbers of the window have."""
        return [shown(text) for text in super().tickStrings(values, scale, spacing)]


class RateAxis(Axis):
    """An axis of rates from 0 to 100 %, linear or logarithmic."""

    kind = Scale.LINEAR
    _few = False
    """Whether fewer than two decades are seen, so that what lies between them is named too."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Decades with their ninths on a logarithmic axis; even steps where not even two of those are seen."""
        if self.kind is Scale.LINEAR:
            return list(super().tickValues(low, high, size))
        decades = range(math.floor(low), math.ceil(high) + 1)
        ninths = [decade + math.log10(digit) for decade in decades for digit in range(2, 10)]
        inside = [float(decade) for decade in decades if low <= decade <= high]
        between = [ninth for ninth in ninths if low <= ninth <= high]
        self._few = len(inside) < 2
        if len(inside) + len(between) < 2:
            return list(super().tickValues(low, high, size))
        return [(1.0, inside), (0.1, between)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """In percent; on a logarithmic axis only decades have one, where two are seen."""
        if self.kind is Scale.LINEAR:
            return [_percent(value) for value in values]
        return [f"{100 * 10**value:.3g} %" if spacing == 1.0 or self._few else "" for value in values]


def _percent(value: float) -> str:
    """A tick of a linear axis; below 0 there is room for marks and nothing to measure."""
    if value < -1e-9:
        return ""
    return f"{100 * value:g} %" if value > 1e-9 else "0"
