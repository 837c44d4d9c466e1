"""The image list as Qt's views see it: rows of a table, filtered and sorted."""

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from gui.browser.arrange import Filter, Marks, arranged
from gui.browser.cells import Cells
from gui.browser.loader import ThumbnailLoader
from gui.browser.table import Column, Kind, Table
from gui.icons import dot
from gui.theme import defense_colours

Index = QModelIndex | QPersistentModelIndex
ItemRole = Qt.ItemDataRole

IMAGE_ROLE = ItemRole.UserRole
"""The image id of a row."""
ROLE_ROLE = ItemRole.UserRole + 1
"""The role of a row's image."""
REASON_ROLE = ItemRole.UserRole + 2
"""Why the picture of a row's image cannot be shown, or None."""
SCORE_ROLE = ItemRole.UserRole + 3
"""The image score of a row under the first defense shown, as text."""
STATE_ROLE = ItemRole.UserRole + 4
"""What is special about a row's image, as text."""
SIGNS_ROLE = ItemRole.UserRole + 5
"""The same as names of icons."""
VERDICT_ROLE = ItemRole.UserRole + 6
"""The verdict on a row's image in short; empty where there is none."""

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
NOTHING = np.zeros(0, np.int64)


class ImageModel(QAbstractTableModel):
    """The images of a table that pass the filter, in the order of a column.

    `arranged` is sent whenever other rows are shown, or in another order; `asked_anew` where that was asked for, and
    is not because a running audit has grown.
    """

    arranged = Signal()
    asked_anew = Signal()

    def __init__(self, thumbnails: ThumbnailLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._cells: Cells | None = None
        self._filter = Filter()
        self._sort: tuple[str, bool] = (Kind.NAME, False)
        self._places = NOTHING
        self._row_of = NOTHING
        self._answers: dict[int, Callable[[Cells, Column, int], Any]] = {
            ItemRole.DisplayRole: Cells.text,
            ItemRole.ToolTipRole: Cells.tool_tip,
            ItemRole.AccessibleTextRole: lambda cells, column, place: f"{column.title}: {cells.text(column, place)}",
            ItemRole.TextAlignmentRole: lambda _cells, column, _place: RIGHT if column.numeric else None,
            ItemRole.FontRole: _font,
            ItemRole.ForegroundRole: lambda cells, _column, place: _faint_ink() if cells.faint(place) else None,
            ItemRole.DecorationRole: self._thumbnail,
            IMAGE_ROLE: lambda cells, _column, place: cells.image(place).id,
            ROLE_ROLE: lambda cells, _column, place: str(cells.image(place).role),
            REASON_ROLE: lambda cells, _column, place: thumbnails.reason(cells.image(place).id),
            SCORE_ROLE: lambda cells, _column, place: cells.score(place),
            STATE_ROLE: lambda cells, _column, place: cells.state(place),
            VERDICT_ROLE: lambda cells, _column, place: cells.short_verdict(place),
            SIGNS_ROLE: lambda cells, _column, place: cells.signs(place),
        }

    # ------------------------------------------------------------ what is shown

    @property
    def table(self) -> Table | None:
        """Every image of the document, shown or not."""
        return None if self._cells is None else self._cells.table

    @property
    def columns(self) -> tuple[Column, ...]:
        """From left to right."""
        return () if self._cells is None else self._cells.table.columns

    @property
    def filter(self) -> Filter:
        """What the images shown have in common."""
        return self._filter

    @property
    def sorted_by(self) -> tuple[str, bool]:
        """Id of the column that the rows are sorted by, and whether downwards."""
        return self._sort

    def set_table(self, table: Table | None, threshold: float | None) -> None:
        """Show another table, or the same one with more in it."""
        before = self._cells
        cells = None if table is None else Cells(table, Marks.of(table.document, table.listing, threshold))
        self._show(cells, same_frame=before is not None and cells is not None and _same_frame(before, cells))

    def set_marks(self, threshold: float | None) -> None:
        """Look again at what people decided, with an operating point that calls images members."""
        self.set_table(self.table, threshold)

    def set_filter(self, wanted: Filter) -> None:
        """Show only the images that pass a filter."""
        self._filter = wanted
        self._show(self._cells)
        self.asked_anew.emit()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column. Called by the header of the list."""
        if 0 <= column < len(self.columns):
            self.sort_by(self.columns[column].id, descending=order == Qt.SortOrder.DescendingOrder)

    def sort_by(self, column_id: str, *, descending: bool) -> None:
        """Sort by the column of that id; where it is not there, by the first one until it comes."""
        self._sort = column_id, descending
        self._show(self._cells)
        self.asked_anew.emit()

    def _show(self, cells: Cells | None, *, same_frame: bool = True) -> None:
        """Show these cells; views keep their place where the rows stay what they are."""
        places = self._arranged(cells)
        if same_frame and np.array_equal(places, self._places):
            self._cells = cells
            self._tell_of(0, len(places) - 1)
            return
        self.beginResetModel()
        self._cells, self._places = cells, places
        self._row_of = np.full(0 if cells is None else len(cells.table.listing.rows), -1, np.int64)
        self._row_of[places] = np.arange(len(places))
        self.endResetModel()
        self.arranged.emit()

    def _arranged(self, cells: Cells | None) -> np.ndarray[Any, np.dtype[np.int64]]:
        if cells is None:
            return NOTHING
        columns = cells.table.columns
        column_id, descending = self._sort
        column = next((column for column in columns if column.id == column_id), columns[0])
        return arranged(cells.table, self._filter, cells.marks, column, descending=descending)

    def _tell_of(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    # ------------------------------------------------------------ images and rows

    def image_at(self, row: int) -> int:
        """Image id of a row."""
        assert self._cells is not None
        return self._cells.image(int(self._places[row])).id

    def row_of(self, image: int | None) -> int:
        """The row of an image; -1 where it is not shown."""
        place = None if self.table is None or image is None else self.table.listing.index.get(image)
        return -1 if place is None else int(self._row_of[place])

    def line(self, row: int) -> str:
        """The texts of a row, with tabs between them."""
        assert self._cells is not None
        return self._cells.line(int(self._places[row]))

    def _thumbnail(self, cells: Cells, column: Column, place: int) -> Any:
        return self._thumbnails.pixmap(cells.image(place).id) if column.kind is Kind.NAME else None

    # ------------------------------------------------------------ what Qt asks for

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Number of images shown."""
        return 0 if parent.isValid() else len(self._places)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = ItemRole.DisplayRole) -> Any:  # noqa: N802
        """Title, help, alignment and sign of a column."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == ItemRole.TextAlignmentRole:
            return RIGHT if column.numeric else LEFT
        if role == ItemRole.DecorationRole:
            return self._dot(column.chain) if column.chain else None
        return {int(ItemRole.DisplayRole): column.title, int(ItemRole.ToolTipRole): column.help}.get(role)

    def _dot(self, chain: str) -> QIcon:
        """The sign of a defense, in its colour everywhere in the window."""
        known = () if self.table is None else self.table.document.chains
        return dot(defense_colours(one.id for one in known)[chain])

    def data(self, index: Index, role: int = ItemRole.DisplayRole) -> Any:
        """What a cell shows; the roles that are ours stand at the top."""
        answer = self._answers.get(role)
        if answer is None or self._cells is None or not index.isValid():
            return None
        return answer(self._cells, self.columns[index.column()], int(self._places[index.row()]))


def _same_frame(one: Cells, other: Cells) -> bool:
    """Whether two tables have the same images and columns, so that only what is in the cells may differ."""
    a, b = one.table, other.table
    return a.listing.index is b.listing.index and a.columns == b.columns


def _font(cells: Cells, column: Column, place: int) -> QFont | None:
    """Bold for scores above the operating point, struck out for what is excluded."""
    strong = cells.judged_member(column, place)
    struck = column.kind is Kind.NAME and cells.marks.excluded[place]
    if not strong and not struck:
        return None
    font = QApplication.font()
    font.setBold(strong)
    font.setStrikeOut(bool(struck))
    return font


def _faint_ink() -> QColor:
    return QApplication.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.PlaceholderText)
