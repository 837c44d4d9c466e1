"""The cheat sheet: every shortcut there is, menu by menu, and the keys of what has the keyboard."""

import math
import re
from collections.abc import Iterable
from html import escape

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from gui.actions import LAST_MENU, MENUS, Action
from gui.theme import tokens

MOST_ROOM = 0.92
"""Share of the screen that it takes where all shortcuts need as much."""
COLUMNS, GAP = 3, 3
"""How many there are side by side, and the letters between them."""
ELSEWHERE = "Elsewhere"
"""What is in no menu."""
NUMBERED = re.compile(r"(.*) (\d+)")
HERE = (
    ("Tab, Shift+Tab", "Go on, go back"),
    ("Enter", "Press a button, add a note to a region"),
    ("Arrow keys", "Move the image, an operating point"),
    ("Shift+Left, Right", "Move the edge of the curtain"),
    ("Ctrl+arrow keys", "Move a plot; + and - zoom it"),
    ("Delete", "Remove a region, an operating point"),
    ("Ctrl+C", "Copy a table"),
    ("Shift+F10", "What else can be done here"),
    ("Escape", "Drop what was begun"),
)
"""Keys that mean something to what has the keyboard."""

Line = tuple[str, str]
"""Keys, and what they do."""
Section = tuple[str, list[Line]]
Measures = tuple[QFontMetrics, QFontMetrics]


def sections_of(actions: Iterable[Action]) -> list[Section]:
    """The shortcuts menu by menu, in the order of the menu bar."""
    menus: dict[str, list[Action]] = {}
    for action in actions:
        if action.shortcuts:
            menus.setdefault(action.menu.partition("/")[0] or ELSEWHERE, []).append(action)
    order = [*MENUS, *(menu for menu in menus if menu not in (*MENUS, LAST_MENU, ELSEWHERE)), LAST_MENU]
    found = [(menu, _folded(menus[menu])) for menu in order if menu in menus]
    return [*found, (ELSEWHERE, [*_folded(menus.get(ELSEWHERE, [])), *HERE])]


def as_html(actions: Iterable[Action], muted: str, measures: Measures | None = None) -> str:
    """Tables side by side with the actions that have a shortcut.

    `muted` is the colour of what says less, `measures` those of keys and of words, of which none is broken then.
    """
    sides = "".join(_side(column, muted, measures) for column in _columns(sections_of(actions)))
    return f"<table><tr>{sides}</tr></table>"


def _folded(actions: list[Action]) -> list[Line]:
    """A line for each; commands that differ in a number alone, which is their key, share one."""
    lines: list[Line] = []
    for action in actions:
        title, found = action.title.removesuffix("..."), NUMBERED.fullmatch(action.title)
        last = lines[-1] if lines else ("", "")
        if found and found[2] == action.keys and re.fullmatch(rf"{re.escape(found[1])} \d+( to \d+)?", last[1]):
            first = last[0].partition(" to ")[0]
            lines[-1] = (f"{first} to {action.keys}", f"{found[1]} {first} to {action.keys}")
        else:
            lines.append((action.keys, title))
    return lines


def _columns(sections: list[Section]) -> list[list[Section]]:
    """The sections in columns of about equal length, each in the order that they had."""
    columns: list[list[Section]] = [[] for _ in range(COLUMNS)]
    for section in sorted(sections, key=lambda section: -len(section[1])):
        min(columns, key=_lines).append(section)
    for column in columns:
        column.sort(key=sections.index)
    return sorted((column for column in columns if column), key=lambda column: sections.index(column[0]))


def _lines(column: list[Section]) -> int:
    return sum(len(lines) + 2 for _, lines in column)


def _side(column: list[Section], muted: str, measures: Measures | None) -> str:
    rooms = [""] * 2
    if measures is not None:
        lines = [line for _, lines in column for line in lines]
        rooms = [f"width='{_widest(texts, of)}'" for texts, of in zip(zip(*lines, strict=True), measures, strict=True)]
    tables = "".join(_table(name, lines, muted, rooms) for name, lines in column)
    return f"<td style='padding: 0 16px 8px 8px'>{tables}</td>"


def _widest(texts: Iterable[str], metrics: QFontMetrics) -> int:
    return max(metrics.horizontalAdvance(text) for text in texts) + GAP * metrics.averageCharWidth()


def _table(name: str, lines: list[Line], muted: str, rooms: list[str]) -> str:
    keys, words = (f"<td {room} style='padding: 1px 0'>" for room in rooms)
    rows = "".join(f"<tr>{keys}<b>{escape(k)}</b></td>{words}{escape(w)}</td></tr>" for k, w in lines)
    return f"<h4 style='color: {muted}; margin-top: 8px; margin-bottom: 2px'>{escape(name)}</h4><table>{rows}</table>"


class CheatSheet(QDialog):
    """All shortcuts on one page."""

    def __init__(self, actions: Iterable[Action], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self._actions = [action for action in actions if action.shortcuts]
        self._page = QTextBrowser()
        self._page.setAccessibleName("Keyboard shortcuts")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._page)
        layout.addWidget(buttons)
        self._fill()
        self._fit()

    def _fill(self) -> None:
        bold = QFont(self._page.font())
        bold.setBold(True)
        measures = QFontMetrics(bold), QFontMetrics(self._page.font())
        self._page.setHtml(as_html(self._actions, tokens().muted, measures))

    def _fit(self) -> None:
        """As large as all shortcuts need, where the screen has the room."""
        room, page = self.screen().availableSize() * MOST_ROOM, self._page.document().clone()
        page.setTextWidth(-1)  # as wide as it likes
        around = 5 * self.fontMetrics().lineSpacing()
        width = min(room.width(), math.ceil(page.idealWidth()) + around)
        page.setTextWidth(width - around)
        self.resize(width, min(room.height(), math.ceil(page.size().height()) + around))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The colours are those of the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._fill()
