"""Figures as pieces, drawn as vectors: ROC curves, histograms, privacy against utility, bars."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPolygonF

from core.snapshot.blocks import Bars, Curve, Figure, FigureRow, HistogramFigure, RocFigure, ScatterFigure
from gui.fonts import font
from gui.snapshot.axes import Axes
from gui.snapshot.bars import bars_height, draw_bars
from gui.snapshot.hatching import hatch
from gui.snapshot.keys import LEAST, draw_keys, keys_height
from gui.snapshot.lines import draw_text, in_lines
from gui.snapshot.pieces import Piece
from gui.snapshot.scatter import draw_scatter
from gui.snapshot.style import INK, MUTED, colour, curve_pen, pen

SPACE = 14.0
LEFT, LOW = 42.0, 26.0
"""Room for the numbers and titles of axes."""
LEGEND = LEAST
CAPTION = 4
"""Lines of a histogram's title."""


def figure_row(block: FigureRow, width: float) -> list[Piece]:
    """Figures side by side; the keys of ROC curves that are the same in all of them stand below, once."""
    columns = max(len(block.figures), 2 if isinstance(block.figures[0], HistogramFigure) else 1)
    room = (width - SPACE * (columns - 1)) / columns
    shared = _shared_curves(block.figures)
    below = keys_height(shared, width - LEFT)
    usual = (
        block.height - LEGEND * len(shared) - 4
        if shared
        else max(height_of(f, room, block.height) for f in block.figures)
    )

    def paint(painter: QPainter, x: float, y: float) -> None:
        for place, figure in enumerate(block.figures):
            box = QRectF(x + place * (room + SPACE), y, room, usual)
            if isinstance(figure, RocFigure) and shared:
                _plot(painter, figure, box)
            else:
                PAINTERS[type(figure)](painter, figure, box)
        draw_keys(painter, shared, x + LEFT, y + usual + 2, width - LEFT)

    return [Piece(usual + below if shared else usual, paint, gap=8)]


def _shared_curves(figures: Sequence[Figure]) -> tuple[Curve, ...]:
    """The curves of figures that all show the same ones; none where they are no ROC curves."""
    rocs = [figure for figure in figures if isinstance(figure, RocFigure)]
    named = {tuple((curve.name, curve.place) for curve in figure.curves) for figure in rocs}
    return rocs[0].curves if len(rocs) == len(figures) > 1 and len(named) == 1 else ()


def height_of(figure: Figure, width: float, usual: float) -> float:
    """How high a figure is: as usual, or as many names and bars as it has."""
    if isinstance(figure, Bars):
        return bars_height(figure, width)
    if isinstance(figure, RocFigure):
        return usual + keys_height(figure.curves, width - LEFT) - LEGEND * len(figure.curves) - 4
    return usual


# ---------------------------------------------------------------- ROC


def _roc(painter: QPainter, figure: RocFigure, room: QRectF) -> None:
    """One by itself, over its keys."""
    keys = keys_height(figure.curves, room.width() - LEFT)
    _plot(painter, figure, room.adjusted(0, 0, 0, -keys))
    draw_keys(painter, figure.curves, room.left() + LEFT, room.bottom() - keys + 2, room.width() - LEFT)


def _plot(painter: QPainter, figure: RocFigure, room: QRectF) -> None:
    box = QRectF(room.left() + LEFT, room.top() + 4, room.width() - LEFT - 4, room.height() - LOW - 4)
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


# ---------------------------------------------------------------- histogram


def _histogram(painter: QPainter, figure: HistogramFigure, room: QRectF) -> None:
    caption = in_lines(figure.caption, font(8, bold=True), room.width() - LEFT - 4, CAPTION)
    above = caption.height + 4
    box = QRectF(room.left() + LEFT, room.top() + above, room.width() - LEFT - 4, room.height() - LOW - 8 - above)
    caption.draw(painter, room.left() + LEFT, room.top())
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


PAINTERS: dict[type[Figure], Callable[[QPainter, Any, QRectF], None]] = {
    RocFigure: _roc,
    HistogramFigure: _histogram,
    ScatterFigure: draw_scatter,
    Bars: draw_bars,
}
