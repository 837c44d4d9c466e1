"""A plot's frame: scales, ticks, grid, axis titles."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from gui.fonts import font
from gui.snapshot.lines import draw_text
from gui.snapshot.style import INK, LINE, MUTED, pen

TICK = 7


@dataclass(frozen=True)
class Scale:
    """From values to places between two ends of the page; logarithmic where asked."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; values beyond the ends lie on them."""
        low, high, at = (math.log10(v) if self.log else v for v in (self.low, self.high, max(value, self.low)))
        share = (min(at, high) - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values, about five of them; the powers of ten on a logarithmic scale."""
        if self.log:
            first = math.ceil(math.log10(self.low) - 1e-9)
            return [10.0**power for power in range(first, math.floor(math.log10(self.high) + 1e-9) + 1)]
        step = nice_step(self.high - self.low)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def nice_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that about five steps make a span."""
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


@dataclass(frozen=True)
class Axes:
    """A frame on the page with its two scales."""

    box: QRectF
    x: Scale
    y: Scale

    @classmethod
    def of(cls, box: QRectF, x: tuple[float, float], y: tuple[float, float], *, log: bool = False) -> "Axes":
        """Axes over a box, for ranges of values."""
        return cls(box, Scale(*x, box.left(), box.right(), log), Scale(*y, box.bottom(), box.top(), log))

    def at(self, x: float, y: float) -> QPointF:
        """The place of a point."""
        return QPointF(self.x(x), self.y(y))

    def draw(self, painter: QPainter, below: str, beside: str, shown: Callable[[float], str] = "{:g}".format) -> None:
        """Frame, grid, ticks and titles."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for value in self.x.ticks():
            self._line(painter, QPointF(self.x(value), self.box.top()), QPointF(self.x(value), self.box.bottom()))
            draw_text(painter, self.x(value), self.box.bottom() + 2, shown(value), font(TICK), MUTED, 0.5)
        for value in self.y.ticks():
            self._line(painter, QPointF(self.box.left(), self.y(value)), QPointF(self.box.right(), self.y(value)))
            draw_text(painter, self.box.left() - 3, self.y(value) - 5, shown(value), font(TICK), MUTED, 1.0)
        painter.setPen(pen(INK, 0.7))
        painter.drawRect(self.box)
        draw_text(painter, self.box.center().x(), self.box.bottom() + 12, below, font(8), INK, 0.5)
        painter.save()
        painter.translate(self.box.left() - 34, self.box.center().y())
        painter.rotate(-90)
        draw_text(painter, 0, 0, beside, font(8), INK, 0.5)
        painter.restore()

    def _line(self, painter: QPainter, start: QPointF, end: QPointF) -> None:
        painter.setPen(pen(LINE, 0.35))
        painter.drawLine(start, end)

    def path(self, points: Sequence[tuple[float, float]]) -> list[QPointF]:
        """The places of many points."""
        return [self.at(x, y) for x, y in points]
