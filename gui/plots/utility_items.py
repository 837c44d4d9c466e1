"""What is drawn in the utility plot, updated in place."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetricsF

from gui.plots.chart import Chart
from gui.plots.styles import Style
from gui.plots.utility import UtilityPoint, placed_labels
from gui.theme import tokens

SIZE, CHOSEN = 12, 16
"""Pixels of a point, and of one whose defense is shown."""
GOAL = "better: more useful, less leaked"
TAIL = 44
"""Pixels that the arrow takes in its corner."""


class Dot:
    """The point of one defense with its interval and its name."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._point = pg.ScatterPlotItem(pxMode=True)
        self._bar = pg.ErrorBarItem(beam=0)
        self._name = pg.TextItem(anchor=(0, 0))
        for item in (self._bar, self._point, self._name):
            chart.box.addItem(item, ignoreBounds=True)

    def show(self, point: UtilityPoint, style: Style, title: str, *, shown: bool) -> None:
        """Draw it; larger where the defense is shown."""
        x, y = point.miou, point.auc
        fill = style.colour if not point.note else tokens().base
        size = CHOSEN if shown else SIZE
        self._point.setData([x], [y], symbol=style.symbol, size=size, pen=pg.mkPen(style.colour, width=2), brush=fill)
        pen = pg.mkPen(style.colour, width=1.5)
        numbers = {"x": x, "y": y, "top": point.high - y, "bottom": y - point.low}
        self._bar.setData(pen=pen, **{name: np.array([value]) for name, value in numbers.items()})
        self._name.setFont(self._chart.font())
        self._name.setText(title, color=tokens().text)
        self.set_visible(visible=True)

    def set_visible(self, *, visible: bool) -> None:
        """Show or hide it."""
        for item in (self._point, self._bar, self._name):
            item.setVisible(visible)

    def name_at(self, place: QPointF) -> None:
        """Put the name's upper left corner there, in plot coordinates."""
        self._name.setPos(place)


class Goal:
    """Where a defense should be: the arrow, and the line of chance."""

    def __init__(self, chart: Chart) -> None:
        self._chance = pg.InfiniteLine(0.5, angle=0)
        self._arrow = pg.ArrowItem(angle=-135, headLen=12, tipAngle=60, tailLen=20, tailWidth=2)
        self._words = pg.TextItem(GOAL, anchor=(1, 1))
        for item in (self._chance, self._arrow, self._words):
            item.setZValue(-5)
            chart.box.addItem(item, ignoreBounds=True)

    def show(self, corner: QPointF, beside: QPointF) -> None:
        """Point into the lower right corner; the words end at `beside`."""
        colours = tokens()
        self._chance.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DotLine))
        self._arrow.setStyle(brush=colours.muted, pen=pg.mkPen(colours.muted))
        self._arrow.setPos(corner)
        self._words.setColor(colours.muted)
        self._words.setPos(beside)


def place_names(chart: Chart, dots: Sequence[Dot], points: Sequence[UtilityPoint], titles: Sequence[str]) -> None:
    """Put the names where none covers another one."""
    metrics = QFontMetricsF(chart.font())
    room = chart.box.sceneBoundingRect()
    goal = metrics.horizontalAdvance(GOAL) + TAIL
    kept = (room.right() - goal, room.bottom() - TAIL, goal, float(TAIL))
    scene = [chart.box.mapViewToScene(QPointF(point.miou, point.auc)) for point in points]
    sizes = [(metrics.horizontalAdvance(title) + 10, metrics.height() + 4) for title in titles]
    boxes = placed_labels(
        [(place.x(), place.y()) for place in scene], sizes, (room.x(), room.y(), room.width(), room.height()), [kept]
    )
    for dot, box in zip(dots, boxes, strict=False):
        dot.name_at(chart.box.mapSceneToView(QPointF(box[0], box[1])))
