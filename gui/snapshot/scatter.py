"""Privacy against utility: a dot for each defense, with its number and, where asked, its name."""

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from core.snapshot.blocks import Dot, ScatterFigure
from gui.fonts import font
from gui.snapshot.axes import Axes
from gui.snapshot.lines import Lines, draw_text, in_lines
from gui.snapshot.style import LINE, MUTED, colour, pen

LEFT, LOW = 42.0, 26.0
"""Room for the numbers and titles of axes."""
BESIDE, OF_WIDTH = 190.0, 0.4
"""Room for the names: so much, and at most this share of the width."""
MOST = 2
"""Lines of a name."""
RADIUS = 3.0
NUMBER = 9.0
"""Height of a dot's number."""
FAR = 9
"""Steps away from its dot at which a number may stand."""


def draw_scatter(painter: QPainter, figure: ScatterFigure, room: QRectF) -> None:
    """AUC along x, mIoU along y."""
    names = _names(figure, min(BESIDE, room.width() * OF_WIDTH))
    beside = min(BESIDE, room.width() * OF_WIDTH) + 12 if names else 4.0
    box = QRectF(room.left() + LEFT, room.top() + 4, room.width() - LEFT - beside, room.height() - LOW - 8)
    xs = [v for dot in figure.dots for v in (dot.x, dot.low, dot.high, 0.5) if v is not None]
    ys = [dot.y for dot in figure.dots]
    span = max(max(ys) - min(ys), 0.05) * 0.15
    axes = Axes.of(box, (min(xs) - 0.03, max(xs) + 0.03), (max(0.0, min(ys) - span), max(ys) + span))
    axes.draw(painter, "AUC of the attack (less is better)", "mIoU on non-members")
    painter.setPen(pen(MUTED, 0.6))
    painter.drawLine(QPointF(axes.x(0.5), box.top()), QPointF(axes.x(0.5), box.bottom()))
    for dot in figure.dots:
        _draw_dot(painter, dot, axes)
    spots = [axes.at(dot.x, dot.y) for dot in figure.dots]
    taken = [QRectF(p.x() - RADIUS, p.y() - RADIUS, 2 * RADIUS, 2 * RADIUS) for p in spots]
    places = [_number_place(spot, number, box, taken) for number, spot in enumerate(spots, start=1)]
    painter.setPen(pen(LINE, 0.4))
    for spot, place in zip(spots, places, strict=True):
        if _distance(place.center(), spot) > 2 * NUMBER:
            painter.drawLine(spot, place.center())
    for number, place in enumerate(places, start=1):
        draw_text(painter, place.left(), place.top(), str(number), font(7, bold=True))
    y = box.top()
    for name in names:
        name.draw(painter, box.right() + 12, y)
        y += name.height + 3


def _names(figure: ScatterFigure, width: float) -> list[Lines]:
    """Numbers and names, where these are asked for."""
    dots = figure.dots if figure.beside else ()
    return [in_lines(f"{n}  {dot.name}", font(7), width - 4, MOST) for n, dot in enumerate(dots, start=1)]


def _draw_dot(painter: QPainter, dot: Dot, axes: Axes) -> None:
    painter.setPen(pen(colour(dot.place).name(), 1.0))
    if dot.low is not None and dot.high is not None:
        painter.drawLine(axes.at(dot.low, dot.y), axes.at(dot.high, dot.y))
    painter.setBrush(colour(dot.place))
    painter.drawEllipse(axes.at(dot.x, dot.y), RADIUS, RADIUS)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _number_place(spot: QPointF, number: int, inside: QRectF, taken: list[QRectF]) -> QRectF:
    """Where the number of a dot stands: as near to it as there is room; a thin line leads to one that is away."""
    width = 5.0 * len(str(number)) + 1
    boxes = [QRectF(spot.x() + dx, spot.y() + dy, width, NUMBER) for dx, dy in _places(width)]
    free = [b for b in boxes if inside.contains(b) and not any(b.intersects(other) for other in taken)]
    box = min(free or boxes[:1], key=lambda b: _distance(b.center(), spot))
    taken.append(box)
    return box


def _places(width: float) -> Iterator[tuple[float, float]]:
    """Where a number may stand: right and left of its dot, above and below, then farther away."""
    for ring in range(FAR):
        for dy in (-11.0 - 10 * ring, 1.0 + 10 * ring):
            for aside in range(FAR):
                yield 4.0 + (width + 2) * aside, dy
                yield -4.0 - width - (width + 2) * aside, dy


def _distance(one: QPointF, other: QPointF) -> float:
    return float(((one.x() - other.x()) ** 2 + (one.y() - other.y()) ** 2) ** 0.5)
