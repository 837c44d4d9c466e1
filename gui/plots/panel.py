"""What all plots have in common: they follow what is looked at, say why they are empty, and give pictures and data."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from gui.browser.notice import Notice
from gui.buttons import icon_button
from gui.document import AuditDocument
from gui.elided import ElidedLabel
from gui.plots.chart import Chart
from gui.plots.styles import Style, style_of
from gui.plots.zoom_chart import ZoomChart
from gui.results.again import AGAIN
from gui.selection import Selection
from gui.sight import in_front

if TYPE_CHECKING:
    from gui.results import Result, Results

WAITING = "Reading the scores ..."
NEVER = "There are no numbers"
WHOLE = "Whole plot"


class PlotPanel(QWidget):
    """A plot with a row of tools and words above it. It draws only while it can be seen.

    Attributes
    ----------
    name, title
        Its id, and what it is called on screen.
    came_up
        It is in front now.
    changed
        What can be done with it may be something else now.
    failed
        Sends the `SegLeakError` of what could not be read.
    menu_wanted
        Sends the place on the screen where a menu is asked for.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    came_up = Signal()
    changed = Signal()
    failed = Signal(object)
    menu_wanted = Signal(QPoint)

    def __init__(self, selection: Selection, results: "Results", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selection, self.results = selection, results
        self._rising = False
        self._due = QTimer(self, singleShot=True, interval=0)
        self._due.timeout.connect(self._refresh)
        self.readout = ElidedLabel()
        self.readout.setAccessibleName("Readout")
        self.tools = QHBoxLayout()
        self.tools.setContentsMargins(8, 4, 8, 2)
        self.tools.setSpacing(6)
        self.tools.addWidget(self.readout, stretch=1)
        self._all = self._all_button()
        self.tools.addWidget(self._all)
        self.notice = Notice()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.notice)
        self._stack.currentChanged.connect(lambda _: self.changed.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self.tools)
        layout.addWidget(self._stack, stretch=1)
        self._follow()

    def _all_button(self) -> QToolButton:
        button = icon_button("fit", WHOLE, f"{WHOLE} (Home)\nOnly a part of the plot is seen.")
        button.clicked.connect(self.whole_view)
        button.hide()
        return button

    def _follow(self) -> None:
        selection = self.selection
        signals = (selection.document_changed, selection.chains_changed, selection.attack_changed, selection.reviewed)
        for signal in (*signals, selection.document_grew, selection.trials_changed, self.results.changed):
            signal.connect(self.later)

    # ------------------------------------------------------------ what a plot says of itself

    @abstractmethod
    def draw(self, document: AuditDocument) -> None:
        """Draw what is looked at, or `say` why there is nothing."""

    @property
    @abstractmethod
    def charts(self) -> Sequence[Chart]:
        """What is seen, from left to right."""

    @abstractmethod
    def rows(self) -> list[list[str]]:
        """The data of what is seen, with a first row of titles."""

    def state(self) -> Mapping[str, Any]:
        """What it remembers, in values that TOML has."""
        return {}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take up what it remembered; whatever does not fit is passed over."""

    def close_threads(self) -> None:
        """Wait for what is being read."""
        self._due.stop()

    # ------------------------------------------------------------ for plots

    def centre_on(self, widget: QWidget) -> None:
        """Have this widget where the plot is."""
        self._stack.addWidget(widget)

    def watch(self, chart: ZoomChart) -> None:
        """Offer the whole view while only a part of a chart is seen; another audit or attack is seen as a whole."""
        chart.viewed.connect(self._zoomed)
        for signal in (self.selection.document_changed, self.selection.attack_changed):
            signal.connect(chart.whole_view)

    @property
    def zoom_charts(self) -> list[ZoomChart]:
        """The charts of which a part can be seen."""
        return [chart for chart in self.charts if isinstance(chart, ZoomChart)]

    def zoom(self, factor: float) -> None:
        """Look closer at every chart, or from further away."""
        for chart in self.zoom_charts:
            chart.zoom(factor)

    def whole_view(self) -> None:
        """See all of every chart."""
        for chart in self.zoom_charts:
            chart.whole_view()

    def _zoomed(self) -> None:
        self._all.setVisible(any(chart.zoomed for chart in self.zoom_charts))
        self.changed.emit()

    def say(self, title: str, text: str = "", button: str = "", callback: Callable[[], object] | None = None) -> None:
        """Say why there is no plot; with a button where something can be done about it."""
        self.notice.say(title, text, button, callback)
        self.readout.set_words("")
        self._stack.setCurrentIndex(0)

    def say_waiting(self) -> None:
        """Say that the results are on their way, or why none will come."""
        reasons = (self.results.reason(chain, self.selection.attack) for chain in self.selection.chains)
        reason = next((reason for reason in reasons if reason), "")
        if reason:
            self.say(NEVER, reason, AGAIN, self.results.retry)
        else:
            self.say(WAITING)

    def reveal(self) -> None:
        """Show the plot."""
        self._stack.setCurrentIndex(1)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to copy or to save."""
        return self._stack.currentIndex() == 0

    def shown_results(self) -> dict[str, "Result"]:
        """The results of the defenses shown, as far as they are there."""
        return self.results_of(self.selection.chains)

    def results_of(self, chains: Sequence[str]) -> dict[str, "Result"]:
        """The results of these defenses under the attack in view, as far as they are there."""
        found = {chain: self.results.of(chain, self.selection.attack) for chain in chains}
        return {chain: result for chain, result in found.items() if result is not None}

    def look(self, chain: str) -> Style:
        """The look of a defense."""
        return style_of(self.selection.colours().get(chain, ""))

    # ------------------------------------------------------------ when it draws

    def later(self, *_: object) -> None:
        """Draw anew when the event loop is reached: several changes make one drawing."""
        self._due.start()

    def _refresh(self) -> None:
        if not self.in_front:
            return
        if self._rising:
            self._rising = False
            self.came_up.emit()
        document = self.selection.document
        if document is None:
            self.say("No audit is open")
        elif not self.selection.chains:
            self.say("No defense is switched on", "Switch one on in the panel Defenses.")
        else:
            self.draw(document)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what changed while it was hidden."""
        super().showEvent(event)
        self.come_up()

    @property
    def in_front(self) -> bool:
        """Whether it can be seen."""
        return in_front(self)

    def come_up(self, _: object = None) -> None:
        """Its dock was shown, or brought before others or behind them."""
        self._rising = True
        self.later()
