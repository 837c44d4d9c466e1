"""The ring around what has the keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QTabBar, QVBoxLayout

from gui.focus_ring import FocusRing
from tests.gui.keyboard.helpers import SOON, press, walk


@pytest.fixture
def page(qtbot, qapp):
    """Two buttons and a row of tabs, with a ring of their own."""
    made = QDialog()
    column = QVBoxLayout(made)
    made.tabs = QTabBar()
    for title in ("First", "Second"):
        made.tabs.addTab(title)
        column.addWidget(QPushButton(title))
    column.addWidget(made.tabs)
    made.ring = FocusRing(made)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is made, timeout=SOON)
    return made


def test_the_ring_is_around_what_keys_reached_and_gone_after_a_click(qtbot, page):
    first, second = page.findChildren(QPushButton)
    first.setFocus()
    assert page.ring.around is None  # no key was pressed yet
    press(qtbot, Qt.Key.Key_Tab)
    assert page.ring.around is second
    press(qtbot, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert page.ring.around is first
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert page.ring.around is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ring_can_be_seen_in_both_themes(qtbot, window, theme):
    window.choose_theme(theme)
    walk(qtbot, window)
    canvas = window.furniture.workbench.centre.grid.canvases[0]
    for stop in (canvas, window.furniture.workbench.numbers.table):
        stop.setFocus(Qt.FocusReason.TabFocusReason)
        assert window.keyboard.ring.around is stop
        edge, inside = (stop.grab().toImage().pixelColor(at, stop.height() // 2) for at in (0, 2))
        assert abs(edge.lightness() - inside.lightness()) > 60 or edge.hue() != inside.hue()
        assert edge.name() == stop.palette().highlight().color().name()


def test_the_ring_goes_with_what_it_is_around(qtbot, page):
    press(qtbot, Qt.Key.Key_Tab)
    page.ring.around.deleteLater()
    qtbot.wait(20)
    press(qtbot, Qt.Key.Key_Tab)
    assert page.ring.around is QApplication.focusWidget()


def test_of_tabs_the_ring_is_around_the_chosen_one(qtbot, page):
    page.findChildren(QPushButton)[1].setFocus()
    press(qtbot, Qt.Key.Key_Tab)
    assert page.ring.around is page.tabs
    before = page.ring._ring.geometry()
    press(qtbot, Qt.Key.Key_Right)
    assert page.tabs.currentIndex() == 1
    assert page.ring._ring.geometry() == page.tabs.tabRect(1) != before
