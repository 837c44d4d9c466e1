"""Outlines, lines and words drawn over an image, legible on any background."""

from dataclasses import dataclass

from PySide6.QtCore import QMarginsF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from gui.compare.viewport import Point

HALO = QColor(0, 0, 0, 150)
LIGHT = QColor(255, 255, 255)


@dataclass(frozen=True)
class Mark:
    """An outline in image pixels.

    Attributes
    ----------
    points
        Its corners (x, y).
    colour
        As "#rrggbb".
    name
        Written at its first corner; empty for no name.
    strong
        Whether it stands out: with a dark edge around the line, which many small marks do without.
    closed
        Whether the last corner is joined to the first.
    """

    points: tuple[Point, ...]
    colour: str = "#ffffff"
    name: str = ""
    strong: bool = True
    closed: bool = True


def paint_marks(painter: QPainter, marks: tuple[Mark, ...], place: QTransform) -> None:
    """Draw outlines; `place` leads from image pixels to the canvas."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    for mark in marks:
        corners = place.map(QPolygonF([QPointF(x, y) for x, y in mark.points]))
        for pen in _pens(mark):
            painter.setPen(pen)
            if mark.closed:
                painter.drawPolygon(corners)
            else:
                painter.drawPolyline(corners)
        if mark.name:
            paint_words(painter, corners.boundingRect().topLeft() + QPointF(4, 4), mark.name)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _pens(mark: Mark) -> list[QPen]:
    line = QPen(QColor(mark.colour), 1.6 if mark.strong else 1.0)
    return [QPen(HALO, 3.6), line] if mark.strong else [line]


def paint_upright(painter: QPainter, area: QRect, x: float, width: float = 1.0) -> None:
    """A light upright line with dark edges through an area."""
    _paint_bar(painter, QRectF(x - width / 2, area.top(), width, area.height()), QMarginsF(1, 0, 1, 0))


def paint_level(painter: QPainter, area: QRect, y: float, width: float = 1.0) -> None:
    """A light level line with dark edges through an area."""
    _paint_bar(painter, QRectF(area.left(), y - width / 2, area.width(), width), QMarginsF(0, 1, 0, 1))


def _paint_bar(painter: QPainter, bar: QRectF, edge: QMarginsF) -> None:
    # Filled rectangles take a hundredth of the time of lines drawn with a transparent pen.
    painter.fillRect(bar.marginsAdded(edge), HALO)
    painter.fillRect(bar, LIGHT)


def paint_handle(painter: QPainter, centre: QPointF) -> None:
    """What can be taken hold of: a disc with an arrow to either side."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(QPen(HALO, 1.5))
    painter.setBrush(LIGHT)
    painter.drawEllipse(centre, 11, 11)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(40, 40, 40), 1.8))
    for side in (-1, 1):
        tip = QPointF(7.0 * side, 0)
        painter.drawPolyline([centre + QPointF(3.5 * side, -3.5), centre + tip, centre + QPointF(3.5 * side, 3.5)])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_frame(painter: QPainter, area: QRect, colour: QColor) -> None:
    """A frame around an area: the keyboard is here."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2))
    painter.drawRect(area.adjusted(1, 1, -1, -1))


def paint_words(painter: QPainter, place: QPointF, words: str) -> None:
    """A word on a dark plate, its upper left corner at `place`."""
    size = painter.fontMetrics().size(0, words)
    plate = QRectF(place.x(), place.y(), size.width() + 8, size.height() + 2)
    _plate(painter, plate)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


def paint_note(painter: QPainter, area: QRect, words: str) -> None:
    """A sentence on a dark plate at the lower border of an area, in several lines where it is long."""
    flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
    inner = area.adjusted(16, 8, -16, -8)
    text = painter.fontMetrics().boundingRect(inner, flags, words)
    plate = QRectF(text.adjusted(-8, -4, 8, 4))
    plate.moveBottom(inner.bottom())
    _plate(painter, plate)
    painter.drawText(plate, flags, words)


def _plate(painter: QPainter, plate: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 170))
    painter.drawRoundedRect(plate, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(LIGHT)
