"""The unbreakable pieces that pages are filled with, and how they flow onto pages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from PySide6.QtGui import QPainter

Paint = Callable[[QPainter, float, float], None]
"""Draws a piece whose top left corner is given."""


@dataclass(frozen=True)
class Piece:
    """Something that stays together on a page.

    Attributes
    ----------
    height
        Without the gap.
    paint
        Draws it.
    gap
        Room above it, left out at the top of a page.
    keep
        Whether it must not be the last one on its page.
    head
        A piece that is repeated where this one begins a page: a table's head.
    bookmark
        Level and text.
    needs
        Room that must be left on a page that is begun, or it begins another one; infinite: always.
    """

    height: float
    paint: Paint
    gap: float = 0.0
    keep: bool = False
    head: "Piece | None" = None
    bookmark: tuple[int, str] | None = None
    needs: float = 0.0


@dataclass(frozen=True)
class Placed:
    """A piece at its place on a page; y from the top of the room."""

    piece: Piece
    y: float


@dataclass
class Page:
    """The pieces of one page."""

    placed: list[Placed] = field(default_factory=list)
    filled: float = 0.0

    def add(self, piece: Piece) -> None:
        """Put a piece below the others."""
        gap = piece.gap if self.placed else 0.0
        self.placed.append(Placed(piece, self.filled + gap))
        self.filled += gap + piece.height


@dataclass(frozen=True)
class Bookmark:
    """A heading and its page, counted from 0."""

    level: int
    text: str
    page: int


def flow(pieces: Iterable[Piece], depth: float) -> list[Page]:
    """Fill pages of a depth with pieces, in order."""
    pages = [Page()]
    for group in _together(list(pieces)):
        needed = max(group[0].needs, sum(piece.gap + piece.height for piece in group))
        page = pages[-1]
        if page.placed and page.filled + needed > depth:
            page = Page()
            pages.append(page)
            if group[0].head is not None:
                page.add(group[0].head)
        for piece in group:
            if page.placed and page.filled + piece.gap + piece.height > depth:
                page = Page()
                pages.append(page)
                if piece.head is not None:
                    page.add(piece.head)
            page.add(piece)
    return pages


def _together(pieces: Sequence[Piece]) -> Iterable[list[Piece]]:
    """Pieces that stay on one page with those that follow them."""
    group: list[Piece] = []
    for piece in pieces:
        group.append(piece)
        if not piece.keep:
            yield group
            group = []
    if group:
        yield group


def bookmarks_of(pages: Sequence[Page]) -> list[Bookmark]:
    """All headings with their pages."""
    found = []
    for number, page in enumerate(pages):
        for placed in page.placed:
            if placed.piece.bookmark is not None:
                found.append(Bookmark(*placed.piece.bookmark, number))
    return found
