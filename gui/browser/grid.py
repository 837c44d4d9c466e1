"""A grid of equal cells: everything about it is arithmetic, so that 100,000 cells cost no more than those in view.

Qt's own list view places every cell anew after each resize and each change of an item: 0.4 s for 100,000.
"""

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

from gui.browser.delegates import CellDelegate, cell_size
from gui.browser.model import ImageModel, Index

Cursor = QAbstractItemView.CursorAction
Hint = QAbstractItemView.ScrollHint
State = QStyle.StateFlag


class ImageGrid(QAbstractItemView):
    """Thumbnails with name and score beneath, from left to right and from top to bottom."""

    def __init__(self, model: ImageModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = model
        self._delegate = CellDelegate(self)
        self.setAccessibleName("Images as a grid")
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    # ------------------------------------------------------------ where the cells are

    @property
    def across(self) -> int:
        """Cells beside each other."""
        return max(1, self.viewport().width() // cell_size(self.fontMetrics()).width())

    @property
    def cell(self) -> QSize:
        """Size of a cell; the cells of a line share its whole width."""
        return QSize(self.viewport().width() // self.across, cell_size(self.fontMetrics()).height())

    def visible_rows(self) -> range:
        """The images of which something can be seen."""
        height, across, top = self.cell.height(), self.across, self.verticalOffset()
        first, last = top // height, (top + self.viewport().height() - 1) // height
        count = self._images.rowCount() if self.isVisible() else 0
        return range(min(count, first * across), min(count, (last + 1) * across))

    def visualRect(self, index: Index) -> QRect:  # noqa: N802 - Qt's names, here and below
        """Where a cell is in the viewport."""
        if not index.isValid():
            return QRect()
        line, place = divmod(index.row(), self.across)
        corner = QPoint(place * self.cell.width(), line * self.cell.height() - self.verticalOffset())
        return QRect(corner, self.cell)

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802
        """The cell at a point of the viewport; invalid beside and below the cells."""
        beside = not 0 <= point.x() < self.across * self.cell.width()
        row = self._row_at(point)
        return QModelIndex() if beside or not 0 <= row < self._images.rowCount() else self._images.index(row, 0)

    def _row_at(self, point: QPoint) -> int:
        """The row of the nearest place for a cell, in view or not."""
        place = min(max(point.x() // self.cell.width(), 0), self.across - 1)
        return (point.y() + self.verticalOffset()) // self.cell.height() * self.across + place

    def horizontalOffset(self) -> int:  # noqa: N802
        """Always 0: lines are as long as the view is wide."""
        return 0

    def verticalOffset(self) -> int:  # noqa: N802
        """Pixels above the view."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, _index: Index) -> bool:  # noqa: N802
        """Nothing is hidden."""
        return False

    # ------------------------------------------------------------ scrolling

    def updateGeometries(self) -> None:  # noqa: N802
        """Follow the number of images and the size of the view."""
        lines = -(-self._images.rowCount() // self.across)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, lines * self.cell.height() - height))
        bar.setPageStep(max(1, height // self.cell.height() * self.cell.height()))
        bar.setSingleStep(self.cell.height() // 3)
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Place the cells anew, around the same image."""
        first = self.indexAt(QPoint(0, 0))
        super().resizeEvent(event)
        self.updateGeometries()
        if event.oldSize().width() != event.size().width():
            self.scrollTo(self.currentIndex() if self.currentIndex().isValid() else first)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometries()
            self.viewport().update()

    def scrollTo(self, index: Index, hint: Hint = Hint.EnsureVisible) -> None:  # noqa: N802
        """Bring a cell into view, as little as needed or as the hint says."""
        if not index.isValid():
            return
        self.updateGeometries()
        rect, height = self.visualRect(index), self.viewport().height()
        above, below = rect.top(), rect.bottom() + 1 - height
        moves = {Hint.PositionAtTop: above, Hint.PositionAtBottom: below, Hint.PositionAtCenter: (above + below) // 2}
        nearest = min(above, 0) + max(below, 0)
        self.verticalScrollBar().setValue(self.verticalOffset() + moves.get(hint, nearest))

    def scrollContentsBy(self, _dx: int, dy: int) -> None:  # noqa: N802
        """Move what is painted already."""
        self.viewport().scroll(0, dy)

    # ------------------------------------------------------------ choosing

    def moveCursor(self, action: Cursor, _modifiers: Qt.KeyboardModifier) -> QModelIndex:  # noqa: N802
        """The image that a key leads to; a line up or down stays where there is no image."""
        count, row, across = self._images.rowCount(), self.currentIndex().row(), self.across
        if not count:
            return QModelIndex()
        page = max(1, self.viewport().height() // self.cell.height()) * across
        steps = {
            Cursor.MoveLeft: -1,
            Cursor.MovePrevious: -1,
            Cursor.MoveRight: 1,
            Cursor.MoveNext: 1,
            Cursor.MoveUp: -across if row >= across else 0,
            Cursor.MoveDown: across if row + across < count else 0,
            Cursor.MovePageUp: -page,
            Cursor.MovePageDown: page,
            Cursor.MoveHome: -count,
            Cursor.MoveEnd: count,
        }
        return self._images.index(min(max(row + steps[action], 0), count - 1), 0)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:  # noqa: N802
        """Select from the cell at one corner to the cell at the other, as one reads."""
        ends = sorted(self._row_at(corner) for corner in (rect.topLeft(), rect.bottomRight()))
        last = self._images.rowCount() - 1
        chosen = QItemSelection()
        if ends[0] <= last:
            chosen.select(self._images.index(max(ends[0], 0), 0), self._images.index(min(ends[1], last), 0))
        self.selectionModel().select(chosen, command | QItemSelectionModel.SelectionFlag.Rows)

    def visualRegionForSelection(self, _selection: QItemSelection) -> QRegion:  # noqa: N802
        """What to paint anew when the selection changes: everything in view."""
        return QRegion(self.viewport().rect())

    # ------------------------------------------------------------ painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the cells in view."""
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain, current = option.state, self.currentIndex().row()
        for row in self.visible_rows():
            index = self._images.index(row, 0)
            rect = self.visualRect(index)
            if event.rect().intersects(rect):
                focus = State.State_HasFocus if row == current and self.hasFocus() else State.State_None
                chosen = State.State_Selected if self.selectionModel().isRowSelected(row) else State.State_None
                option.rect, option.state = rect, plain | focus | chosen
                self._delegate.paint(painter, option, index)
        painter.end()
