"""Figures as pieces, drawn as vectors: ROC curves, histograms, privacy against utility, bars."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPolygonF

from core.snapshot.blocks import Bars, Curve, Figure, FigureRow, HistogramFigure, RocFigure, ScatterFigure
from gui.fonts import font
from gui.snapshot.axes import Axes
from gui.snapshot.hatching import hatch
from gui.snapshot.lines import draw_text, elided
from gui.snapshot.pieces import Piece
from gui.snapshot.style import INK, LINE, MUTED, PAPER, SHADE, colour, curve_pen, pen

SPACE = 14.0
LEFT, LOW = 42.0, 26.0
"""Room for the numbers and titles of axes."""
LEGEND = 11.0


def figure_row(block: FigureRow, width: float) -> list[Piece]:
    """Figures side by side."""
    columns = max(len(block.figures), 2 if isinstance(block.figures[0], HistogramFigure) else 1)
    room = (width - SPACE * (columns - 1)) / columns

    def paint(painter: QPainter, x: float, y: float) -> None:
        for place, figure in enumerate(block.figures):
            PAINTERS[type(figure)](painter, figure, QRectF(x + place * (room + SPACE), y, room, block.height))

    return [Piece(block.height, paint, gap=8)]


# ---------------------------------------------------------------- ROC


def _roc(painter: QPainter, figure: RocFigure, room: QRectF) -> None:
    legend = LEGEND * len(figure.curves) + 4
    box = QRectF(room.left() + LEFT, room.top() + 4, room.width() - LEFT - 4, room.height() - LOW - legend - 4)
    least = figure.least if figure.log else 0.0
    axes = Axes.of(box, (least, 1.0), (least, 1.0), log=figure.log)
    axes.draw(painter, "False positive rate", "True positive rate")
    painter.save()
    painter.setClipRect(box)
    for curve in figure.curves:
        _band(painter, curve, axes)
    painter.setPen(pen(MUTED, 0.6))
    painter.drawPolyline(axes.path([(v, v) for v in (max(least, 1e-9), *[i / 50 for i in range(1, 51)])]))
    for curve in figure.curves:
        painter.setPen(curve_pen(curve.place))
        painter.drawPolyline(axes.path(_steps(curve.points)))
    painter.restore()
    for number, curve in enumerate(figure.curves):
        _key(painter, curve, room, box.bottom() + LOW + number * LEGEND)


def _steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """On logarithmic axes a straight run of many points would bend: points in between keep it true."""
    made = list(points[:1])
    for (x0, y0), (x1, y1) in pairwise(points):
        made += [(x0 + (x1 - x0) * i / 8, y0 + (y1 - y0) * i / 8) for i in range(1, 9)]
    return made


def _band(painter: QPainter, curve: Curve, axes: Axes) -> None:
    if not curve.band:
        return
    upper = [(fpr, high) for fpr, _, high in curve.band]
    lower = [(fpr, low) for fpr, low, _ in reversed(curve.band)]
    fill = colour(curve.place)
    fill.setAlphaF(0.13)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(QPolygonF(axes.path([*upper, *lower])))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _key(painter: QPainter, curve: Curve, room: QRectF, y: float) -> None:
    painter.setPen(curve_pen(curve.place))
    painter.drawLine(QPointF(room.left() + LEFT, y + 5), QPointF(room.left() + LEFT + 26, y + 5))
    width = room.width() - LEFT - 32
    draw_text(painter, room.left() + LEFT + 32, y, elided(curve.name, font(7), width), font(7))


# ---------------------------------------------------------------- histogram


def _histogram(painter: QPainter, figure: HistogramFigure, room: QRectF) -> None:
    box = QRectF(room.left() + LEFT, room.top() + 14, room.width() - LEFT - 4, room.height() - LOW - 22)
    draw_text(
        painter,
        room.left() + LEFT,
        room.top(),
        elided(figure.caption, font(8, bold=True), box.width()),
        font(8, bold=True),
    )
    top = max((*figure.members, *figure.non_members, 0.01)) * 1.08
    axes = Axes.of(box, (figure.edges[0], figure.edges[-1]), (0.0, top))
    axes.draw(painter, "Image score", "Share of images")
    solid = colour(0)
    solid.setAlphaF(0.45)
    _columns(painter, figure.edges, figure.members, axes, QBrush(solid), 0)
    _columns(painter, figure.edges, figure.non_members, axes, None, 1)
    painter.setPen(pen(INK, 0.8))
    for score in figure.suspects:
        painter.drawLine(QPointF(axes.x(score), box.bottom()), QPointF(axes.x(score), box.bottom() - 7))
    _histogram_key(painter, figure, room)


def _columns(
    painter: QPainter, edges: Sequence[float], shares: Sequence[float], axes: Axes, fill: QBrush | None, place: int
) -> None:
    for left, right, share in zip(edges, edges[1:], shares, strict=False):
        if share:
            _column(painter, QRectF(axes.at(left, share), axes.at(right, 0.0)), fill, place)


def _column(painter: QPainter, box: QRectF, fill: QBrush | None, place: int) -> None:
    """Filled, or hatched where there is no filling."""
    ink = colour(place).darker(130).name()
    if fill is None:
        hatch(painter, box, ink)
    painter.setPen(pen(ink, 0.7))
    painter.setBrush(fill or Qt.BrushStyle.NoBrush)
    painter.drawRect(box)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _histogram_key(painter: QPainter, figure: HistogramFigure, room: QRectF) -> None:
    y = room.bottom() - 9
    x = room.left() + LEFT
    solid = colour(0)
    solid.setAlphaF(0.45)
    for name, fill, place in (("members", QBrush(solid), 0), ("non-members", None, 1)):
        _column(painter, QRectF(x, y + 2, 12, 6), fill, place)
        draw_text(painter, x + 15, y, name, font(7))
        x += 75
    if figure.suspects:
        painter.setPen(pen(INK, 0.8))
        painter.drawLine(QPointF(x + 3, y + 1), QPointF(x + 3, y + 8))
        draw_text(painter, x + 9, y, "suspects", font(7))


# ---------------------------------------------------------------- privacy against utility


def _scatter(painter: QPainter, figure: ScatterFigure, room: QRectF) -> None:
    beside = min(190.0, room.width() * 0.4)
    box = QRectF(room.left() + LEFT, room.top() + 4, room.width() - LEFT - beside - 12, room.height() - LOW - 8)
    xs = [v for dot in figure.dots for v in (dot.x, dot.low, dot.high, 0.5) if v is not None]
    ys = [dot.y for dot in figure.dots]
    span = max(max(ys) - min(ys), 0.05) * 0.15
    axes = Axes.of(box, (min(xs) - 0.03, max(xs) + 0.03), (max(0.0, min(ys) - span), max(ys) + span))
    axes.draw(painter, "AUC of the attack (less is better)", "mIoU on non-members")
    painter.setPen(pen(MUTED, 0.6))
    painter.drawLine(QPointF(axes.x(0.5), box.top()), QPointF(axes.x(0.5), box.bottom()))
    step = min(13.0, box.height() / max(1, len(figure.dots)))
    taken: list[QRectF] = []
    for number, dot in enumerate(figure.dots, start=1):
        spot = axes.at(dot.x, dot.y)
        painter.setPen(pen(colour(dot.place).name(), 1.0))
        if dot.low is not None and dot.high is not None:
            painter.drawLine(axes.at(dot.low, dot.y), axes.at(dot.high, dot.y))
        painter.setBrush(colour(dot.place))
        painter.drawEllipse(spot, 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _number(painter, spot, number, taken)
        name = elided(f"{number}  {dot.name}", font(7), beside - 4)
        draw_text(painter, box.right() + 12, box.top() + (number - 1) * step, name, font(7 if step > 9 else 5))


def _number(painter: QPainter, spot: QPointF, number: int, taken: list[QRectF]) -> None:
    """The number of a dot beside it, where no other number stands yet."""
    width = 5.0 * len(str(number)) + 1
    places = [(dx, dy + 10 * ring) for ring in range(4) for dx in (4.0, -4 - width) for dy in (-11.0, 1.0)]
    boxes = [QRectF(spot.x() + dx, spot.y() + dy, width, 9) for dx, dy in places]
    box = next((b for b in boxes if not any(b.intersects(other) for other in taken)), boxes[0])
    taken.append(box)
    draw_text(painter, box.left(), box.top(), str(number), font(7, bold=True))


# ---------------------------------------------------------------- bars


def _bars(painter: QPainter, figure: Bars, room: QRectF) -> None:
    draw_text(
        painter, room.left(), room.top(), elided(figure.caption, font(8, bold=True), room.width()), font(8, bold=True)
    )
    names, values = 110.0, 44.0
    field = QRectF(room.left() + names, room.top() + 16, room.width() - names - values, room.height() - 20)
    reach = max((abs(value) for _, value in figure.rows), default=1.0) or 1.0
    low = -reach if figure.signed else 0.0
    zero = field.left() + field.width() * (-low / (reach - low))
    scale = field.width() / (reach - low)
    for number, (name, value) in enumerate(figure.rows):
        y = field.top() + number * 11
        draw_text(painter, room.left() + 16, y, elided(name, font(7), names - 20), font(7))
        if number < len(figure.inks) and figure.inks[number]:
            _swatch(painter, QRectF(room.left(), y + 1, 12, 8), figure.inks[number])
        painter.fillRect(QRectF(field.left(), y + 1, field.width(), 8), QColor(SHADE))
        bar = QRectF(zero, y + 1, value * scale, 8).normalized()
        painter.fillRect(bar, QColor("#9e331f" if value > 0 and low < 0 else "#214c84"))
        if value < 0:
            hatch(painter, bar, PAPER)
        draw_text(painter, field.right() + 4, y, f"{value:+.3g}" if low < 0 else f"{value:.3g}", font(7), MUTED)
    painter.setPen(pen(LINE if low == 0 else INK, 0.6))
    painter.drawLine(QPointF(zero, field.top() - 1), QPointF(zero, field.top() + 11 * len(figure.rows)))


def _swatch(painter: QPainter, box: QRectF, ink: str) -> None:
    """The colour of a class, as in its pictures."""
    painter.fillRect(box, QColor(ink))
    painter.setPen(pen(LINE, 0.4))
    painter.drawRect(box)


PAINTERS: dict[type[Figure], Callable[[QPainter, Any, QRectF], None]] = {
    RocFigure: _roc,
    HistogramFigure: _histogram,
    ScatterFigure: _scatter,
    Bars: _bars,
}
