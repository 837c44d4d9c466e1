"""The images as a list or a grid, with one current image and one selection for both."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.browser.grid import ImageGrid
from gui.browser.loader import ThumbnailLoader
from gui.browser.model import ImageModel
from gui.browser.notice import Notice
from gui.browser.views import ImageTable, ImageView, Watcher

Flag = QItemSelectionModel.SelectionFlag

MOST_KEPT = 1000
"""Selected images that stay selected when others are shown: putting each back takes a while."""


@dataclass(frozen=True)
class _Kept:
    """What is put back after a change of rows: selected images, the scroll bar's value, whether there were rows."""

    images: Sequence[int] = ()
    scrolled: int = 0
    filled: bool = False


class ImageList(QStackedWidget):
    """Shows the rows of a model, or a notice where there are none.

    `picked` sends the id of the image that a person went to; `menu_wanted` sends where, on the screen, the menu of the
    selected images is to open.
    """

    picked = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, model: ImageModel, thumbnails: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.table = ImageTable(model)
        self.grid = ImageGrid(model)
        self.notice = Notice()
        self._view: ImageView = self.table
        self._current: int | None = None
        self._kept = _Kept()
        self._chosen = self.table.selectionModel()
        self.grid.setSelectionModel(self._chosen)
        self._chosen.currentRowChanged.connect(self._current_changed)
        for widget in (self.table, self.grid, self.notice):
            self.addWidget(widget)
        for view in (self.table, self.grid):
            view.customContextMenuRequested.connect(self._menu_wanted)
        self._watcher = Watcher(model, (self.table, self.grid), self)
        self._watcher.seen.connect(thumbnails.want)
        thumbnails.ready.connect(self._thumbnail_came)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        model.asked_anew.connect(self._scroll_to_current)

    # ------------------------------------------------------------ list, grid or notice

    @property
    def view(self) -> ImageView:
        """The list or the grid."""
        return self._view

    def show_as(self, *, grid: bool) -> None:
        """Show the images as a grid or as a list."""
        self._view = self.grid if grid else self.table
        if self.currentWidget() is not self.notice:
            self.setCurrentWidget(self._view)
        self._scroll_to_current()

    def show_notice(self, shown: bool) -> None:
        """Show the notice in the place of the images, or the images."""
        self.setCurrentWidget(self.notice if shown else self._view)

    # ------------------------------------------------------------ the current image

    @property
    def images(self) -> list[int]:
        """Ids of the selected images, from top to bottom."""
        return [self._model.image_at(index.row()) for index in sorted(self._chosen.selectedRows(), key=QModelIndex.row)]

    def show_image(self, image: int | None) -> None:
        """Make an image the current one; where the filter hides it, none is current."""
        self._current = image
        row = self._model.row_of(image)
        if row == self._chosen.currentIndex().row():
            return
        if row < 0:
            self._chosen.clear()
            return
        self._chosen.setCurrentIndex(self._model.index(row, 0), Flag.ClearAndSelect | Flag.Rows)
        self._scroll_to_current()

    def step(self, by: int) -> None:
        """Go some images on or back; from an image that is hidden, to the first one."""
        row = self._chosen.currentIndex().row()
        self.go_to(0 if row < 0 else row + by)

    def go_to(self, row: int) -> None:
        """Go to a row; beyond either end, to that end."""
        count = self._model.rowCount()
        if count:
            self.picked.emit(self._model.image_at(min(max(row, 0), count - 1)))

    def _current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            image = self._model.image_at(current.row())
            if image != self._current:
                self._current = image
                self.picked.emit(image)

    def _scroll_to_current(self) -> None:
        index = self._chosen.currentIndex()
        if index.isValid():
            self._view.scrollTo(index)

    # ------------------------------------------------------------ through a change of rows

    def _keep(self) -> None:
        few = len(self._chosen.selectedRows()) <= MOST_KEPT
        self._kept = _Kept(
            self.images if few else [], self._view.verticalScrollBar().value(), filled=self._model.rowCount() > 0
        )

    def _restore(self) -> None:
        """Select again what was selected and is still shown; the view stays where it was."""
        rows = {self._model.row_of(image) for image in (*self._kept.images, self._current)} - {-1}
        chosen = QItemSelection()
        for row in rows:
            chosen.select(self._model.index(row, 0), self._model.index(row, 0))
        current = self._model.row_of(self._current)
        if current >= 0:
            self._chosen.setCurrentIndex(self._model.index(current, 0), Flag.NoUpdate)
        self._chosen.select(chosen, Flag.ClearAndSelect | Flag.Rows)
        if self._kept.filled:
            self._view.verticalScrollBar().setValue(self._kept.scrolled)
        else:
            self._scroll_to_current()

    def _thumbnail_came(self, image: int) -> None:
        row = self._model.row_of(image)
        if row >= 0:
            self._view.update(self._model.index(row, 0))

    def _menu_wanted(self, place: QPoint) -> None:
        if self._view.indexAt(place).isValid():
            self.menu_wanted.emit(self._view.viewport().mapToGlobal(place))
