"""Which colour means which value: a bar with its two ends, or the classes that occur."""

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.compare.frame import PaneFrame, Seen
from gui.compare.layers import ERROR, RIGHT, WRONG
from gui.compare.look import Look
from gui.compare.picture import Overlay
from gui.compare.readout import class_name, end
from gui.compare.shown import class_colours
from gui.ranges import Range

GAP = 6
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
Chip = tuple[str, str]
"""A colour "#rrggbb" and what it means."""

NO_CHIPS: tuple[Chip, ...] = ()


class ColourBar(QWidget):
    """The scale of one pane's overlay, with a mark at the value under the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ramp: Overlay | None = None
        self._ends: Range | None = None
        self._chips = NO_CHIPS
        self._value: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_scale(self, pane: PaneFrame, seen: Seen, look: Look) -> None:
        """Show the scale of what a pane shows; empty where that has none."""
        self._ramp, self._ends, self._chips, self._value = None, pane.ends, NO_CHIPS, None
        if pane.ends is not None and pane.shown.kind is not None:
            self._ramp = Overlay.of(look.table(pane.shown.kind)[None, 1:])
            self.setAccessibleName(f"Colours from {end(pane.ends[0])} to {end(pane.ends[1])}")
        elif pane.shown.classes is not None:
            self._chips = _chips(pane, seen)
            self.setAccessibleName("Classes: " + ", ".join(name for _, name in self._chips))
        self.update()

    def mark(self, value: float | None) -> None:
        """Mark a value on the bar; None or NaN for no mark."""
        value = None if value is None or math.isnan(value) else value
        if value != self._value:
            self._value = value
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """One line of text."""
        return QSize(120, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the bar or the classes."""
        painter = QPainter(self)
        if self._ramp is not None and self._ends is not None:
            self._paint_bar(painter, self._ramp, self._ends)
        self._paint_chips(painter)
        painter.end()

    def _paint_bar(self, painter: QPainter, ramp: Overlay, ends: Range) -> None:
        metrics = self.fontMetrics()
        low, high = end(ends[0]), end(ends[1])
        left, right = (metrics.horizontalAdvance(words) + GAP for words in (low, high))
        bar = QRectF(left, 4, max(self.width() - left - right, 8), self.height() - 8)
        painter.setPen(self.palette().windowText().color())
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(0, 0, left, self.height()), middle | int(Qt.AlignmentFlag.AlignLeft), low)
        painter.drawText(QRectF(bar.right(), 0, right, self.height()), middle | int(Qt.AlignmentFlag.AlignRight), high)
        painter.drawImage(bar, ramp.image)
        painter.setPen(QPen(self.palette().mid().color(), 1))
        painter.drawRect(bar)
        if self._value is not None:
            share = (self._value - ends[0]) / max(ends[1] - ends[0], 1e-12)
            self._paint_mark(painter, bar, min(max(share, 0.0), 1.0))

    def _paint_mark(self, painter: QPainter, bar: QRectF, share: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        x = bar.left() + share * bar.width()
        painter.setPen(QPen(self.palette().window().color(), 1))
        painter.setBrush(self.palette().windowText())
        for y, inner in ((0.0, 6.0), (float(self.height()), self.height() - 6.0)):
            painter.drawPolygon(QPolygonF([QPointF(x - 4, y), QPointF(x + 4, y), QPointF(x, inner)]))

    def _paint_chips(self, painter: QPainter) -> None:
        """As many classes as there is room for."""
        metrics, x, side = self.fontMetrics(), 0, self.height() - 8
        more = metrics.horizontalAdvance(ELLIPSIS)
        for drawn, (colour, name) in enumerate(self._chips, start=1):
            width = side + 4 + metrics.horizontalAdvance(name) + 2 * GAP
            if x + width > self.width() - more * (drawn < len(self._chips)):
                painter.setPen(self.palette().windowText().color())
                painter.drawText(QRectF(x, 0, more, self.height()), int(Qt.AlignmentFlag.AlignVCenter), ELLIPSIS)
                return
            painter.fillRect(QRectF(x, 4, side, side), QColor(colour))
            painter.setPen(self.palette().windowText().color())
            place = QRectF(x + side + 4, 0, width, self.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), name)
            x += width


def _chips(pane: PaneFrame, seen: Seen) -> tuple[Chip, ...]:
    """The classes that occur in what is shown, the most frequent first."""
    assert pane.shown.classes is not None
    colours = class_colours(pane.shown.layer, seen)
    counts = np.bincount(pane.shown.classes.ravel(), minlength=256)[: len(colours)]
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
    return tuple((QColor(*colours[i].tolist()).name(), _name(pane, seen, i)) for i in order)


def _name(pane: PaneFrame, seen: Seen, train_id: int) -> str:
    if pane.shown.layer.id == ERROR:
        return {WRONG: "wrong", RIGHT: "right"}[train_id]
    return class_name(seen, train_id)
