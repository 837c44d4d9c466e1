"""Every table that sorts can be sorted with the keyboard alone, as by a click on a title."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from gui.browser.views import ImageTable
from gui.cheatsheet import as_html
from gui.tables import NumbersTable
from tests.gui.keyboard.helpers import SOON, press


def popup(qtbot):
    """The menu that has come up."""
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu), timeout=SOON)
    return QApplication.activePopupWidget()


def column(table, number):
    return [table.model().index(row, number).data() for row in range(table.model().rowCount())]


def heads(table):
    model = table.model()
    return [model.headerData(number, Qt.Orientation.Horizontal) for number in range(model.columnCount())]


def titles(menu):
    return [made.text().partition("\t")[0] for made in menu.actions()]


def choose(qtbot, title):
    """Go to a line of the menu with arrow keys, and press Enter."""
    menu = popup(qtbot)
    for _ in range(titles(menu).index(title) - menu.actions().index(menu.activeAction())):
        qtbot.keyClick(menu, Qt.Key.Key_Down)
    assert menu.activeAction().text().partition("\t")[0] == title
    qtbot.keyClick(menu, Qt.Key.Key_Return)


def test_s_sorts_the_table_that_has_the_keyboard_by_a_column_and_once_more_the_other_way(qtbot, window):
    numbers = window.furniture.workbench.numbers.table
    auc = heads(numbers).index("AUC")
    numbers.setFocus()
    press(qtbot, Qt.Key.Key_S)
    choose(qtbot, "AUC")
    up = [float(text.split()[0]) for text in column(numbers, auc)]
    assert up == sorted(up) and len(set(up)) > 1
    press(qtbot, Qt.Key.Key_S)
    menu = popup(qtbot)
    assert menu.activeAction().text() == "AUC\tsmallest first"  # where one was
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert [float(text.split()[0]) for text in column(numbers, auc)] == up[::-1]
    assert QApplication.focusWidget() is numbers


def test_s_sorts_the_images_where_no_table_has_the_keyboard_also_as_a_grid(qtbot, window):
    canvas = window.furniture.workbench.centre.grid.canvases[0]
    images = window.findChild(ImageTable)
    before = column(images, 0)
    assert before == sorted(before)
    canvas.setFocus()
    for _ in range(2):
        window.registry.trigger("images.grid")
        press(qtbot, Qt.Key.Key_S)
        menu = popup(qtbot)
        assert menu.activeAction().text().startswith("Image\t")
        qtbot.keyClick(menu, Qt.Key.Key_Return)
        before.reverse()
        assert column(images, 0) == before


@pytest.mark.parametrize("kind", [ImageTable, NumbersTable])
def test_the_menu_of_a_table_offers_its_columns_too(qtbot, window, kind):
    table = window.findChild(kind)
    table.setFocus()
    place = table.visualRect(table.model().index(0, 0)).center()
    reason = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(table.viewport(), QContextMenuEvent(reason, place, table.viewport().mapToGlobal(place)))
    menu = popup(qtbot)
    below = next(made.menu() for made in menu.actions() if made.text() == "Sort by")
    assert titles(below) == heads(table)
    last = below.actions()[-1]
    last.trigger()
    assert table.horizontalHeader().sortIndicatorSection() == len(heads(table)) - 1
    menu.close()


def test_columns_that_are_moved_or_hidden_are_offered_as_they_are_seen(qtbot, window):
    table = window.findChild(ImageTable)
    table.horizontalHeader().moveSection(0, 1)
    table.setColumnHidden(2, True)
    table.setFocus()
    press(qtbot, Qt.Key.Key_S)
    menu = popup(qtbot)
    first, second, _, *others = heads(table)
    assert titles(menu) == [second, first, *others]
    menu.close()


def test_the_key_is_on_the_cheat_sheet_and_cannot_be_used_without_an_audit(qtbot, window):
    assert "<b>S</b>" in as_html(window.registry, "grey")
    window.audits.close()
    qtbot.waitUntil(lambda: not window.registry.qaction("view.sort").isEnabled(), timeout=SOON)
    press(qtbot, Qt.Key.Key_S)
    assert QApplication.activePopupWidget() is None
