"""From blocks to pages, and the one painter that draws a page on whatever it is given."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from core.snapshot import blocks
from core.snapshot.blocks import Block, PageBreak, Signature
from gui.fonts import font
from gui.snapshot import figures, pictures, tables, texts
from gui.snapshot.lines import draw_text, elided
from gui.snapshot.pieces import Bookmark, Page, Piece, bookmarks_of, flow
from gui.snapshot.shrinking import shrunk
from gui.snapshot.style import BOTTOM, LINE, MUTED, SIDE, TOP, Sheet, pen

MAKERS: dict[type[Any], Callable[[Any, float], list[Piece]]] = {
    blocks.Title: texts.title,
    blocks.Head: texts.head,
    blocks.Text: texts.text,
    blocks.Callout: texts.callout,
    blocks.Numbers: texts.numbers,
    blocks.Facts: texts.facts,
    blocks.Table: tables.table,
    blocks.PictureRow: pictures.picture_row,
    blocks.ColourBar: pictures.colour_bar,
    blocks.FigureRow: figures.figure_row,
    blocks.Signature: texts.signature,
}


@dataclass(frozen=True)
class Pages:
    """A laid out snapshot.

    Attributes
    ----------
    sheet
        The paper.
    pages
        What lies on each page.
    running
        The running head, and what stands at the foot.
    """

    sheet: Sheet
    pages: tuple[Page, ...]
    running: str
    foot: str

    @property
    def bookmarks(self) -> list[Bookmark]:
        """All headings with their pages."""
        return bookmarks_of(self.pages)

    def paint(self, painter: QPainter, number: int) -> None:
        """Draw the page of that number, counted from 0; one unit of the painter is a point."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_margins(painter, number)
        for placed in self.pages[number].placed:
            placed.piece.paint(painter, SIDE, TOP + placed.y)

    def _paint_margins(self, painter: QPainter, number: int) -> None:
        """Running head, page number and foot."""
        right, small = self.sheet.width - SIDE, font(7)
        count = f"{number + 1} of {len(self.pages)}"
        if number:
            draw_text(painter, SIDE, 34, elided(self.running, small, self.sheet.room - 80), small, MUTED)
            painter.setPen(pen(LINE, 0.5))
            painter.drawLine(QPointF(SIDE, 47), QPointF(right, 47))
        low = self.sheet.height - BOTTOM + 18
        draw_text(painter, right, low, count, small, MUTED, 1.0)
        draw_text(painter, SIDE, low, elided(self.foot, small, self.sheet.room - 80), small, MUTED)


def lay_out(made: Sequence[Block], sheet: Sheet, running: str, foot: str) -> Pages:
    """Break blocks into pages."""
    return Pages(sheet, tuple(flow(_pieces(made, sheet), sheet.depth)), running, foot)


def _pieces(made: Sequence[Block], paper: Sheet) -> list[Piece]:
    return [piece for run in _runs(made) for piece in _fitted(run, paper)]


def _fitted(run: Sequence[Block], paper: Sheet) -> list[Piece]:
    """The pieces between two page breaks, smaller where these then fit on one page."""
    usual = _run(run, paper.room)
    if _height(usual) <= paper.depth:
        return usual
    for smaller in shrunk(run):
        if _height(pieces := _run(smaller, paper.room)) <= paper.depth:
            return pieces
    return usual


def _height(pieces: Sequence[Piece]) -> float:
    return sum(piece.gap + piece.height for piece in pieces)


def _runs(made: Sequence[Block]) -> Iterator[list[Block]]:
    """The blocks from one page break to the next."""
    run: list[Block] = []
    for block in made:
        if isinstance(block, PageBreak) and run:
            yield run
            run = []
        run.append(block)
    yield run


def _run(run: Sequence[Block], width: float) -> list[Piece]:
    """The pieces between two page breaks; the first one says how much room it needs on a page that is begun."""
    made = [MAKERS[type(block)](block, width) for block in run if not isinstance(block, PageBreak)]
    if isinstance(run[-1], Signature) and len(made) > 1:  # nobody signs a page on which nothing stands
        made[-2] = [replace(piece, keep=True) for piece in made[-2]]
    pieces = [piece for some in made for piece in some]
    if pieces and isinstance(run[0], PageBreak):
        needs = _height(pieces) if run[0].if_needed else math.inf
        pieces[0] = replace(pieces[0], needs=needs)
    return pieces
