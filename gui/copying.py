"""What a table offers under the right button."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from gui.icons import icon

COPY = "Copy the table"
COPY_ROWS = "Copy the selected rows"


def offer_copy(table: QWidget, copy: Callable[[], object], place: QPoint, title: str = COPY) -> QMenu:
    """Show a menu at a place of the screen that copies; what Ctrl+C does is found without knowing of it."""
    menu = QMenu(table)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(icon("copy"), title, copy)
    menu.popup(place)
    return menu
