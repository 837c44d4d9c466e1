"""How the image scores of each defense shown are spread."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gui.compare.readout import number
from gui.document import AuditDocument
from gui.plots.axes import Axis, RateAxis
from gui.plots.curves import percent
from gui.plots.histograms import COLUMNS, Histogram, histogram_of, rows_of
from gui.plots.legend import Entry, room_of
from gui.plots.panel import PlotPanel
from gui.plots.score_items import Bars, entries
from gui.plots.zoom_chart import ZoomChart
from gui.selection import MOST_PANES, Selection

if TYPE_CHECKING:
    from gui.results import Result, Results

NARROW, LOW = 46, 11
"""Letters of width below which plots stand in two rows, where each then has so many lines of height."""
NEAR = 6.0
"""Pixels within which a suspect is under the pointer."""
HOW = "Click or drag in the first plot to choose an operating point. Click the tick of a suspect to see the image."


class ScoresPlot(QWidget):
    """The histogram of one defense, under its name; `grab`: dragging moves it rather than the operating point.

    Attributes
    ----------
    picked
        Sends the id of the suspect whose tick was clicked.
    chosen
        Sends the score that was clicked or dragged to.
    pointed
        Sends the score under the pointer, or None.
    """

    picked = Signal(int)
    chosen = Signal(float)
    pointed = Signal(object)

    def __init__(self, *, grab: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.histogram: Histogram | None = None
        x, y = Axis("bottom"), RateAxis("left")
        x.name("Image score")
        y.name("Images")
        self.chart = ZoomChart(x, y, "Image scores", grab=grab)
        self.bars = Bars(self.chart.box)
        self.chart.pressed.connect(self._pressed)
        self.chart.dragged.connect(lambda place: self.chosen.emit(place.x()))
        self.chart.hovered.connect(lambda place: self.pointed.emit(None if place is None else place.x()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.chart)

    def show_histogram(self, histogram: Histogram, heading: Entry) -> None:
        """Draw it."""
        self.histogram = histogram
        self.chart.setAccessibleName(f"Image scores, {heading.words}")
        self.chart.entitle(heading)
        self.chart.frame(*self.bars.show(histogram))

    def mark(self, score: float | None, threshold: float | None) -> None:
        """Mark the image in view and the operating point; None: there is none."""
        height = 0.0 if self.histogram is None else 1.06 * self.histogram.top
        self.bars.show_image(score, height)
        self.bars.show_threshold(threshold)

    def suspect_at(self, score: float) -> int | None:
        """Place of the suspect whose tick is there."""
        return None if self.histogram is None else self.histogram.suspect_near(score, NEAR / self.chart.stretch[0])

    def _pressed(self, place: QPointF) -> None:
        suspect = self.suspect_at(place.x()) if place.y() < 0 else None
        if suspect is None or self.histogram is None:
            self.chosen.emit(place.x())
        else:
            self.picked.emit(int(self.histogram.suspects[suspect]))


class ScoresPanel(PlotPanel):
    """A histogram per defense shown, each on the axis of its own scores."""

    name, title = "scores", "Scores"

    def __init__(self, selection: Selection, results: "Results", parent: QWidget | None = None) -> None:
        super().__init__(selection, results, parent)
        page = QWidget()
        self.plots = [ScoresPlot(grab=place > 0, parent=page) for place in range(MOST_PANES)]
        self._results: dict[str, Result] = {}
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        for place, plot in enumerate(self.plots):
            self._listen(place, plot)
        self._arranged: tuple[int, int] = (0, 0)
        self.centre_on(page)
        selection.threshold_changed.connect(self._mark)
        selection.image_changed.connect(self._mark)
        selection.document_changed.connect(self._forget)

    def _listen(self, place: int, plot: ScoresPlot) -> None:
        self.watch(plot.chart)
        plot.picked.connect(self._show_image)
        plot.pointed.connect(lambda score: self._look(place, score))
        plot.chart.restyled.connect(self.later)
        plot.chart.menu_wanted.connect(self.menu_wanted)
        if place == 0:
            plot.chosen.connect(self._choose)
            plot.chart.stepped.connect(self._step)
            plot.chart.cleared.connect(lambda: self._choose(None))

    # ------------------------------------------------------------ what is shown

    @property
    def charts(self) -> Sequence[ZoomChart]:
        """A plot per defense that has scores."""
        return [plot.chart for plot in self._used]

    @property
    def _used(self) -> list[ScoresPlot]:
        return [plot for plot in self.plots if plot.histogram is not None]

    def draw(self, document: AuditDocument) -> None:
        """All histograms anew, in the plots that are there."""
        self._forget()
        self._results = self.shown_results()
        if not self._results:
            self.say_waiting()
            return
        found = [made for result in self._results.values() if (made := histogram_of(result)) is not None]
        if not found:
            self.say("There are no scores", "No image has a score under this attack. The image list says why.")
            return
        for place, plot in enumerate(self.plots):
            plot.setVisible(place < len(found))
            if place < len(found):
                heading = self._heading(found[place].chain)
                plot.show_histogram(found[place], heading)
        self._share_out()
        self.reveal()
        self._mark()
        self._look(0, None)

    def _forget(self, _: object = None) -> None:
        """Nothing is drawn: what a person does to the plots finds no score of another audit or defense."""
        self._results = {}
        for plot in self.plots:
            plot.histogram = None

    def _heading(self, chain: str) -> Entry:
        note, style = self._results[chain].note, self.look(chain)
        return Entry(f"{self.selection.title(chain)}   {note}".strip(), style.pen(exact=not note))

    def _share_out(self) -> None:
        """Make all plots equally wide; the first row ends in the legend, and others have room for it there."""
        used = self._used
        if not used:
            return
        known = [plot.histogram for plot in used if plot.histogram is not None]
        legend = max((entries(histogram) for histogram in known), key=len)
        room = room_of(legend, self.font())
        columns = self._columns(len(used), self.width() - room)
        if (len(used), columns) != self._arranged:
            self._arrange(used, columns)
        for place, plot in enumerate(used):
            ends_row = place % columns == columns - 1
            plot.chart.explain(legend if place == columns - 1 else [], room if ends_row else 0.0)
        each = max(1, (self.width() - round(room)) // columns)
        for column in range(MOST_PANES):
            wide = each + round(room) * (column == columns - 1)
            self._grid.setColumnStretch(column, wide if column < columns else 0)

    def _columns(self, count: int, width: float) -> int:
        """Plots beside each other: all of them, unless they would be narrow and there is height for two rows."""
        letter, line = self.fontMetrics().averageCharWidth(), self.fontMetrics().lineSpacing()
        height = self.height() - self.tools.sizeHint().height()  # the plots themselves hear of a new size later
        narrow, high = width / count < NARROW * letter, height / 2 >= LOW * line
        return -(-count // 2) if narrow and high else count

    def _arrange(self, used: Sequence[ScoresPlot], columns: int) -> None:
        self._arranged = (len(used), columns)
        for place, plot in enumerate(self.plots):
            self._grid.removeWidget(plot)
            if place < len(used):
                self._grid.addWidget(plot, place // columns, place % columns)
                self._grid.setRowStretch(place // columns, 1)
        for row in range(-(-len(used) // columns), MOST_PANES):
            self._grid.setRowStretch(row, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Share out the new room."""
        super().resizeEvent(event)
        self._share_out()

    def _mark(self, _: object = None) -> None:
        chains = self.selection.chains
        for plot in self._used:
            assert plot.histogram is not None
            chain = plot.histogram.chain
            plot.mark(self._score_in_view(chain), self.selection.threshold if chains[:1] == (chain,) else None)

    def _score_in_view(self, chain: str) -> float | None:
        result = self._results[chain]
        place = np.flatnonzero(result.images == self.selection.image)
        score = float(result.scores[place[0]]) if place.size else np.nan
        return None if np.isnan(score) else score

    def rows(self) -> list[list[str]]:
        """The bins of every histogram."""
        made = [plot.histogram for plot in self._used if plot.histogram is not None]
        return [list(COLUMNS), *(row for one in made for row in rows_of(one, self.selection.plain_title(one.chain)))]

    # ------------------------------------------------------------ what a person does

    def _choose(self, score: float | None) -> None:
        first = self.plots[0].histogram
        if first is not None and self.selection.chains[:1] == (first.chain,):
            self.selection.threshold = score

    def _step(self, by: int) -> None:
        """A hundredth of the axis."""
        first, threshold = self.plots[0].histogram, self.selection.threshold
        if first is not None:
            low, high = float(first.edges[0]), float(first.edges[-1])
            start = (low + high) / 2 if threshold is None else threshold + by * (high - low) / 100
            self._choose(min(max(start, low), high))

    def _show_image(self, image: int) -> None:
        self.selection.image = image

    def _look(self, place: int, score: float | None) -> None:
        """Read out what is under the pointer."""
        plot = self.plots[place]
        words = HOW if score is None or plot.histogram is None else self._words(plot, plot.histogram, score)
        self.readout.set_words(words)

    def _words(self, plot: ScoresPlot, histogram: Histogram, score: float) -> str:
        result, document = self._results[histogram.chain], self.selection.document
        parts = [f"{self.selection.title(histogram.chain)}:   score {number(score)} or more:"]
        for words, scores in (("members", result.members), ("non-members", result.non_members)):
            if scores.size:
                above = int((scores >= score).sum())
                parts.append(f"{above:,} of {scores.size:,} {words} ({percent(above / scores.size)})")
        suspect = plot.suspect_at(score)
        if suspect is not None and document is not None:
            row = document.row(int(histogram.suspects[suspect]))
            parts.append(f"suspect {row.key} ({number(float(histogram.scores[suspect]))})")
        plot.chart.setToolTip("" if suspect is None else parts[-1])
        return "   ".join(parts)
