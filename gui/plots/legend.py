"""Which line is which, beside a plot and in its pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.theme import tokens

SAMPLE, GAP = 34.0, 8.0
"""Width of a sample and of the space beside it, in pixels."""


@dataclass(frozen=True)
class Entry:
    """A line of a legend.

    Attributes
    ----------
    words
        What it says.
    pen
        Of the line or outline; None: a remark without a sample.
    fill
        Of an area; None: a line.
    """

    words: str
    pen: QPen | None = None
    fill: QBrush | None = None


class Legend(pg.GraphicsWidget):  # type: ignore[misc] # pyqtgraph has no types
    """Lines of a sample and words; takes no room without any.

    Parameters
    ----------
    heading
        Whether it stands above the plot and has a single line.
    """

    def __init__(self, *, heading: bool = False) -> None:
        super().__init__()
        self._heading = heading
        self._entries: Sequence[Entry] = ()
        self._font = QFont()

    @property
    def words(self) -> list[str]:
        """What each line says."""
        return [entry.words for entry in self._entries]

    def show_entries(self, entries: Sequence[Entry], font: QFont, room: float = 0.0) -> None:
        """Show these lines; `room` is the least width, to stand in line with the legend of another plot."""
        self._entries, self._font = entries, font
        if self._heading:
            self.setFixedHeight(self._line if entries else 0)
        else:
            self.setFixedWidth(max(self.room, room))
        self.update()

    @property
    def room(self) -> float:
        """How wide it must be, in pixels."""
        return room_of(self._entries, self._font)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw it from the top."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        line = self._line
        for place, entry in enumerate(self._entries):
            row = QRectF(GAP, place * line, self.boundingRect().width(), line)
            _paint_sample(painter, entry, row)
            painter.setPen(QColor(tokens().text if entry.pen is not None else tokens().muted))
            row.setLeft(GAP + _left(entry))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, entry.words)

    @property
    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._font)

    @property
    def _line(self) -> float:
        return self._metrics.lineSpacing() * 1.15


def room_of(entries: Sequence[Entry], font: QFont) -> float:
    """How wide a legend with these lines is, in pixels."""
    metrics = QFontMetricsF(font)
    widths = (_left(entry) + metrics.horizontalAdvance(entry.words) for entry in entries)
    return max((width + 2 * GAP for width in widths), default=0.0)


def _left(entry: Entry) -> float:
    return 0.0 if entry.pen is None else SAMPLE + GAP


def _paint_sample(painter: QPainter, entry: Entry, row: QRectF) -> None:
    if entry.pen is None:
        return
    painter.setPen(entry.pen)
    if entry.fill is None:
        middle = row.center().y()
        painter.drawLine(QPointF(row.left(), middle), QPointF(row.left() + SAMPLE, middle))
        return
    painter.setBrush(entry.fill)
    painter.drawRect(QRectF(row.left() + 6, row.top() + 3, SAMPLE - 12, row.height() - 6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
