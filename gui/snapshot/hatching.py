"""Hatching, drawn line by line: ready-made patterns are too fine on paper, and pale on some screens."""

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter

from gui.snapshot.style import pen

APART = 3.0


def hatch(painter: QPainter, box: QRectF, ink: str, width: float = 0.5) -> None:
    """Diagonal lines in a box, at the same places wherever boxes lie side by side."""
    painter.save()
    painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
    painter.setPen(pen(ink, width))
    first = int((box.left() + box.top()) // APART)
    last = int((box.right() + box.bottom()) // APART) + 1
    lines = [
        QLineF(n * APART - box.top(), box.top(), n * APART - box.bottom(), box.bottom()) for n in range(first, last)
    ]
    painter.drawLines(lines)
    painter.restore()
