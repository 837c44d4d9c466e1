"""The image browser: every image of an audit as a list or a grid, and what can be done with them."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QUndoStack
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from core.errors import SegLeakError
from gui import roles
from gui.actions import Action
from gui.browser.arrange import Filter
from gui.browser.commands import for_images, image_actions
from gui.browser.deciding import Decisions
from gui.browser.filter_bar import FilterBar
from gui.browser.image_list import ImageList
from gui.browser.keeper import SummaryKeeper
from gui.browser.loader import ThumbnailLoader
from gui.browser.model import ImageModel
from gui.browser.reader import TableReader
from gui.browser.sorting import SortChooser
from gui.browser.table import Table
from gui.browser.thumbnails import ThumbnailStore
from gui.buttons import icon_button
from gui.icons import icon
from gui.selection import Selection
from gui.sort_menu import sort_menu


class BrowserPanel(QWidget):
    """The images of the audit in view.

    `failed` sends the `SegLeakError` of what could not be read or written.

    Parameters
    ----------
    selection
        What is looked at: the current image is the one in view, the scores are those of its defenses and attack.
    undo_stack
        Takes every decision; None: one of its own.
    thumbnails
        Where thumbnails are kept; None: in the user's cache folder.
    """

    failed = Signal(object)

    def __init__(
        self,
        selection: Selection,
        undo_stack: QUndoStack | None = None,
        thumbnails: ThumbnailStore | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._selection = selection
        self._loader = ThumbnailLoader(thumbnails or ThumbnailStore.default(), self)
        self.model = ImageModel(self._loader, self)
        self.filters = FilterBar()
        self.sorting = SortChooser(self.model)
        self.images = ImageList(self.model, self._loader)
        self.decisions = Decisions(selection, undo_stack or QUndoStack(self), self, self.failed.emit)
        self._count = QLabel()
        self._count.setProperty("role", "small")
        self._reader = TableReader(selection, self)
        self._keeper = SummaryKeeper(selection, self)
        self._as_grid = self._grid_button()
        self._lay_out()
        self._connect()
        self._document_changed()
        self._reader.read()

    def _lay_out(self) -> None:
        self.filters.add_tools(self._as_grid)
        self.sorting.hide()
        self._count.setContentsMargins(8, 2, 8, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.filters)
        layout.addWidget(self.sorting)
        layout.addWidget(self.images, stretch=1)
        layout.addWidget(self._count)

    def _grid_button(self) -> QToolButton:
        tip = "Large thumbnails in the place of the list"
        button = icon_button("grid", "Images as a grid", tip, checkable=True)
        button.toggled.connect(self._show_grid)
        return button

    def _connect(self) -> None:
        selection = self._selection
        selection.document_changed.connect(self._document_changed)
        selection.image_changed.connect(self.images.show_image)
        selection.threshold_changed.connect(self.model.set_marks)
        selection.reviewed.connect(lambda _: self.model.set_marks(selection.threshold))
        self._reader.came.connect(self._table_came)
        self._reader.failed.connect(self._reading_failed)
        self._keeper.failed.connect(self.failed)
        self.filters.changed.connect(self.model.set_filter)
        self.model.modelReset.connect(self._say_what_is_shown)
        self.images.picked.connect(self._picked)
        self.images.menu_wanted.connect(self._open_menu)

    # ------------------------------------------------------------ for the window

    def actions(self) -> list[Action]:  # type: ignore[override] # a widget's own list of QActions has no use here
        """The commands of the browser, for the window's registry."""
        return image_actions(self)

    def state(self) -> dict[str, Any]:
        """How the images are shown, for the next start."""
        column, descending = self.model.sorted_by
        return {"grid": self.shows_grid(), "sort": str(column), "descending": descending}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Show the images as they were; what is not understood is left as it is."""
        self._as_grid.setChecked(state.get("grid") is True)
        self.model.sort_by(str(state.get("sort", self.model.sorted_by[0])), descending=state.get("descending") is True)

    def close_threads(self) -> None:
        """Wait for what is being read and written."""
        for worker in (self._reader, self._loader, self._keeper):
            worker.close()

    # ------------------------------------------------------------ for the commands

    def has_document(self) -> bool:
        """Whether an audit is in view."""
        return self._selection.document is not None

    def has_rows(self) -> bool:
        """Whether there are images to go to."""
        return self.model.rowCount() > 0

    def has_images(self) -> bool:
        """Whether a command has images to work on."""
        return bool(self.chosen())

    def chosen(self) -> list[int]:
        """Ids of the images that commands work on: the selected ones, else the one in view."""
        current = self._selection.image
        return self.images.images or ([] if current is None or not self.has_document() else [current])

    def shows_grid(self) -> bool:
        """Whether the images are shown as a grid."""
        return self._as_grid.isChecked()

    def toggle_grid(self) -> None:
        """Show the grid in the place of the list, or the list again."""
        self._as_grid.toggle()

    def focus_filter(self) -> None:
        """Put the cursor where words to filter by are typed."""
        self.filters.focus_text()

    def reveal(self) -> None:
        """Open the folder of the first chosen image. Raises `SegLeakError` where it is not there any more."""
        document = self._selection.document
        for image in self.chosen()[:1]:
            folder = document.path(image).parent if document is not None else None
            if folder is None or not folder.is_dir():
                raise SegLeakError(f"{folder}: is not there.", "Check that the drive it was on is connected.")
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def copy_path(self) -> None:
        """Put the paths of the chosen images on the clipboard."""
        document = self._selection.document
        if document is not None:
            QGuiApplication.clipboard().setText("\n".join(str(document.path(image)) for image in self.chosen()))

    # ------------------------------------------------------------ what comes in

    def _document_changed(self, _: object = None) -> None:
        """Show nothing of the audit before; the table of this one is on its way."""
        document = self._selection.document
        self._loader.show(document)
        self.model.set_table(None, None)
        self.images.show_image(self._selection.image)
        if document is None:
            self.images.notice.say("No audit is open", "Open one to see its images: File, Open an audit.")
        else:
            self.images.notice.say("Reading the images ...", "")

    def _table_came(self, table: Table | None) -> None:
        self.model.set_table(table, self._selection.threshold)
        if table is not None:
            self.filters.set_counts(Counter(table.listing.roles.tolist()))
            self.filters.set_classes(table.class_names, counted=table.counted)
            self._say_what_is_shown()

    def _reading_failed(self, error: SegLeakError) -> None:
        self.images.notice.say(error.message, error.remedy)
        self.failed.emit(error)

    def _picked(self, image: int) -> None:
        self._selection.image = image

    def _show_grid(self, grid: bool) -> None:
        self.sorting.setVisible(grid)
        self.images.show_as(grid=grid)

    def _open_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in for_images(self):
            made = menu.addAction(icon(action.icon), action.title)
            made.triggered.connect(partial(self._attempt, action))
            made.setEnabled(action.enabled())
            made.setToolTip(action.tooltip)
        menu.addSeparator()
        menu.addMenu(sort_menu(self.images.table, menu))
        menu.popup(place)

    def _attempt(self, action: Action, _checked: bool = False) -> None:
        try:
            action.callback()
        except SegLeakError as error:
            self.failed.emit(error)

    # ------------------------------------------------------------ what is said

    def _say_what_is_shown(self) -> None:
        table, shown = self.model.table, self.model.rowCount()
        total = 0 if table is None else len(table.listing.rows)
        self._count.setText("" if table is None else _count_text(shown, total))
        self.images.show_notice(shown == 0)
        if table is not None and shown == 0:
            self._say_why_empty(self.model.filter, total)

    def _say_why_empty(self, wanted: Filter, total: int) -> None:
        say = self.images.notice.say
        if not total:
            say("No images yet", "They come when the audit has listed its folders.")
        elif wanted.narrow:
            say("No image passes the filter", "Change what is asked for, or show all.", "Show all", self.filters.clear)
        else:
            plural = next((p.lower() for role, p in roles.PLURALS.items() if role == wanted.role), "images")
            say(f"This audit has no {plural}", "A new audit can be given a folder of them.")


def _count_text(shown: int, total: int) -> str:
    images = "image" if total == 1 else "images"
    return f"{total:,} {images}" if shown == total else f"{shown:,} of {total:,} {images}"
