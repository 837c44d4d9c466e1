"""Numbers per class as a table that sorts, and copies into a spreadsheet."""

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from gui.compare.readout import NOTHING
from gui.copying import offer_copy
from gui.icons import dot
from gui.minus import plain, shown
from gui.numbers import as_tsv
from gui.plots.classes import MEAN, ClassTable

CHANGE = "Change: {title}"
ABSENT = "The class does not occur."


class Cell(QTableWidgetItem):
    """A number; those that are missing come last when it is sorted from the greatest down."""

    def __init__(self, text: str, value: float, tip: str = "") -> None:
        super().__init__(text)
        self.value = value
        self.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        self.setToolTip(ABSENT if math.isnan(value) else tip)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return _order(self.value) < _order(other.value if isinstance(other, Cell) else math.nan)


class NameCell(QTableWidgetItem):
    """The name of a class, which sorts by its train id; the mean has -1."""

    def __init__(self, name: str, place: int) -> None:
        super().__init__(name)
        self.place = place

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return isinstance(other, NameCell) and self.place < other.place


class ClassesTable(QTableWidget):
    """A row for the mean and one per class; a column per defense, then what each changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Numbers per class")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setToolTip("Ctrl+C copies the table.")

    def show_table(self, table: ClassTable, titles: dict[str, str], colours: dict[str, str], unit: str) -> None:
        """Show it, sorted as it was; `titles` and `colours` are by chain id, `unit` is what the numbers are."""
        self.setSortingEnabled(False)
        self.clear()
        columns = [(titles[c], colours[c], _note(table, c, unit)) for c in table.values]
        columns += [
            (CHANGE.format(title=titles[c]), colours[c], f"Against {titles[table.base]}.") for c in table.others
        ]
        self.setColumnCount(1 + len(columns))
        self.setRowCount(len(table.names) + 1)
        self._show_heads(columns)
        for row, name in enumerate([MEAN, *table.names]):
            self.setItem(row, 0, NameCell(name, row - 1))
        for column, chain in enumerate(table.values, start=1):
            self._fill(column, table.column(chain).tolist(), "{:.3f}")
        for column, chain in enumerate(table.others, start=1 + len(table.values)):
            self._fill(column, table.differences(chain).tolist(), "{:+.3f}")
        self.setSortingEnabled(True)

    def _show_heads(self, columns: list[tuple[str, str, str]]) -> None:
        self.setHorizontalHeaderItem(0, QTableWidgetItem("Class"))
        for place, (title, colour, tip) in enumerate(columns, start=1):
            head = QTableWidgetItem(dot(colour), title)
            head.setToolTip(tip)
            self.setHorizontalHeaderItem(place, head)

    def _fill(self, column: int, values: list[float], form: str) -> None:
        for row, value in enumerate(values):
            self.setItem(row, column, Cell(_number(value, form), value))

    @property
    def order(self) -> list[int]:
        """Train ids in the order of the rows, without the mean."""
        places = (self._name(row).place for row in range(self.rowCount()))
        return [place for place in places if place >= 0]

    def texts(self) -> list[list[str]]:
        """Everything as it stands, with a first row of titles; missing numbers are empty."""
        columns = range(self.columnCount())
        heads = [self._text(self.horizontalHeaderItem(column)) for column in columns]
        rows = [[self._text(self.item(row, column)) for column in columns] for row in range(self.rowCount())]
        return [heads, *rows]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer to copy the table, and to sort it."""
        offer_copy(self, self.copy, event.globalPos())

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(as_tsv(self.texts()))

    def _name(self, row: int) -> NameCell:
        cell = self.item(row, 0)
        assert isinstance(cell, NameCell)
        return cell

    def _text(self, item: QTableWidgetItem | None) -> str:
        """For a spreadsheet: plain minus signs, nothing for what is missing."""
        text = "" if item is None else item.text()
        return "" if text == NOTHING else plain(text)


def _note(table: ClassTable, chain: str, unit: str) -> str:
    return f"{unit} {(table.notes or {}).get(chain, '')}".strip()


def _number(value: float, form: str) -> str:
    """What has not changed in the digits shown has no sign."""
    if math.isnan(value):
        return NOTHING
    text = form.format(value)
    return shown(text if float(text) else text.lstrip("+-"))


def _order(value: float) -> float:
    return -math.inf if math.isnan(value) else value
