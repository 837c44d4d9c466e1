"""The ROC curves of the defenses shown, with the operating point."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QToolButton, QWidget

from core.metrics.bands import Band
from gui.document import AuditDocument
from gui.plots.axes import RateAxis
from gui.plots.bands import Bands
from gui.plots.curves import Curve, band_words, curve_of, interval_words, no_curve
from gui.plots.legend import Entry
from gui.plots.panel import PlotPanel
from gui.plots.roc_items import Background, Drawn, Point
from gui.plots.scales import Scale
from gui.plots.zoom_chart import ZoomChart
from gui.selection import MOST_PANES, Selection

if TYPE_CHECKING:
    from gui.results import Results

NEAR = 40.0
"""Pixels within which a curve is under the pointer."""
HOW = "Click or drag to choose an operating point; the arrow keys move it, Escape takes it away."
COLUMNS = ["Defense", "Attack", "Threshold", "FPR", "TPR", "Non-members flagged", "Members flagged"]


class RocPanel(PlotPanel):
    """ROC curves, linear or on logarithmic axes. The operating point lies on the first curve."""

    name, title = "roc", "ROC"

    def __init__(self, selection: Selection, results: "Results", bands: Bands, parent: QWidget | None = None) -> None:
        super().__init__(selection, results, parent)
        self._bands = bands
        self._curves: list[Curve] = []
        self._scale = Scale.LINEAR
        self._x, self._y = RateAxis("bottom"), RateAxis("left")
        self._x.name("FPR: non-members flagged by mistake")
        self._y.name("TPR: found")
        self.chart = ZoomChart(self._x, self._y, "ROC curves")
        self._behind = Background(self.chart.box)
        self._drawn = [Drawn(self.chart.box) for _ in range(MOST_PANES)]
        self._point, self._hover = Point(self.chart.box, 12, lines=True), Point(self.chart.box, 9, lines=False)
        self._log = self._switch()
        self.tools.addWidget(self._log)
        self.centre_on(self.chart)
        self._connect()

    def _switch(self) -> QToolButton:
        button = QToolButton()
        button.setText("Log-log")
        button.setProperty("role", "words")
        button.setCheckable(True)
        button.setToolTip("Logarithms on both axes: what happens at few false alarms.")
        button.setAccessibleName("Logarithmic axes")
        button.toggled.connect(self.set_log)
        return button

    def _connect(self) -> None:
        chart = self.chart
        self.watch(chart)
        chart.pressed.connect(self._pick)
        chart.dragged.connect(self._pick)
        chart.hovered.connect(self._look)
        chart.stepped.connect(self._step)
        chart.cleared.connect(lambda: self._set_threshold(None))
        chart.restyled.connect(self.later)
        chart.menu_wanted.connect(self.menu_wanted)
        self.selection.threshold_changed.connect(self._show_point)
        self._bands.came.connect(self.later)

    # ------------------------------------------------------------ what is shown

    @property
    def charts(self) -> Sequence[ZoomChart]:
        """The one plot."""
        return (self.chart,)

    @property
    def is_log(self) -> bool:
        """Whether the axes are logarithmic."""
        return self._scale is Scale.LOG

    def set_log(self, on: bool) -> None:
        """Use logarithmic axes, or linear ones."""
        self._scale = Scale.LOG if on else Scale.LINEAR
        self._log.setChecked(on)
        self._x.kind = self._y.kind = self._scale
        self.chart.whole_view()
        self.changed.emit()
        self.later()

    def toggle_log(self) -> None:
        """The other axes."""
        self.set_log(not self.is_log)

    def draw(self, document: AuditDocument) -> None:
        """All curves anew, in the items that are there."""
        results = self.shown_results()
        if not results:
            self.say_waiting()
            return
        made = [curve for result in results.values() if (curve := curve_of(result)) is not None]
        self._curves = made
        if not made:
            self.say("There is no ROC curve", no_curve(next(iter(results.values()))))
            return
        bands = {curve.chain: self._bands.of(results[curve.chain]) for curve in made}
        self.chart.frame(*self._behind.show(made, self._scale))
        for place, drawn in enumerate(self._drawn):
            if place < len(made):
                curve = made[place]
                drawn.show(curve, bands[curve.chain], self._scale, self.look(curve.chain))
            else:
                drawn.hide()
        self.chart.explain(self._entries(bands))
        self.reveal()
        self._look(None)
        self._show_point()

    def _entries(self, bands: Mapping[str, Band | None]) -> list[Entry]:
        entries = [
            Entry(self._words(c, bands[c.chain]), self.look(c.chain).pen(exact=not c.note)) for c in self._curves
        ]
        found = [band for band in bands.values() if band is not None]
        notes = dict.fromkeys(curve.note for curve in self._curves if curve.note)
        self.chart.setToolTip(band_words(found[0]) if found else "")
        return [*entries, Entry("Dotted: chance, AUC 0.5"), *(Entry(note) for note in notes)]

    def _words(self, curve: Curve, band: Band | None) -> str:
        interval = f" ({interval_words(band.auc)})" if band is not None else ""
        return f"{self.selection.title(curve.chain)}   AUC {curve.auc:.2f}{interval}{'  coarse' if curve.note else ''}"

    def rows(self) -> list[list[str]]:
        """Every threshold of every curve."""
        return [COLUMNS, *(row for curve in self._curves for row in self._rows_of(curve))]

    def _rows_of(self, curve: Curve) -> list[list[str]]:
        roc, title = curve.roc, self.selection.plain_title(curve.chain)
        columns = (roc.thresholds, roc.fpr, roc.tpr, roc.flagged_non_members, roc.flagged_members)
        return [
            [title, self.selection.attack, *(repr(value) for value in point)]
            for point in zip(*(column.tolist() for column in columns), strict=True)
        ]

    # ------------------------------------------------------------ the operating point

    @property
    def first(self) -> Curve | None:
        """The curve that the operating point is on: that of the first defense shown."""
        chains = self.selection.chains
        return next((curve for curve in self._curves if curve.chain == chains[0]), None) if chains else None

    @property
    def point(self) -> tuple[float, float] | None:
        """Where the operating point is drawn; None without one."""
        return self._point.place

    def _set_threshold(self, threshold: float | None) -> None:
        self.selection.threshold = threshold

    def _pick(self, place: QPointF) -> None:
        """The operating point nearest to the pointer."""
        curve = self.first
        if curve is not None and not self.empty:
            point, _ = curve.nearest(place.x(), place.y(), self.chart.stretch, self._scale)
            self._set_threshold(curve.threshold(point))

    def _step(self, by: int) -> None:
        curve, threshold = self.first, self.selection.threshold
        if curve is not None and not self.empty:
            point = 1 if threshold is None else curve.stepped(curve.place_of(threshold), by)
            self._set_threshold(curve.threshold(point))

    def _show_point(self, _: object = None) -> None:
        curve, threshold = self.first, self.selection.threshold
        if curve is None or threshold is None:
            self._point.hide()
        else:
            place = curve.point(curve.place_of(threshold), self._scale)
            self._point.show(place, self.look(curve.chain).colour)
        self._look(None)

    # ------------------------------------------------------------ the pointer

    def _look(self, place: QPointF | None) -> None:
        """Read out the curve under the pointer; without one, the operating point."""
        found = None if place is None else self._under(place)
        if found is None:
            self._hover.hide()
            self.readout.set_words(self._at_rest())
            return
        curve, point = found
        self._hover.show(curve.point(point, self._scale), self.look(curve.chain).colour)
        self.readout.set_words(f"{self.selection.title(curve.chain)}:   {curve.words(point)}")

    def _at_rest(self) -> str:
        curve, threshold = self.first, self.selection.threshold
        if curve is None or threshold is None:
            return HOW
        return f"Operating point on {self.selection.title(curve.chain)}:   {curve.words(curve.place_of(threshold))}"

    def _under(self, place: QPointF) -> tuple[Curve, int] | None:
        found = [
            (curve, *curve.nearest(place.x(), place.y(), self.chart.stretch, self._scale)) for curve in self._curves
        ]
        nearest = min(found, key=lambda item: item[2], default=None)
        return None if nearest is None or nearest[2] > NEAR else (nearest[0], nearest[1])

    # ------------------------------------------------------------ what it remembers

    def state(self) -> Mapping[str, Any]:
        """What the axes are."""
        return {"log": self.is_log}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Have the axes as they were."""
        self.set_log(state.get("log") is True)
