"""Sorting a table without its header: a menu of its columns, for the keyboard and under the right button."""

from collections.abc import Iterable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QTableView, QWidget

TITLE = "Sort by"
WORDS = {Qt.SortOrder.AscendingOrder: "smallest first", Qt.SortOrder.DescendingOrder: "greatest first"}


def sortable(widget: QWidget | None) -> QTableView | None:
    """The widget itself, where it is a table that sorts and has columns."""
    if isinstance(widget, QTableView) and widget.isSortingEnabled() and widget.horizontalHeader().count():
        return widget
    return None


def table_at(focus: QWidget | None, others: Iterable[QWidget]) -> QTableView | None:
    """The table that has the keyboard, else the first of some others that sorts."""
    return next((table for widget in (focus, *others) if (table := sortable(widget)) is not None), None)


def sort_menu(table: QTableView, parent: QWidget | None = None) -> QMenu:
    """A menu with the columns in view; each does what a click on its title does: sort, or turn the order round."""
    menu = QMenu(TITLE, table if parent is None else parent)
    header, group = table.horizontalHeader(), QActionGroup(menu)
    now, order = header.sortIndicatorSection(), header.sortIndicatorOrder()
    for column in _in_view(table):
        title = str(table.model().headerData(column, Qt.Orientation.Horizontal)).replace("&", "&&")
        made = menu.addAction(f"{title}\t{WORDS[order]}" if column == now else title)
        made.setCheckable(True)
        made.setChecked(column == now)
        made.triggered.connect(lambda _=False, column=column: sort_by(table, column))
        group.addAction(made)
    return menu


def pop_up(table: QTableView) -> QMenu:
    """Show the menu below the titles of a table, at the column that it is sorted by."""
    menu = sort_menu(table)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chosen = next((made for made in menu.actions() if made.isChecked()), None)
    menu.popup(table.mapToGlobal(QPoint(0, table.horizontalHeader().height())))
    menu.setActiveAction(chosen or menu.actions()[0])
    return menu


def sort_by(table: QTableView, column: int) -> None:
    """Sort by a column upwards; where that is so already, the other way."""
    header = table.horizontalHeader()
    up = header.sortIndicatorSection() == column and header.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
    table.sortByColumn(column, Qt.SortOrder.DescendingOrder if up else Qt.SortOrder.AscendingOrder)


def _in_view(table: QTableView) -> list[int]:
    """Numbers of the columns that are shown, from left to right."""
    header = table.horizontalHeader()
    columns = (header.logicalIndex(place) for place in range(header.count()))
    return [column for column in columns if not table.isColumnHidden(column)]
