"""Tables of numbers that sort, and copy into a spreadsheet."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from gui.copying import COPY, COPY_ROWS, offer_copy
from gui.icons import dot
from gui.numbers import COLUMNS, Row, as_tsv

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
SORT = Role.UserRole
TEXTS = 2
"""The first columns are texts, and the last one; the others are numbers."""


class NumbersModel(QAbstractTableModel):
    """Rows of numbers; each defense has its colour."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[Row] = ()
        self._colours: dict[str, str] = {}

    def show_rows(self, rows: Sequence[Row], colours: dict[str, str]) -> None:
        """Show these rows; `colours` by chain id. Where there are as many as before, what is selected stays."""
        if rows and len(rows) == len(self._rows):
            self._rows, self._colours = rows, colours
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._rows, self._colours = rows, colours
        self.endResetModel()

    def row(self, number: int) -> Row:
        """The row of that number."""
        return self._rows[number]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's way
        """One row per defense and attack."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's way
        """As in `COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:  # noqa: N802
        """Titles, with a sentence more as tool tip."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        return {Role.DisplayRole: COLUMNS[section].title, Role.ToolTipRole: COLUMNS[section].help}.get(Role(role))

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Text, tool tip, colour of the defense, value to sort by."""
        row = self._rows[index.row()]
        cell = row.cells[index.column()]
        match role:
            case Role.DisplayRole:
                return cell.text
            case Role.ToolTipRole:
                return cell.why or None
            case Role.DecorationRole if index.column() == 0 and row.chain in self._colours:
                return dot(self._colours[row.chain])
            case Role.TextAlignmentRole if TEXTS <= index.column() < len(COLUMNS) - 1:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case _ if role == SORT:
                # Numbers first whichever way: what cannot be measured is no smallest number.
                return _least(index.column()) if cell.value is None else cell.value
        return None


def _least(column: int) -> float | str:
    """What is sorted before everything else in a column."""
    return float("-inf") if TEXTS <= column < len(COLUMNS) - 1 else ""


class NumbersTable(QTableView):
    """Sorts by a click on a header; Ctrl+C copies what is selected, or everything."""

    def __init__(self, model: NumbersModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(model)
        self._lengths = [0] * len(COLUMNS)
        self._sorted.setSortRole(SORT)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.setAccessibleName("Numbers of the audit")

    def fit(self, *, anew: bool) -> None:
        """Make columns as wide as their texts: all of them anew, or those in which a text has become longer."""
        lengths = [
            max((len(str(self._sorted.index(row, column).data())) for row in range(self._sorted.rowCount())), default=0)
            for column in range(self._sorted.columnCount())
        ]
        for column, (length, before) in enumerate(zip(lengths, self._lengths, strict=True)):
            if anew or length > before:
                self.resizeColumnToContents(column)
        self._lengths = lengths

    def source_row(self, index: QModelIndex) -> int:
        """The row of the model behind a row of the view."""
        return self._sorted.mapToSource(index).row()

    def as_tsv(self) -> str:
        """The selected rows, or all, with their headers."""
        rows = sorted({index.row() for index in self.selectionModel().selectedIndexes()})
        rows = rows or list(range(self._sorted.rowCount()))
        columns = range(self._sorted.columnCount())
        texts = [[str(self._sorted.index(row, column).data()) for column in columns] for row in rows]
        return as_tsv([[column.title for column in COLUMNS], *texts])

    def copy(self) -> None:
        """Put them on the clipboard."""
        QGuiApplication.clipboard().setText(self.as_tsv())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer to copy what Ctrl+C copies."""
        chosen = self.selectionModel().hasSelection()
        offer_copy(self, self.copy, event.globalPos(), COPY_ROWS if chosen else COPY)
