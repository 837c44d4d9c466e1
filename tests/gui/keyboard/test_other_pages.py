"""The pages that are shown without an audit, with the keyboard alone."""

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QScrollArea, QToolButton

from gui.tab_order import stops
from tests.gui.keyboard.helpers import SOON, missed, told, walk
from tests.gui.test_accessible import nameless


def begin(qtbot, window):
    """The page of a new audit, with the keyboard in the window."""
    window.registry.trigger("audit.new")
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=SOON)
    return window.beginning.page


def test_tab_reaches_everything_on_the_welcome_page(qtbot, window):
    window.audits.close()
    qtbot.waitUntil(lambda: bool(window.welcome.cards), timeout=SOON)
    assert not missed(qtbot, window)


def test_tab_reaches_everything_on_the_page_of_a_new_audit_in_the_order_of_its_sections(qtbot, window):
    page = begin(qtbot, window)
    assert not missed(qtbot, window)
    assert not nameless(window)
    places = [stop.mapTo(page, stop.rect().center()).y() for stop in stops(window) if isinstance(stop, QLineEdit)]
    assert places == sorted(places)
    names = Counter(told(stop) for stop in stops(window) if isinstance(stop, QPushButton | QToolButton))
    assert {name: times for name, times in names.items() if times > 1} == {}


def test_tab_brings_into_view_what_it_reaches_further_down(qtbot, window):
    page = begin(qtbot, window)
    for stop in walk(qtbot, window):
        stop.setFocus()
        qtbot.keyClick(stop, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if page.isAncestorOf(now) and not isinstance(now, QScrollArea):
            assert not now.visibleRegion().isEmpty(), told(now)
