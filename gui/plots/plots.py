"""All plots of an audit: each a panel of its own, with the commands that work on the one in front."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QIcon, QUndoStack
from PySide6.QtWidgets import QMenu

from core.errors import SegLeakError
from gui.actions import Action
from gui.icons import icon
from gui.plots import exporting
from gui.plots.bands import Bands
from gui.plots.classes_panel import ClassesPanel
from gui.plots.panel import WHOLE, PlotPanel
from gui.plots.roc_panel import RocPanel
from gui.plots.scores_panel import ScoresPanel
from gui.plots.utility_panel import UtilityPanel
from gui.plots.zoom_chart import HOW_TO_ZOOM, STEP
from gui.selection import Selection

if TYPE_CHECKING:
    from gui.results import Results

MENU = "Plots"


class Plots(QObject):
    """The plots, by name: roc, scores, classes, utility. `undo_stack` takes the defenses chosen in them.

    Attributes
    ----------
    panels
        The widgets, in order.
    failed
        Sends the `SegLeakError` of what could not be read or written.
    changed
        What the commands can do may be something else now.
    """

    failed = Signal(object)
    changed = Signal()

    def __init__(
        self, selection: Selection, results: "Results", undo_stack: QUndoStack, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.bands = Bands(selection, self)
        self.roc = RocPanel(selection, results, self.bands)
        made = (
            self.roc,
            ScoresPanel(selection, results),
            ClassesPanel(selection, results),
            UtilityPanel(selection, results, self.bands, undo_stack),
        )
        self.panels: dict[str, PlotPanel] = {panel.name: panel for panel in made}
        self._front: PlotPanel = self.roc
        for panel in made:
            panel.failed.connect(self.failed)
            panel.changed.connect(self.changed)
            panel.came_up.connect(partial(self._bring_up, panel))
            panel.menu_wanted.connect(partial(self._open_menu, panel))

    # ------------------------------------------------------------ for the window

    def actions(self) -> list[Action]:
        """The commands of the plots."""
        return [self._log_action(), *self._zooms(), *self._exports()]

    def state(self) -> Mapping[str, Any]:
        """What the plots remember, by name."""
        return {name: dict(panel.state()) for name, panel in self.panels.items() if panel.state()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Give each plot back what it remembered."""
        for name, panel in self.panels.items():
            kept = state.get(name)
            if isinstance(kept, dict):
                panel.restore_state(kept)

    def close_threads(self) -> None:
        """Wait for what is being read and computed."""
        for panel in self.panels.values():
            panel.close_threads()
        self.bands.close()

    # ------------------------------------------------------------ the one in front

    def _bring_up(self, panel: PlotPanel) -> None:
        self._front = panel
        self.changed.emit()

    def _can_export(self) -> bool:
        return self._front.in_front and not self._front.empty

    def _log_action(self) -> Action:
        return Action(
            "plot.log",
            "Logarithmic ROC",
            MENU,
            "Ctrl+L",
            self.roc.toggle_log,
            "Logarithms on both axes: what happens at few false alarms.",
            "layers",
            checked=lambda: self.roc.is_log,
        )

    def _zooms(self) -> list[Action]:
        """What part of the plot in front is seen."""
        return [
            self._zoom("plot.closer", "Zoom into the plot", lambda: self._front.zoom(STEP), "search"),
            self._zoom("plot.further", "Zoom out of the plot", lambda: self._front.zoom(1 / STEP)),
            self._zoom("plot.whole", WHOLE, self._see_all, "fit"),
        ]

    def _zoom(self, name: str, title: str, call: Callable[[], None], sign: str = "") -> Action:
        return Action(name, title, MENU, "", call, HOW_TO_ZOOM, sign, self._can_zoom)

    def _see_all(self) -> None:
        self._front.whole_view()

    def _can_zoom(self) -> bool:
        return self._can_export() and bool(self._front.zoom_charts)

    def _exports(self) -> list[Action]:
        """What can be done with the plot in front."""
        there = self._can_export
        copy, data = "The plot in front, as it is on the screen.", "For a spreadsheet."
        kinds = "As a drawing (SVG), a picture (PNG) or data (CSV)."
        return [
            Action(
                "plot.copy", "Copy plot", MENU, "", lambda: exporting.copy_picture(self._front), copy, "copy", there
            ),
            Action(
                "plot.data",
                "Copy the plot's data",
                MENU,
                "",
                lambda: exporting.copy_data(self._front),
                data,
                "table",
                there,
            ),
            Action("plot.save", "Save plot...", MENU, "", lambda: exporting.save(self._front), kinds, "save", there),
        ]

    def _open_menu(self, panel: PlotPanel, place: QPoint) -> None:
        """The commands, for the plot that was clicked."""
        self._bring_up(panel)
        menu = QMenu(panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self.actions() if panel is self.roc else [*self._zooms(), *self._exports()]:
            made = menu.addAction(icon(action.icon) if action.icon else QIcon(), action.title)
            made.setEnabled(action.enabled())
            made.setToolTip(action.tooltip)
            made.triggered.connect(partial(self._attempt, action))
        menu.popup(place)

    def _attempt(self, action: Action, _checked: bool = False) -> None:
        try:
            action.callback()
        except SegLeakError as error:
            self.failed.emit(error)
