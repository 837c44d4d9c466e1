"""The cheat sheet: every shortcut there is, menu by menu."""

from collections.abc import Iterable
from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from gui.actions import Action
from gui.theme import tokens


def as_html(actions: Iterable[Action], muted: str) -> str:
    """Two tables side by side with the actions that have a shortcut; `muted` is the colour of what says less."""
    menus: dict[str, list[Action]] = {}
    for action in actions:
        if action.shortcuts:
            menus.setdefault(action.menu.partition("/")[0] or "Elsewhere", []).append(action)
    left, right = _halves(list(menus.items()))
    return f"<table width='100%'><tr>{_side(left, muted)}{_side(right, muted)}</tr></table>"


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


def _side(menus: Menus, muted: str) -> str:
    tables = "".join(_table(name, actions, muted) for name, actions in menus)
    return f"<td width='50%' style='padding: 4px 24px 12px 8px'>{tables}</td>"


def _table(name: str, actions: list[Action], muted: str) -> str:
    rows = "".join(
        f"<tr><td style='padding: 2px 16px 2px 0'><b>{escape(a.keys)}</b></td>"
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
        page = QTextBrowser()
        page.setAccessibleName("Keyboard shortcuts")
        page.setHtml(as_html(actions, tokens().muted))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(page)
        layout.addWidget(buttons)
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 110, metrics.lineSpacing() * 30)
