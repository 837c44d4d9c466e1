"""What a table offers under the right button."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from gui.icons import icon
from gui.sort_menu import sort_menu, sortable

COPY = "Copy the table"
COPY_ROWS = "Copy the selected rows"


def offer_copy(table: QWidget, copy: Callable[[], object], place: QPoint, title: str = COPY) -> QMenu:
    """Show a menu at a place of the screen: what Ctrl+C and a click on a title do is found without knowing of them."""
    menu = QMenu(table)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(icon("copy"), title, copy)
    sorts = sortable(table)
    if sorts is not None:
        menu.addMenu(sort_menu(sorts, menu))
    menu.popup(place)
    return menu
