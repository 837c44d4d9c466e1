"""The list of images, and what of a list or grid can be seen."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.browser.delegates import NameDelegate, TextDelegate, row_height
from gui.browser.grid import ImageGrid
from gui.browser.model import ImageModel
from gui.browser.table import Kind

WIDTHS = {
    Kind.NAME: 244,
    Kind.ROLE: 98,
    Kind.SCORE: 78,
    Kind.LOSS: 66,
    Kind.MIOU: 62,
    Kind.VERDICT: 212,
    Kind.STATE: 120,
}
"""Widths of new columns, in pixels at the usual font size."""

TITLE_ROOM, SIGN_ROOM = 28, 54
"""Pixels beside a column's title: for the arrow of sorting, and for the sign of a defense too."""
WIDEST = 180

SETTLING = 30
"""Milliseconds after which a view that scrolls is looked at: once for a burst of movements."""


class ImageTable(QTableView):
    """The list, with a column for everything."""

    def __init__(self, model: ImageModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = model
        self.setAccessibleName("Images as a list")
        self.setModel(model)
        self.setItemDelegate(TextDelegate(self))
        self.setItemDelegateForColumn(0, NameDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._settle_headers()
        model.modelReset.connect(self._size_columns)
        model.asked_anew.connect(self._show_sorting)
        self._sized: tuple[str, ...] = ()

    def _settle_headers(self) -> None:
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(row_height(self.fontMetrics()))
        columns.setStretchLastSection(True)
        columns.setHighlightSections(False)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def _size_columns(self) -> None:
        """Give columns that were not there before their width; a person may have changed the others."""
        columns = self._images.columns
        ids = tuple(column.id for column in columns)
        if ids == self._sized:
            return
        self._sized = ids
        factor = self.fontMetrics().height() / 16
        for place, column in enumerate(columns):
            wanted = self.fontMetrics().horizontalAdvance(column.title) + (SIGN_ROOM if column.chain else TITLE_ROOM)
            self.setColumnWidth(place, max(round(WIDTHS[column.kind] * factor), min(wanted, WIDEST)))
        self._show_sorting()

    def _show_sorting(self) -> None:
        """The arrow stands on the column that the rows are sorted by, wherever that column is now."""
        column_id, descending = self._images.sorted_by
        place = next((i for i, column in enumerate(self._images.columns) if column.id == column_id), -1)
        header = self.horizontalHeader()
        header.blockSignals(True)
        header.setSortIndicator(place, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        header.blockSignals(False)

    def visible_rows(self) -> range:
        """The rows of which something can be seen."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        count = self._images.rowCount()
        return range(0) if first < 0 or not self.isVisible() else range(first, count if last < 0 else last + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Left and right go through the images too, as no cell of a row is chosen alone."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self._as_text())
            return
        turned = {Qt.Key.Key_Left: Qt.Key.Key_Up, Qt.Key.Key_Right: Qt.Key.Key_Down}.get(Qt.Key(event.key()))
        if turned is not None:
            event = QKeyEvent(event.type(), turned, event.modifiers())
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.verticalHeader().setDefaultSectionSize(row_height(self.fontMetrics()))

    def _as_text(self) -> str:
        """The selected rows with the titles above, for a spreadsheet."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        titles = "\t".join(column.title for column in self._images.columns)
        return "\n".join([titles, *(self._images.line(row) for row in rows)]) + "\n"


ImageView = ImageTable | ImageGrid


class Watcher(QObject):
    """Says which images can be seen, after a view has moved, shown other images, or changed its size.

    `seen` sends the image ids, from top to bottom.
    """

    seen = Signal(object)

    def __init__(self, model: ImageModel, views: tuple[ImageView, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._views = views
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLING)
        self._timer.timeout.connect(self.look)
        for view in views:
            view.verticalScrollBar().valueChanged.connect(lambda _: self._timer.start())
            view.viewport().installEventFilter(self)
        model.arranged.connect(self._timer.start)

    def look(self) -> None:
        """Say now what can be seen."""
        rows = [row for view in self._views for row in view.visible_rows()]
        self.seen.emit([self._model.image_at(row) for row in rows])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice views that change their size, come and go."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide}:
            self._timer.start()
        return False
