"""What is drawn in the ROC plot, updated in place."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPolygonF
from PySide6.QtWidgets import QGraphicsPolygonItem, QGraphicsRectItem

from core.metrics.bands import Band
from core.metrics.roc import FloatArray
from gui.plots.curves import Curve, band_line, percent
from gui.plots.scales import ROOM_X, ROOM_Y, Ends, Scale, wider
from gui.plots.styles import Style
from gui.theme import tokens

BEYOND = 0.35
"""Decades below the smallest FPR that are shown, and shaded."""
SHADE = 45
"""Opacity of the shade, of 255."""
POINTS = 200
"""Of the chance line."""


class Drawn:
    """A curve and its band."""

    def __init__(self, box: pg.ViewBox) -> None:
        self._band = QGraphicsPolygonItem()
        self._band.setPen(Qt.PenStyle.NoPen)
        self._line = pg.PlotCurveItem(antialias=True)
        box.addItem(self._band, ignoreBounds=True)
        box.addItem(self._line, ignoreBounds=True)

    def show(self, curve: Curve, band: Band | None, scale: Scale, style: Style) -> None:
        """Draw these; no band while there is none."""
        self._line.setData(*curve.line(scale), pen=style.pen(exact=not curve.note))
        self._line.show()
        self._band.setVisible(band is not None)
        if band is not None:
            x, low, high = band_line(band, curve, scale)
            self._band.setPolygon(_polygon(np.append(x, x[::-1]), np.append(low, high[::-1])))
            self._band.setBrush(style.shade)

    def hide(self) -> None:
        """Draw nothing."""
        self._line.hide()
        self._band.hide()


class Background:
    """The chance line, and where nothing can be measured."""

    def __init__(self, box: pg.ViewBox) -> None:
        self._shade = QGraphicsRectItem()
        self._shade.setPen(Qt.PenStyle.NoPen)
        self._words = pg.TextItem(anchor=(0, 1))  # what the band is too narrow for goes on to its right
        self._chance = pg.PlotCurveItem(antialias=True)
        for item in (self._shade, self._chance, self._words):
            box.addItem(item, ignoreBounds=True)

    def show(self, curves: Sequence[Curve], scale: Scale) -> tuple[Ends, Ends]:
        """Draw it for these curves; returns both ends of both axes."""
        fpr, tpr = (min(curve.least[axis] for curve in curves) for axis in (0, 1))
        x, y = scale.ends(fpr, beyond=BEYOND), scale.ends(tpr)
        rates = np.linspace(0, 1, 2) if scale is Scale.LINEAR else np.geomspace(fpr, 1, POINTS)
        rates = rates if scale is Scale.LINEAR else rates[rates >= tpr * (1 - 1e-9)]
        self._chance.setData(scale.places(rates, fpr), scale.places(rates, tpr))
        self._shade.setVisible(scale is Scale.LOG)
        self._words.setVisible(scale is Scale.LOG)
        self._dress()
        if scale is Scale.LOG:
            (left, _), (low, high) = wider(x, ROOM_X), wider(y, ROOM_Y)
            self._shade.setRect(QRectF(left, low, x[0] + BEYOND - left, high - low))
            count = max(curve.roc.non_members for curve in curves)
            self._words.setText(f"not measurable\nbelow {percent(fpr)}:\n{count:,} non-members")
            self._words.setPos(left, y[0])
        return x, y

    def _dress(self) -> None:
        colours = tokens()
        shade = QColor(colours.muted)
        shade.setAlpha(SHADE)
        self._shade.setBrush(shade)
        self._words.setColor(colours.muted)
        self._chance.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DotLine))


class Point:
    """A point on a curve, with lines to both axes where it is to be dragged; a ring where it is not filled."""

    def __init__(self, box: pg.ViewBox, size: int, *, lines: bool, filled: bool = True) -> None:
        self._dot = pg.ScatterPlotItem(size=size, pxMode=True)
        self._filled = filled
        self._dot.setZValue(20)
        self._lines = [pg.InfiniteLine(angle=angle) for angle in (90, 0)] if lines else []
        for item in (*self._lines, self._dot):
            box.addItem(item, ignoreBounds=True)
        self.hide()

    def show(self, place: tuple[float, float], colour: str) -> None:
        """Put it there."""
        brush = pg.mkBrush(tokens().base if self._filled else None)
        self._dot.setData([place[0]], [place[1]], pen=pg.mkPen(colour, width=2.5), brush=brush)
        self._dot.show()
        for line, value in zip(self._lines, place, strict=False):
            line.setPen(pg.mkPen(tokens().muted, width=1, style=Qt.PenStyle.DashLine))
            line.setValue(value)
            line.show()

    def hide(self) -> None:
        """Show none."""
        for item in (self._dot, *self._lines):
            item.hide()

    @property
    def place(self) -> tuple[float, float] | None:
        """Where it is; None: it is hidden."""
        if not self._dot.isVisible():
            return None
        x, y = self._dot.getData()
        return float(x[0]), float(y[0])


def _polygon(x: FloatArray, y: FloatArray) -> QPolygonF:
    made: QPolygonF = pg.functions.arrayToQPolygonF(x, y)
    return made
