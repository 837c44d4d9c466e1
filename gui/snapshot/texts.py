"""Blocks of text as pieces: titles, paragraphs, framed paragraphs, large numbers, pairs, lines to sign on."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from core.snapshot.blocks import Callout, Facts, Head, Numbers, Signature, Text, Title
from gui.fonts import font
from gui.snapshot.lines import Lines, in_lines
from gui.snapshot.pieces import Piece
from gui.snapshot.style import INK, LINE, MUTED, SHADE, pen

STYLES = {"body": (9, INK), "small": (8, MUTED), "muted": (9, MUTED)}
TITLES, FEW = (20, 14, 11), 3
"""Sizes of the title: a smaller one where it takes more lines than that."""
MOST = 20
"""Lines of a heading."""
LOGO_HEIGHT = 40.0
PAD = 7.0
PART = 30
"""Lines of a pair in one piece: a longer one goes on in the next."""
NAME_SHARE, ASKED_SHARE = 0.26, 0.14
"""Share of the width for the names of pairs."""


def title(block: Title, width: float) -> list[Piece]:
    """Logo, title and what stands under it."""
    logo = QImage.fromData(block.logo) if block.logo else QImage()
    above = 0.0 if logo.isNull() else LOGO_HEIGHT + 8
    sizes = (in_lines(block.text, font(size, bold=True), width, MOST) for size in TITLES[block.small :])
    name = next((lines for lines in sizes if lines.count <= FEW), in_lines(block.text, font(9, bold=True), width, MOST))
    under = in_lines(block.under, font(9), width, MOST)

    def paint(painter: QPainter, x: float, y: float) -> None:
        if above:
            shown = min(width, LOGO_HEIGHT * logo.width() / logo.height())
            painter.drawImage(QRectF(x, y, shown, shown * logo.height() / logo.width()), logo)
        name.draw(painter, x, y + above)
        under.draw(painter, x, y + above + name.height + 2)

    return [Piece(above + name.height + under.height + 4, paint, bookmark=(1, "First page"))]


def head(block: Head, width: float) -> list[Piece]:
    """A heading, never alone at the foot of a page."""
    first = block.level == 1
    lines = in_lines(block.text, font(14 if first else 11, bold=True), width, MOST)

    def paint(painter: QPainter, x: float, y: float) -> None:
        lines.draw(painter, x, y)
        if first:
            painter.setPen(pen(INK, 0.8))
            painter.drawLine(round(x), round(y + lines.height + 2), round(x + width), round(y + lines.height + 2))

    height = lines.height + (5 if first else 0)
    return [Piece(height, paint, gap=16 if first else 10, keep=True, bookmark=(block.level, block.text))]


def text(block: Text, width: float) -> list[Piece]:
    """A paragraph, a piece for each line; its first two and last two lines stay together."""
    size, ink = STYLES[block.style]
    lines = Lines(block.text, font(size), width, ink=ink)
    return paragraph(lines, gap=5)


def paragraph(lines: Lines, gap: float) -> list[Piece]:
    """The lines as pieces."""

    def line(number: int) -> Piece:
        def paint(painter: QPainter, x: float, y: float) -> None:
            lines.draw(painter, x, y, number, number + 1)

        last = lines.count - 1
        keep = number < last and (number == 0 or number == last - 1)
        return Piece(lines.step, paint, gap=0 if number else gap, keep=keep)

    return [line(number) for number in range(lines.count)]


def callout(block: Callout, width: float) -> list[Piece]:
    """A framed paragraph; a long one in parts that may be on different pages."""
    size = 8 if block.small else 9
    name = in_lines(block.title, font(size, bold=True), width - 2 * PAD - 3, MOST)
    body = Lines(block.text, font(size), width - 2 * PAD - 3)
    starts = range(0, max(1, body.count), PART)
    return [_framed(name, body, width, start, min(start + PART, body.count)) for start in starts]


def _framed(name: Lines, body: Lines, width: float, start: int, end: int) -> Piece:
    first, last = start == 0, end >= body.count
    above = PAD + name.height if first else 0.0
    height = above + (end - start) * body.step + (PAD if last else 0.0)

    def paint(painter: QPainter, x: float, y: float) -> None:
        painter.fillRect(QRectF(x, y, width, height), QColor(SHADE))
        painter.fillRect(QRectF(x, y, 3, height), QColor(INK))
        if first:
            name.draw(painter, x + PAD + 3, y + PAD)
        body.draw(painter, x + PAD + 3, y + above, start, end)

    return Piece(height, paint, gap=7 if first else 0)


def numbers(block: Numbers, width: float) -> list[Piece]:
    """Large numbers side by side in frames."""
    room = (width - 8 * (len(block.items) - 1)) / len(block.items)
    inner = room - 2 * PAD
    cells = [
        (Lines(value, font(20, bold=True), inner), Lines(what, font(8), inner), Lines(sure, font(8), inner, ink=MUTED))
        for value, what, sure in block.items
    ]
    height = max(sum(lines.height for lines in cell) for cell in cells) + 2 * PAD

    def paint(painter: QPainter, x: float, y: float) -> None:
        for place, cell in enumerate(cells):
            left, top = x + place * (room + 8), y + PAD
            painter.setPen(pen(LINE, 0.8))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(left, y, room, height))
            for lines in cell:
                lines.draw(painter, left + PAD, top)
                top += lines.height

    return [Piece(height, paint, gap=8)]


def facts(block: Facts, width: float) -> list[Piece]:
    """Pairs of name and value; long values go on over as many lines, and pages, as they need."""
    made: list[Piece] = []
    left = width * (ASKED_SHARE if block.large else NAME_SHARE)
    size = 9 if block.large and not block.small else 8
    for place, (name, value) in enumerate(block.rows):
        names = Lines(name, font(size, bold=True), left - 8)
        values = Lines(value, font(size, mono=block.mono), width - left)
        gap = 0.3 * values.step if place else 8
        made += [
            _pair(names, values, left, start, 0 if start else gap)
            for start in range(0, max(names.count, values.count), PART)
        ]
    return made


def _pair(names: Lines, values: Lines, left: float, start: int, gap: float) -> Piece:
    count = min(PART, max(names.count, values.count) - start)

    def paint(painter: QPainter, x: float, y: float) -> None:
        names.draw(painter, x, y, start, start + count)
        values.draw(painter, x + left, y, start, start + count)

    return Piece(count * max(names.step, values.step), paint, gap=gap)


def signature(block: Signature, width: float) -> list[Piece]:
    """Lines to sign on."""
    room = (width - 16 * (len(block.lines) - 1)) / len(block.lines)

    def paint(painter: QPainter, x: float, y: float) -> None:
        for place, name in enumerate(block.lines):
            left = x + place * (room + 16)
            painter.setPen(pen(INK, 0.7))
            painter.drawLine(round(left), round(y + 34), round(left + room), round(y + 34))
            Lines(name, font(8), room, ink=MUTED).draw(painter, left, y + 36)

    return [Piece(48, paint, gap=10)]
