"""What an audit is looked at with: images, panes, defenses, numbers. Made when it is first needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QWidget

from core.errors import SegLeakError
from gui.actions import Action
from gui.defenses import DefensesPanel
from gui.engine import EngineClient
from gui.evidence.panel import VerdictPanel
from gui.jobs.board import Board
from gui.jobs.panel import JobsPanel
from gui.live.looker import Looker
from gui.numbers_panel import NumbersPanel
from gui.plots import Plots
from gui.results import Results
from gui.selection import Selection
from gui.slices import SlicesPanel

Area = Qt.DockWidgetArea
LEFT_LETTERS, RIGHT_LETTERS, BOTTOM_LINES = 56, 36, 12
"""Sizes of the panels, which grow with the font."""
BOTTOM_SHARE = 0.31
"""Of the window's height for what is below, where that is more: plots need it."""
WIDE_LETTERS = 300
"""A window of so many letters has room for words and plots beside each other below, and for longer lists."""
LEFT_SHARE, RIGHT_SHARE = 0.18, 0.13
"""Of the width of such a window for the panels at its sides, where that is more."""
IN_WORDS = ("numbers", "verdict", "jobs")
"""The panels that stand left of the plots in a wide window."""
WORDS_SHARE = 0.6
"""Of the room below, for them: so much does the table of numbers take."""
PLACES = {"images": Area.LeftDockWidgetArea, "defenses": Area.RightDockWidgetArea}
"""Of the panels that are not below."""


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
    engine
        Computes.
    device
        Says what on: "auto", "cpu" or "cuda:N".
    board
        The list of jobs.

    Attributes
    ----------
    selection
        What is looked at.
    results
        What the defenses do to the whole audit.
    centre
        The panes, to be put into the middle of the window.
    docks
        By name: images, defenses, numbers, the plots, verdict, slices, jobs.
    placed
        Whether they are where a person had them before.
    """

    def __init__(
        self,
        window: QMainWindow,
        views: Views,
        undo_stack: QUndoStack,
        engine: EngineClient,
        device: Callable[[], str],
        board: Board,
    ) -> None:
        super().__init__(window)
        self._window = window
        self.selection = Selection(self)
        self.results = Results(self.selection, engine, device, self, board)
        self._views = {
            "browser": views.browser(self.selection, undo_stack),
            "compare": views.compare(self.selection, undo_stack),
        }
        self._follow(Looker(self.selection, engine, device, self))
        browser, self.centre = (cast(QWidget, view) for view in self._views.values())
        self.defenses = DefensesPanel(self.selection, undo_stack, self.results)
        self.numbers = NumbersPanel(self.selection, self.results, undo_stack)
        self.plots = Plots(self.selection, self.results, undo_stack, self)
        plots = self.plots.panels
        self.verdict = VerdictPanel(self.selection, undo_stack)
        self.slices = SlicesPanel(self.selection)
        self.docks = {
            "images": self._dock("images", "Images", browser),
            "defenses": self._dock("defenses", "Defenses", self.defenses),
            "numbers": self._dock("numbers", "Numbers", self.numbers),
            **{name: self._dock(name, plot.title, plot) for name, plot in plots.items()},
            "verdict": self._dock("verdict", "Verdict", self.verdict),
            "slices": self._dock("slices", "Where it leaks", self.slices),
            "jobs": self._dock("jobs", "Jobs", JobsPanel(board)),
        }
        for name, plot in plots.items():
            self.docks[name].visibilityChanged.connect(plot.come_up)
        self.docks["numbers"].visibilityChanged.connect(self.numbers.come_up)
        self.placed, self._hidden = False, list(self.docks)
        self.put_docks_back()

    def _follow(self, looker: Looker) -> None:
        """Show what the engine works out of the image in view, in the view that does."""
        for view in self._views.values():
            if hasattr(view, "follow"):
                view.follow(looker, self.results)

    def actions(self) -> list[Action]:
        """The commands of the views."""
        of_views = [action for view in self._views.values() for action in view.actions()]
        return [*of_views, *self.defenses.actions(), *self.plots.actions()]

    def on_failure(self, tell: Callable[[SegLeakError], object]) -> None:
        """Have `tell` called with what the views could not read or write."""
        for view in self._views.values():
            if hasattr(view, "failed"):
                view.failed.connect(tell)
        self.plots.failed.connect(tell)
        self.verdict.failed.connect(tell)
        self.slices.failed.connect(tell)

    def use_colours(self, name: str) -> None:
        """Draw scores and losses in another colour map, in the view that draws maps."""
        for view in self._views.values():
            if hasattr(view, "set_look"):
                view.set_look(replace(cast(Any, view).look, colours=name))

    def state(self) -> dict[str, Mapping[str, Any]]:
        """What each view remembers."""
        return {name: view.state() for name, view in self._views.items()} | {"plots": self.plots.state()}

    def restore_state(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Give each view back what it remembered."""
        for name, view in self._views.items():
            if name in state:
                view.restore_state(state[name])
        self.plots.restore_state(state.get("plots", {}))

    def put_docks_back(self) -> None:
        """Images left, defenses right, all else below: one behind the other, in a wide window plots beside words."""
        letter, line = self._window.fontMetrics().averageCharWidth(), self._window.fontMetrics().lineSpacing()
        wide = self._window.width() >= WIDE_LETTERS * letter
        self._window.setCorner(
            Qt.Corner.BottomLeftCorner, Area.LeftDockWidgetArea if wide else Area.BottomDockWidgetArea
        )
        left, right, *below = self.docks.values()
        self._stack_docks(wide=wide)
        width = self._window.width() if wide else 0
        widths = [max(LEFT_LETTERS * letter, round(LEFT_SHARE * width))]
        widths += [max(RIGHT_LETTERS * letter, round(RIGHT_SHARE * width))]
        self._window.resizeDocks([left, right], widths, Qt.Orientation.Horizontal)
        if wide:
            room = width - widths[0]
            shares = [round(WORDS_SHARE * room), round((1 - WORDS_SHARE) * room)]
            self._window.resizeDocks([self.docks["numbers"], self.docks["roc"]], shares, Qt.Orientation.Horizontal)
        height = max(BOTTOM_LINES * line, round(BOTTOM_SHARE * self._window.height()))
        self._window.resizeDocks([below[0]], [height], Qt.Orientation.Vertical)

    def _stack_docks(self, *, wide: bool) -> None:
        """Every panel into its place; the numbers and, in a wide window, the ROC curves in front."""
        words, plots = self.docks["numbers"], self.docks["roc"]
        for dock in self.docks.values():  # Qt leaves the tabs of those that move from one stack to another
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
        for name, dock in self.docks.items():
            if dock is words or name in PLACES:
                self._window.addDockWidget(PLACES.get(name, Area.BottomDockWidgetArea), dock)
            elif wide and dock is plots:
                self._window.splitDockWidget(words, dock, Qt.Orientation.Horizontal)
            else:  # beside each other, even for a moment, they would make the window wider
                self._window.tabifyDockWidget(plots if wide and name not in IN_WORDS else words, dock)
            dock.show()
        plots.raise_()
        words.raise_()

    def show_docks(self) -> None:
        """Show the panels that were shown before; their sizes count only now that the window shows them."""
        if not self.placed:
            self.placed = True
            self.put_docks_back()
        for name in self._hidden:
            self.docks[name].show()
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName("Panels")

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
        self.plots.close_threads()
        self.verdict.close_threads()
        self.slices.close_threads()
        self.results.close()

    def _dock(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setWidget(widget)
        return dock
