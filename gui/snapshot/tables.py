"""Tables as pieces: one for each row, under a head that is repeated on every page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from core.snapshot.blocks import Picture, Table
from gui.fonts import font
from gui.snapshot.columns import PAD, THUMBNAIL, widths
from gui.snapshot.lines import Lines, in_lines
from gui.snapshot.pictures import draw_raster
from gui.snapshot.pieces import Piece
from gui.snapshot.style import INK, LINE, SHADE, pen

PART = 8
"""Lines of a row in one piece: a longer row goes on in the next one, on the next page if need be."""
UNDER = 2.0
"""Room under the head, for a row that goes on there."""
TITLE = 8
"""Lines of a title of a column."""
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
    head = _Row(tuple(title.replace("(", "\u200b(") for title in block.head), columns, width, bold=True).whole()
    rows = [tuple(_Row(row, columns, width).pieces(head)) for row in block.rows]
    return [replace(head, gap=7, keep=True), *_kept_together(rows)]


def _kept_together(rows: list[tuple[Piece, ...]]) -> list[Piece]:
    """The first two rows, and the last three, not parted: a row alone on a page is read as a table of its own.

    Rows that are in parts may be parted anywhere.
    """
    last = len(rows) - 1
    kept = [number < last and (number == 0 or number > last - LAST_ROWS) for number in range(len(rows))]
    return [replace(piece, keep=keep and len(row) == 1) for row, keep in zip(rows, kept, strict=True) for piece in row]


def _columns(block: Table, width: float) -> list[_Column]:
    left = 0.0
    columns = []
    for place, own in enumerate(widths(block, width)):
        right = place < len(block.align) and block.align[place] == "right"
        columns.append(_Column(left + PAD, own - 2 * PAD, right))
        left += own
    return columns


def _lines(cell: str, column: _Column, *, bold: bool) -> Lines:
    """A title has an end, because it is on every page; what it names is told in full elsewhere."""
    if bold:
        cell = in_lines(cell, font(8, bold=True), column.width, TITLE).text
    return Lines(cell, font(8, bold=bold), column.width, right=column.right)


class _Row:
    """One row, broken into lines."""

    def __init__(
        self, row: "tuple[str | Picture, ...]", columns: list[_Column], width: float, *, bold: bool = False
    ) -> None:
        self._columns, self._width, self._bold = columns, width, bold
        self._cells = [
            cell if isinstance(cell, Picture) else _lines(cell, column, bold=bold)
            for cell, column in zip(row, columns, strict=True)
        ]
        self._texts = [cell for cell in self._cells if isinstance(cell, Lines)]
        self._count = max((cell.count for cell in self._texts), default=1)

    def whole(self) -> Piece:
        """All of it in one piece."""
        return self._piece(0, self._count, None)

    def pieces(self, head: Piece) -> Iterator[Piece]:
        """The row in parts that may be on different pages, each under the head."""
        for start in range(0, self._count, PART):
            yield self._piece(start, min(start + PART, self._count), head)

    def _piece(self, start: int, end: int, head: Piece | None) -> Piece:
        first, last = start == 0, end == self._count
        height = (end - start) * max((cell.step for cell in self._texts), default=0.0) + PAD * (first + last)
        height += UNDER * self._bold
        if first and any(isinstance(cell, Picture) for cell in self._cells):
            height = max(height, THUMBNAIL + 2 * PAD)

        def paint(painter: QPainter, x: float, y: float) -> None:
            if self._bold:
                painter.fillRect(QRectF(x, y, self._width, height - UNDER), QColor(SHADE))
            if last:
                low = y + height - UNDER * self._bold
                painter.setPen(pen(INK if self._bold else LINE, 0.7 if self._bold else 0.5))
                painter.drawLine(QPointF(x, low), QPointF(x + self._width, low))
            top = y + (PAD if first else 0.0)
            for cell, column in zip(self._cells, self._columns, strict=True):
                if isinstance(cell, Lines):
                    cell.draw(painter, x + column.left, top, start, end)
                elif first:
                    draw_raster(painter, cell, QRectF(x + column.left, top, column.width, THUMBNAIL))

        return Piece(height, paint, head=head)
