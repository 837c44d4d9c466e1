"""Horizontal bars with names, such as what each class adds to a score."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from core.snapshot.blocks import Bars
from gui.fonts import font
from gui.snapshot.hatching import hatch
from gui.snapshot.lines import Lines, draw_text, in_lines, text_width
from gui.snapshot.style import INK, LINE, MUTED, PAPER, SHADE, pen

STEP, THICK = 11.0, 8.0
"""Height of a row with a name in one line, and of its bar."""
SWATCH, VALUES = 16.0, 44.0
"""Room for the colour of a name, and for the numbers."""
NARROW, WIDE = 94.0, 0.45
"""Room for the names at least, and as a share of the width at most."""
MOST = 6
"""Lines of a name."""


def bars_height(figure: Bars, width: float) -> float:
    """How much room the bars need."""
    return _caption(figure, width).height + 10 + sum(_step(name) for name in _names(figure, width))


def _caption(figure: Bars, width: float) -> Lines:
    return Lines(figure.caption, font(8, bold=True), width)


def _room(figure: Bars, width: float) -> float:
    """Room for the names."""
    longest = max((text_width(name, font(7)) for name, _ in figure.rows), default=0.0)
    return min(max(longest, NARROW), WIDE * width)


def _names(figure: Bars, width: float) -> list[Lines]:
    return [in_lines(name, font(7), _room(figure, width), MOST) for name, _ in figure.rows]


def _step(name: Lines) -> float:
    return max(STEP, name.height + 2)


def draw_bars(painter: QPainter, figure: Bars, room: QRectF) -> None:
    """The bars, from 0 to the right or, where values may have either sign, to both sides."""
    caption, names = _caption(figure, room.width()), _names(figure, room.width())
    caption.draw(painter, room.left(), room.top())
    left = room.left() + SWATCH + _room(figure, room.width()) + 6
    reach = max((abs(value) for _, value in figure.rows), default=1.0) or 1.0
    low = -reach if figure.signed else 0.0
    scale = (room.right() - VALUES - left) / (reach - low)
    top = y = room.top() + caption.height + 6
    for number, ((_, value), name) in enumerate(zip(figure.rows, names, strict=True)):
        name.draw(painter, room.left() + SWATCH, y)
        if number < len(figure.inks) and figure.inks[number]:
            _swatch(painter, QRectF(room.left(), y + 1, 12, THICK), figure.inks[number])
        painter.fillRect(QRectF(left, y + 1, room.right() - VALUES - left, THICK), QColor(SHADE))
        _bar(painter, QRectF(left - low * scale, y + 1, value * scale, THICK), signed=low < 0)
        shown = f"{value:+.3g}" if low < 0 else f"{value:.3g}"
        draw_text(painter, room.right() - VALUES + 4, y, shown, font(7), MUTED)
        y += _step(name)
    painter.setPen(pen(LINE if low == 0 else INK, 0.6))
    painter.drawLine(QPointF(left - low * scale, top - 1), QPointF(left - low * scale, y))


def _bar(painter: QPainter, box: QRectF, *, signed: bool) -> None:
    """Hatched where it is below 0: without colour both signs are dark."""
    negative = box.width() < 0
    painter.fillRect(box.normalized(), QColor("#214c84" if negative or not signed else "#9e331f"))
    if negative:
        hatch(painter, box.normalized(), PAPER)


def _swatch(painter: QPainter, box: QRectF, ink: str) -> None:
    """The colour of a class, as in its pictures."""
    painter.fillRect(box, QColor(ink))
    painter.setPen(pen(LINE, 0.4))
    painter.drawRect(box)
