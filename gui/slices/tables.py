"""A table of texts and numbers that sorts, and copies into a spreadsheet."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from gui.copying import offer_copy
from gui.numbers import as_tsv

KEY = Qt.ItemDataRole.UserRole


class Number(QTableWidgetItem):
    """A cell that sorts by a value, not by its text."""

    def __init__(self, text: str, value: float) -> None:
        super().__init__(text)
        self.value = value
        self.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return isinstance(other, Number) and self.value < other.value


Cell = str | tuple[str, float]
"""A text, or a text with the number that it sorts by."""


class SortedTable(QTableWidget):
    """Rows with a key each. `chosen` sends the key of the row that a person goes to."""

    chosen = Signal(object)

    def __init__(self, name: str, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(0, len(titles), parent)
        self.setAccessibleName(name)
        self.setToolTip("Ctrl+C copies the table.")
        self.setHorizontalHeaderLabels(list(titles))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.currentItemChanged.connect(self._went)

    def tell(self, column: int, tip: str) -> None:
        """Say more of what a column holds."""
        item = self.horizontalHeaderItem(column)
        if item is not None:
            item.setToolTip(tip)

    def show_rows(self, rows: Sequence[tuple[object, Sequence[Cell]]]) -> None:
        """Show these rows, (key, cells) each, in this order."""
        self.blockSignals(True)
        self.setSortingEnabled(False)
        self.setRowCount(len(rows))
        for place, (key, cells) in enumerate(rows):
            for column, cell in enumerate(cells):
                item = QTableWidgetItem(cell) if isinstance(cell, str) else Number(*cell)
                item.setData(KEY, key)
                self.setItem(place, column, item)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        self.setCurrentCell(-1, -1)
        self.blockSignals(False)

    def let_go(self) -> None:
        """No row is chosen."""
        with QSignalBlocker(self):
            self.setCurrentCell(-1, -1)
            self.clearSelection()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Ctrl+C copies the table."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer to copy the table."""
        offer_copy(self, self.copy, event.globalPos())

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(as_tsv(self.texts()))

    def texts(self) -> list[list[str]]:
        """Everything as it stands, with a first row of titles."""
        columns = range(self.columnCount())
        model = self.model()
        rows = [[str(model.index(row, column).data()) for column in columns] for row in range(self.rowCount())]
        return [[str(model.headerData(column, Qt.Orientation.Horizontal)) for column in columns], *rows]

    def _went(self, item: QTableWidgetItem | None, _before: QTableWidgetItem | None = None) -> None:
        if item is not None:
            self.chosen.emit(item.data(KEY))
