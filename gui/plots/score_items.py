"""What is drawn in a histogram of scores, updated in place."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from core.data.samples import Role
from gui import roles
from gui.plots.histograms import COUNTED, Histogram
from gui.plots.legend import Entry
from gui.theme import tokens

RUG = 0.13
"""Height of the strip of suspects, as a share of the highest bar."""
FILLS = {Role.MEMBER: 110, Role.NON_MEMBER: 45}
"""Opacities, of 255: told apart without colours too."""


def outline(role: Role) -> QPen:
    """The line around a role's bars: dashed for non-members."""
    dashed = Qt.PenStyle.SolidLine if role is Role.MEMBER else Qt.PenStyle.DashLine
    pen: QPen = pg.mkPen(roles.COLOURS[role], width=1.8, style=dashed)
    return pen


def fill(role: Role) -> QBrush:
    """What a role's bars are filled with."""
    colour = QColor(roles.COLOURS[role])
    colour.setAlpha(FILLS[role])
    return QBrush(colour)


def entries(histogram: Histogram) -> list[Entry]:
    """The legend of a histogram."""
    known = [Entry(roles.PLURALS[role], outline(role), fill(role)) for role in COUNTED if role in histogram.counts]
    suspects = Entry(roles.PLURALS[Role.SUSPECT], pg.mkPen(tokens().text, width=1.5))
    return [*known, suspects] if histogram.scores.size else known


class Bars:
    """The bars of both roles, the ticks of the suspects, the image in view and the operating point."""

    def __init__(self, box: pg.ViewBox) -> None:
        self._bars = {role: _steps() for role in COUNTED}
        self._ticks = pg.PlotCurveItem(connect="pairs")
        self._image = pg.ScatterPlotItem(symbol="t", size=11, pxMode=True)
        self._threshold = pg.InfiniteLine(angle=90)
        for item in (*self._bars.values(), self._ticks, self._threshold, self._image):
            box.addItem(item, ignoreBounds=True)
        self.show_image(None, 0)
        self.show_threshold(None)

    def show(self, histogram: Histogram) -> tuple[tuple[float, float], tuple[float, float]]:
        """Draw it; returns both ends of both axes."""
        for role, bars in self._bars.items():
            bars.setVisible(role in histogram.counts)
            if role in histogram.counts:
                bars.setData(histogram.edges, histogram.shares(role), pen=outline(role), brush=fill(role))
        top = histogram.top
        ends = np.array([-0.85, -0.2]) * RUG * top
        self._ticks.setData(
            np.repeat(histogram.scores, 2),
            np.tile(ends, histogram.scores.size),
            pen=pg.mkPen(tokens().text, width=1.5),
        )
        low = -RUG * top if histogram.scores.size else 0.0
        scores = np.append(histogram.scores, histogram.edges[[0, -1]])
        return (float(scores.min()), float(scores.max())), (low, 1.12 * top)

    def show_image(self, score: float | None, height: float) -> None:
        """Mark the score of the image in view; None: it has none."""
        self._image.setVisible(score is not None)
        if score is not None:
            self._image.setData([score], [height], pen=pg.mkPen(tokens().base), brush=tokens().accent)

    def show_threshold(self, threshold: float | None) -> None:
        """Mark the operating point; None: there is none."""
        self._threshold.setVisible(threshold is not None)
        if threshold is not None:
            self._threshold.setPen(pg.mkPen(tokens().text, width=1.5, style=Qt.PenStyle.DashLine))
            self._threshold.setValue(threshold)


def _steps() -> pg.PlotCurveItem:
    return pg.PlotCurveItem([0, 1], [0], stepMode="center", fillLevel=0.0, antialias=True)
