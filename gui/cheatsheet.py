"""The cheat sheet: every shortcut there is, menu by menu."""

from collections.abc import Iterable
from html import escape

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from gui.actions import Action
from gui.theme import tokens

MOST_ROOM = 0.85
"""Share of the screen's height that it takes where all shortcuts need as much."""


def as_html(actions: Iterable[Action], muted: str, room: int = 0) -> str:
    """Two tables side by side with the actions that have a shortcut.

    `muted` is the colour of what says less, `room` the pixels of the column with the keys, the same in each table.
    """
    menus: dict[str, list[Action]] = {}
    for action in actions:
        if action.shortcuts:
            menus.setdefault(action.menu.partition("/")[0] or "Elsewhere", []).append(action)
    left, right = _halves(list(menus.items()))
    return f"<table width='100%'><tr>{_side(left, muted, room)}{_side(right, muted, room)}</tr></table>"


Menus = list[tuple[str, list[Action]]]


def _halves(menus: Menus) -> tuple[Menus, Menus]:
    """The menus in two columns of about equal length."""
    total = sum(len(actions) + 2 for _, actions in menus)
    left: Menus = []
    lines = 0
    for menu in menus:
        if lines >= total / 2:
            break
        left.append(menu)
        lines += len(menu[1]) + 2
    return left, menus[len(left) :]


def _side(menus: Menus, muted: str, room: int) -> str:
    tables = "".join(_table(name, actions, muted, room) for name, actions in menus)
    return f"<td width='50%' style='padding: 4px 24px 12px 8px'>{tables}</td>"


def _table(name: str, actions: list[Action], muted: str, room: int) -> str:
    rows = "".join(
        f"<tr><td width='{room or ''}' style='padding: 2px 16px 2px 0'><b>{escape(a.keys)}</b></td>"
        f"<td style='padding: 2px 0'>{escape(_title(a))}</td></tr>"
        for a in actions
    )
    return f"<h4 style='color: {muted}; margin-bottom: 2px'>{escape(name)}</h4><table>{rows}</table>"


def _title(action: Action) -> str:
    return action.title.removesuffix("...")


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
        metrics = QFontMetrics(bold)
        widest = max((metrics.horizontalAdvance(action.keys) for action in self._actions), default=0)
        self._page.setHtml(as_html(self._actions, tokens().muted, widest + 4 * metrics.averageCharWidth()))

    def _fit(self) -> None:
        """As high as all shortcuts need, where the screen has the room."""
        metrics = self.fontMetrics()
        width, page = metrics.averageCharWidth() * 136, self._page.document().clone()
        page.setTextWidth(width)
        around = 5 * metrics.lineSpacing()
        most = round(self.screen().availableSize().height() * MOST_ROOM)
        self.resize(width, min(most, round(page.size().height()) + around))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The colours are those of the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._fill()
