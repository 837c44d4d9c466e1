"""Numbers per class as bars that lie side by side, in the order of the table."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.metrics.roc import FloatArray
from gui.plots.axes import Axis
from gui.plots.chart import Chart
from gui.plots.classes import ClassTable
from gui.plots.legend import Entry
from gui.plots.styles import Style
from gui.selection import MOST_PANES

THICK, BETWEEN, AROUND = 7, 8, 70
"""Pixels of a bar, between classes, and for axis and margins: so high the bars are at least."""
FILL = 150
"""Opacity of a bar, of 255; its outline has the defense's kind of line."""


class ClassBars(Chart):
    """A group of bars per class, the first class at the top."""

    def __init__(self) -> None:
        names = Axis("left")
        names.setStyle(textFillLimits=[(0, 10.0)], autoReduceTextSpace=False)
        super().__init__(Axis("top"), names, "Bars per class")
        self._bars = [pg.BarGraphItem(x0=[], x1=[], y=[], height=[]) for _ in range(MOST_PANES)]
        for bars in self._bars:
            self.box.addItem(bars, ignoreBounds=True)

    def show_table(
        self, table: ClassTable, order: Sequence[int], styles: dict[str, Style], entries: list[Entry]
    ) -> None:
        """Draw the classes of these train ids, from the top."""
        groups = len(order)
        self.y.setTicks([[(float(-place), table.names[train_id]) for place, train_id in enumerate(order)]])
        low, high = 0.0, 0.0
        for place, bars in enumerate(self._bars):
            bars.setVisible(place < len(table.values))
            if place < len(table.values):
                chain = list(table.values)[place]
                values = np.nan_to_num(table.values[chain][list(order)])
                low, high = min(low, float(values.min(initial=0))), max(high, float(values.max(initial=0)))
                _lay(bars, values, place, len(table.values), styles[chain])
        self.explain(entries)
        self.setMinimumHeight(AROUND + groups * (THICK * len(table.values) + BETWEEN))
        self.frame((low, high if high > low else 1.0), (0.5 - groups, 0.5), room=0)


def _lay(bars: pg.BarGraphItem, values: FloatArray, place: int, of: int, style: Style) -> None:
    thick = 0.8 / of
    colour = QColor(style.colour)
    colour.setAlpha(FILL)
    y = -np.arange(len(values)) + 0.4 - thick * (place + 0.5)
    bars.setOpts(
        x0=np.minimum(values, 0),
        x1=np.maximum(values, 0),
        y=y,
        height=np.full(len(values), thick * 0.9),
        pen=pg.mkPen(style.colour, width=1),
        brush=colour,
    )
