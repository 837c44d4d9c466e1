"""Text in lines of a given width, measured alike for the screen and for paper."""

import unicodedata
from functools import lru_cache
from threading import RLock

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QTextLayout, QTextOption

from gui.snapshot.style import INK

SPACING = 1.28
"""Height of a line in sizes of its font."""
TURN = RLock()
"""Fonts are shared, and Qt lets no two threads use one at the same moment."""


class Lines:
    """A text broken into lines; words that are too long are broken anywhere, so nothing overflows.

    Qt's layout is made anew when it is drawn: it may not outlive the thread that made it, and these lines do.

    Attributes
    ----------
    text
        The whole text.
    count
        Number of lines.
    step
        Height of each.
    width
        Width of the longest one.
    """

    def __init__(self, text: str, font: QFont, width: float, *, right: bool = False, ink: str = INK) -> None:
        self.text = text
        self._font, self._room, self._right, self._ink = font, max(1.0, width), right, QColor(ink)
        with TURN:
            self._text = printable(text, font.family())
            layout = self._layout()
            self.count = layout.lineCount()
            self.width = max((layout.lineAt(i).naturalTextWidth() for i in range(self.count)), default=0.0)
        self.step = font.pixelSize() * SPACING

    @property
    def height(self) -> float:
        """Height of all lines."""
        return self.count * self.step

    def draw(self, painter: QPainter, x: float, y: float, first: int = 0, last: int | None = None) -> None:
        """Draw some of the lines, the first one's top at (x, y)."""
        painter.setPen(self._ink)
        with TURN:
            layout = self._layout()
            for place, number in enumerate(range(first, self.count if last is None else min(last, self.count))):
                line = layout.lineAt(number)
                lift = (self.step - line.height()) / 2
                line.draw(painter, QPointF(x, y + place * self.step + lift))

    def _layout(self) -> QTextLayout:
        made = QTextLayout(self._text, self._font)
        option = QTextOption(Qt.AlignmentFlag.AlignRight if self._right else Qt.AlignmentFlag.AlignLeft)
        option.setUseDesignMetrics(True)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        made.setTextOption(option)
        made.beginLayout()
        while (line := made.createLine()).isValid():
            line.setLineWidth(self._room)
        made.endLayout()
        return made


def draw_text(
    painter: QPainter, x: float, y: float, text: str, font: QFont, ink: str = INK, align: float = 0.0
) -> None:
    """One line whose top is at y; `align` 0: begins at x, 0.5: centred there, 1: ends there."""
    lines = Lines(text, font, 10_000, ink=ink)
    lines.draw(painter, x - align * lines.width, y)


def text_width(text: str, font: QFont) -> float:
    """The width of a text in one line."""
    return Lines(text, font, 10_000).width


def elided(text: str, font: QFont, width: float) -> str:
    """The text with its middle left out where it is wider: both ends of a path or name say most."""
    if text_width(text, font) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        kept = (low + high + 1) // 2
        low, high = (kept, high) if text_width(_without_middle(text, kept), font) <= width else (low, kept - 1)
    return _without_middle(text, low)


def in_lines(text: str, font: QFont, width: float, most: int) -> Lines:
    """The text in at most so many lines, with its middle left out only where these are not enough."""
    lines = Lines(text, font, width)
    room = width * most
    while lines.count > most and room > width / 2:
        lines = Lines(elided(text, font, room), font, width)
        room *= 0.9
    return lines


def _without_middle(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return f"{text[:head]}…{text[len(text) - (kept - head) :]}" if kept else "…"


def printable(text: str, family: str) -> str:
    """The text with a code such as [U+4E2D] for each character that no font of this machine has."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter, family) for letter in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _shown(letter: str, family: str) -> str:
    """The letter, where some font can draw it."""
    if letter in "\n\t\r ":
        return "\u2028" if letter == "\n" else " "
    category = unicodedata.category(letter)
    if category in {"Cc", "Cs", "Cn", "Co"}:
        return f"[U+{ord(letter):04X}]"
    if category in {"Mn", "Cf", "Me"}:  # joins its neighbours, and is not drawn alone
        return letter
    with TURN:
        layout = QTextLayout(letter, QFont(family))
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        drawn = all(all(run.glyphIndexes()) for run in layout.glyphRuns())
    return letter if drawn else f"[U+{ord(letter):04X}]"
