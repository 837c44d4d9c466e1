"""What an audit is looked at with: images, panes, defenses, numbers. Made when it is first needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from core.errors import SegLeakError
from gui.actions import Action
from gui.defenses import DefensesPanel
from gui.numbers_panel import NumbersPanel
from gui.selection import Selection

Area = Qt.DockWidgetArea
LEFT_LETTERS, RIGHT_LETTERS, BOTTOM_LINES = 56, 36, 12
"""Sizes of the panels, which grow with the font."""


class AuditView(Protocol):
    """What the window asks of a large view, which is a widget. A signal `failed` of it may send a `SegLeakError`."""

    def actions(self) -> list[Action]:
        """The view's commands."""

    def state(self) -> Mapping[str, Any]:
        """What it remembers besides the selection, in values that TOML has: zoom, opacity, sorting."""

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take up what it remembered; whatever does not fit is passed over."""

    def close_threads(self) -> None:
        """Stop timers, and wait for what is being read and written."""


MakeView = Callable[[Selection, QUndoStack], AuditView]


@dataclass(frozen=True)
class Views:
    """How the two large views are made."""

    browser: MakeView
    compare: MakeView


def program_views() -> Views:
    """The views of the program. Loads what they are made of."""
    from gui.browser import BrowserPanel
    from gui.compare import CompareView

    return Views(BrowserPanel, CompareView)


class Workbench(QObject):
    """The views of an audit, as docks of a window around the panes.

    Parameters
    ----------
    window
        Gets the docks.
    views
        How the large views are made.
    undo_stack
        Takes what can be undone.

    Attributes
    ----------
    selection
        What is looked at.
    centre
        The panes, to be put into the middle of the window.
    docks
        By name: images, defenses, numbers.
    """

    def __init__(self, window: QMainWindow, views: Views, undo_stack: QUndoStack) -> None:
        super().__init__(window)
        self._window = window
        self.selection = Selection(self)
        self._views = {
            "browser": views.browser(self.selection, undo_stack),
            "compare": views.compare(self.selection, undo_stack),
        }
        browser, self.centre = (cast(QWidget, view) for view in self._views.values())
        self.defenses = DefensesPanel(self.selection, undo_stack)
        self.numbers = NumbersPanel(self.selection)
        self.docks = {
            "images": self._dock("images", "Images", browser, Area.LeftDockWidgetArea),
            "defenses": self._dock("defenses", "Defenses", self.defenses, Area.RightDockWidgetArea),
            "numbers": self._dock("numbers", "Numbers", self.numbers, Area.BottomDockWidgetArea),
        }
        self._hidden = list(self.docks)
        self.put_docks_back()

    def actions(self) -> list[Action]:
        """The commands of the views."""
        return [action for view in self._views.values() for action in view.actions()]

    def on_failure(self, tell: Callable[[SegLeakError], object]) -> None:
        """Have `tell` called with what the views could not read or write."""
        for view in self._views.values():
            if hasattr(view, "failed"):
                view.failed.connect(tell)

    def state(self) -> dict[str, Mapping[str, Any]]:
        """What each view remembers."""
        return {name: view.state() for name, view in self._views.items()}

    def restore_state(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Give each view back what it remembered."""
        for name, view in self._views.items():
            if name in state:
                view.restore_state(state[name])

    def put_docks_back(self) -> None:
        """Images left, defenses right, numbers below."""
        areas = (Area.LeftDockWidgetArea, Area.RightDockWidgetArea, Area.BottomDockWidgetArea)
        for dock, area in zip(self.docks.values(), areas, strict=True):
            dock.setFloating(False)
            self._window.addDockWidget(area, dock)
            dock.show()
        left, right, bottom = self.docks.values()
        letter, line = self._window.fontMetrics().averageCharWidth(), self._window.fontMetrics().lineSpacing()
        widths = [LEFT_LETTERS * letter, RIGHT_LETTERS * letter]
        self._window.resizeDocks([left, right], widths, Qt.Orientation.Horizontal)
        self._window.resizeDocks([bottom], [BOTTOM_LINES * line], Qt.Orientation.Vertical)

    def show_docks(self) -> None:
        """Show the panels that were shown before."""
        for name in self._hidden:
            self.docks[name].show()

    def hide_docks(self) -> None:
        """Hide the panels: there is nothing in them."""
        self._hidden = [name for name, dock in self.docks.items() if not dock.isHidden()]
        for dock in self.docks.values():
            dock.hide()

    def close(self) -> None:
        """Wait for what the views still read."""
        self.selection.document = None
        for view in self._views.values():
            view.close_threads()
        self.numbers.close_threads()

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setWidget(widget)
        self._window.addDockWidget(area, dock)
        return dock
