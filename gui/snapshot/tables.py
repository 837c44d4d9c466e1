"""Tables as pieces: one for each row, under a head that is repeated on every page."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from core.snapshot.blocks import Picture, Table
from gui.fonts import font
from gui.snapshot.lines import Lines
from gui.snapshot.pictures import draw_raster
from gui.snapshot.pieces import Piece
from gui.snapshot.style import INK, LINE, SHADE, pen

PAD = 3.0
THUMBNAIL = 38.0
MOST_LINES = 40
"""Lines of a row in one piece: a longer row goes on in the next one."""
LAST_ROWS = 3
"""Rows at the end of a table that stay on one page, where they fit on one."""


@dataclass(frozen=True)
class _Column:
    left: float
    width: float
    right: bool


def table(block: Table, width: float) -> list[Piece]:
    """The rows, and the head above the first."""
    columns = _columns(block, width)
    # A title may break before its parameters, rather than within a number.
    head = _row(tuple(title.replace("(", "\u200b(") for title in block.head), columns, width, 0, bold=True)
    top = Piece(head.height, head.paint, gap=7, keep=True)
    rows = [
        _row(row, columns, width, start, head=head)
        for row in block.rows
        for start in range(0, _line_count(row, columns), MOST_LINES)
    ]
    return [top, *_kept_together(rows)]


def _kept_together(rows: list[Piece]) -> list[Piece]:
    """The first two rows, and the last three, not parted: a row alone on a page is read as a table of its own."""
    last = len(rows) - 1
    return [
        replace(row, keep=number < last and (number == 0 or number > last - LAST_ROWS))
        for number, row in enumerate(rows)
    ]


def _columns(block: Table, width: float) -> list[_Column]:
    total, left = sum(block.weights), 0.0
    columns = []
    for place, weight in enumerate(block.weights):
        share = width * weight / total
        right = place < len(block.align) and block.align[place] == "right"
        columns.append(_Column(left + PAD, share - 2 * PAD, right))
        left += share
    return columns


def _lines(cell: str, column: _Column, *, bold: bool = False) -> Lines:
    return Lines(cell, font(8, bold=bold), column.width, right=column.right)


def _line_count(row: "tuple[str | Picture, ...]", columns: list[_Column]) -> int:
    pairs = zip(row, columns, strict=True)
    return max(_lines(cell, column).count for cell, column in pairs if isinstance(cell, str))


def _row(
    row: "tuple[str | Picture, ...]",
    columns: list[_Column],
    width: float,
    start: int,
    *,
    bold: bool = False,
    head: Piece | None = None,
) -> Piece:
    cells = [
        c if isinstance(c, Picture) else _lines(c, column, bold=bold) for c, column in zip(row, columns, strict=True)
    ]
    texts = [cell for cell in cells if isinstance(cell, Lines)]
    height = max(min(cell.count - start, MOST_LINES) * cell.step for cell in texts) + 2 * PAD
    if any(isinstance(cell, Picture) for cell in cells):
        height = max(height, THUMBNAIL + 2 * PAD)

    def paint(painter: QPainter, x: float, y: float) -> None:
        if bold:
            painter.fillRect(QRectF(x, y, width, height), QColor(SHADE))
        painter.setPen(pen(INK if bold else LINE, 0.7 if bold else 0.5))
        painter.drawLine(QRectF(x, y + height, width, 0).topLeft(), QRectF(x, y + height, width, 0).topRight())
        for cell, column in zip(cells, columns, strict=True):
            if isinstance(cell, Lines):
                cell.draw(painter, x + column.left, y + PAD, start, start + MOST_LINES)
            elif start == 0:
                draw_raster(painter, cell, QRectF(x + column.left, y + PAD, column.width, THUMBNAIL))

    return Piece(height, paint, head=head)
