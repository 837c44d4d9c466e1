"""What each defense costs against what it hides: mIoU of non-members and AUC, a point per defense."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from gui.defenses.steps import show_first
from gui.document import AuditDocument
from gui.plots.axes import Axis
from gui.plots.bands import Bands
from gui.plots.curves import no_curve
from gui.plots.panel import PlotPanel
from gui.plots.roc_items import Point
from gui.plots.utility import UtilityPoint, point_of
from gui.plots.utility_items import TAIL, Dot, Goal, place_names
from gui.plots.zoom_chart import ZoomChart
from gui.selection import Selection
from gui.theme import tokens

if TYPE_CHECKING:
    from gui.results import Result, Results

NEAR = 18.0
"""Pixels within which a point is under the pointer."""
HOW = "Click a point, or use arrow keys and Enter, to show that defense first. Bars: intervals of the AUC."
NO_LABELS = "No non-member has a label map, so there is no mIoU."
COLUMNS = ["Defense", "Attack", "mIoU of non-members", "AUC", "AUC from", "AUC to"]
LEAST_X, LEAST_Y = 0.02, 0.05
"""What an axis shows around the points at least."""


class UtilityPanel(PlotPanel):
    """A scatter of defenses; stored ones and those on trial. `undo_stack` takes the choice of one."""

    name, title = "utility", "Utility"

    def __init__(
        self,
        selection: Selection,
        results: "Results",
        bands: Bands,
        undo_stack: QUndoStack,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(selection, results, parent)
        self._bands, self._undo_stack = bands, undo_stack
        self._points: list[UtilityPoint] = []
        self._dots: list[Dot] = []
        x, y = Axis("bottom"), Axis("left")
        x.name("mIoU of non-members: how useful the target is")
        y.name("AUC: leakage")
        self.chart = ZoomChart(x, y, "Utility and leakage of each defense", grab=True)
        self._goal, self._at = Goal(self.chart), Point(self.chart.box, 18, lines=False, filled=False)
        self._reached: UtilityPoint | None = None
        self.centre_on(self.chart)
        self.watch(self.chart)
        self.chart.pressed.connect(self._pressed)
        self.chart.hovered.connect(self._look)
        self.chart.stepped.connect(self._step)
        self.chart.entered.connect(lambda: self._show_first(self._reached))
        self.chart.cleared.connect(lambda: self._reach(None))
        for signal in (self.chart.resized, self.chart.viewed):
            signal.connect(self._place)
        self.chart.restyled.connect(self.later)
        self.chart.menu_wanted.connect(self.menu_wanted)
        bands.came.connect(self.later)

    # ------------------------------------------------------------ what is shown

    @property
    def charts(self) -> Sequence[ZoomChart]:
        """The one plot."""
        return (self.chart,)

    @property
    def points(self) -> Sequence[UtilityPoint]:
        """What is drawn."""
        return self._points

    def draw(self, document: AuditDocument) -> None:
        """All points anew, in the items that are there."""
        known = (*(chain.id for chain in document.chains), *(chain.id for chain in self.selection.trials))
        results = self.results_of(known)
        if not results:
            self.say_waiting()
            return
        made = [point_of(result, self._bands.of(result)) for result in results.values()]
        self._points = [point for point in made if point is not None]
        if not self._points:
            self.say("There is nothing to compare", _why(next(iter(results.values()))))
            return
        while len(self._dots) < len(self._points):
            self._dots.append(Dot(self.chart))
        for place, dot in enumerate(self._dots):
            dot.set_visible(visible=False)
            if place < len(self._points):
                self._draw_point(dot, self._points[place])
        self.chart.frame(*self._ends())
        self.chart.setAccessibleDescription("; ".join(self._words(point) for point in self._points))
        self.reveal()
        kept = "" if self._reached is None else self._reached.chain
        self._reach(next((point for point in self._points if point.chain == kept), None))
        self._place()

    def _draw_point(self, dot: Dot, point: UtilityPoint) -> None:
        shown = point.chain in self.selection.chains
        dot.show(point, self.look(point.chain), self.selection.title(point.chain), shown=shown)

    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Both ends of both axes; that of the AUC begins at chance or below."""
        x = [point.miou for point in self._points]
        low, high = min(0.5, *(p.low for p in self._points), 1.0), max(p.high for p in self._points)
        more_x, more_y = max(LEAST_X, 0.25 * (max(x) - min(x))), max(LEAST_Y, 0.1 * (high - low))
        return (max(0.0, min(x) - more_x), min(1.0, max(x) + more_x)), (low - more_y, high + more_y)

    def _place(self) -> None:
        """Put names and arrow where there is room for them."""
        if not self.empty and self._points:
            titles = [self.selection.title(point.chain) for point in self._points]
            place_names(self.chart, self._dots, self._points, titles)
            room, stretch = self.chart.box.viewRect(), self.chart.stretch
            right, bottom = room.right(), room.top()
            corner = QPointF(right - 8 / stretch[0], bottom + 8 / stretch[1])
            self._goal.show(corner, QPointF(right - TAIL / stretch[0], bottom + 4 / stretch[1]))

    def rows(self) -> list[list[str]]:
        """A row per defense."""
        return [COLUMNS, *(self._row(point) for point in self._points)]

    def _row(self, point: UtilityPoint) -> list[str]:
        names = self.selection.plain_title(point.chain), self.selection.attack
        return [*names, *(repr(float(value)) for value in (point.miou, point.auc, point.low, point.high))]

    # ------------------------------------------------------------ the pointer

    def _look(self, place: QPointF | None) -> None:
        found = self._reached if place is None else self._under(place)
        self.readout.set_words(HOW if found is None else self._words(found))

    def _words(self, point: UtilityPoint) -> str:
        interval = f" ({point.low:.3f} to {point.high:.3f})" if point.high > point.low else ""
        title = self.selection.title(point.chain)
        return f"{title}:   mIoU {point.miou:.3f}   AUC {point.auc:.3f}{interval}   {point.note}".strip()

    def _under(self, place: QPointF) -> UtilityPoint | None:
        across, up = self.chart.stretch

        def far(point: UtilityPoint) -> float:
            return float(abs(complex((point.miou - place.x()) * across, (point.auc - place.y()) * up)))

        nearest = min(self._points, key=far, default=None)
        return None if nearest is None or far(nearest) > NEAR else nearest

    def _pressed(self, place: QPointF) -> None:
        self._show_first(self._under(place))

    def _show_first(self, point: UtilityPoint | None) -> None:
        """Show the defense of a point first."""
        if point is not None:
            show_first(self.selection, self._undo_stack, point.chain)

    # ------------------------------------------------------------ the keyboard

    def _step(self, by: int) -> None:
        """Go from point to point, from the least useful to the most."""
        order = sorted(self._points, key=lambda point: (point.miou, point.auc))
        if order and not self.empty:
            before = next((i for i, point in enumerate(order) if point is self._reached), -1 if by > 0 else len(order))
            self._reach(order[min(max(before + by, 0), len(order) - 1)])

    def _reach(self, point: UtilityPoint | None) -> None:
        """Mark a point, and read it out; None: none."""
        self._reached = point
        if point is None:
            self._at.hide()
        else:
            self._at.show((point.miou, point.auc), tokens().accent)
        self._look(None)


def _why(result: "Result") -> str:
    lacking = not result.members.size or not result.non_members.size
    return no_curve(result) if lacking else NO_LABELS
