"""Everything that can be reached with the keyboard has a name, and every command says what it does."""

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLabel, QScrollBar, QTabBar, QWidget

from gui.exports.dialog import MapsDialog
from gui.jobs.entry import Controls, Entry, State
from gui.settings.dialog import SettingsDialog
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import FakeEngine, make_window

INSIDE = ("qt_", "_layout")
"""Names of what Qt makes inside its own widgets."""


def reachable(widget):
    return [w for w in widget.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]


def name_of(widget):
    """What a screen reader says: a name, a text, or the label that stands before it."""
    if isinstance(widget, QAbstractButton) and widget.text():
        return widget.text()
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget:
        return parent.accessibleName()
    buddies = [label.text() for label in widget.window().findChildren(QLabel) if label.buddy() is widget]
    return widget.accessibleName() or next(iter(buddies), "")


def of_qt(widget):
    """Parts of Qt's own widgets, which name themselves."""
    inside = any(part.objectName().startswith(INSIDE) for part in (widget, widget.parentWidget()) if part is not None)
    return inside or isinstance(widget, QScrollBar | QTabBar)


def nameless(widget):
    found = [w for w in reachable(widget) if not of_qt(w) and not name_of(w)]
    return Counter(f"{type(w).__name__} in {type(w.parentWidget()).__name__}" for w in found)


@pytest.fixture
def window(qtbot, qapp, tmp_path):
    made = make_window(qtbot, qapp, engine=FakeEngine, views=None)
    made.audits.open(small_audit(tmp_path / "one.segleak"))
    qtbot.waitUntil(made.audits.has_document)
    made.resize(1600, 1000)
    return made


def test_every_widget_that_takes_the_keyboard_has_a_name(qtbot, window):
    docks = window.furniture.workbench.docks
    board = window.furniture.running.board
    board.add(Entry("Export", Controls(lambda: None, lambda _: None, lambda: None), State.RUNNING))
    unnamed = nameless(window)
    for dock in docks.values():  # those behind others are shown one after the other
        dock.show()
        dock.raise_()
        qtbot.wait(20)
        unnamed |= nameless(dock)
    board.entries[0].state = State.DONE  # closing would ask
    assert not unnamed


def test_every_field_of_the_dialogs_has_a_name(qtbot, window):
    dialogs = [MapsDialog({"all images": frozenset({1})}, window), SettingsDialog(window.preferences, window)]
    for dialog in dialogs:
        dialog.show()
        assert not nameless(dialog)
        dialog.close()
        dialog.deleteLater()


def test_the_pages_before_an_audit_is_open_have_names_too(qtbot, window):
    window.audits.close()
    assert not nameless(window)
    window.registry.trigger("audit.new")
    qtbot.wait(50)
    assert not nameless(window)


def test_every_command_says_what_it_does_and_no_two_share_a_shortcut(window):
    actions = list(window.registry)
    assert all(action.title for action in actions)
    assert all(window.registry.qaction(action.id).toolTip() for action in actions)
    shortcuts = Counter(shortcut for action in actions for shortcut in action.shortcuts)
    assert [shortcut for shortcut, times in shortcuts.items() if times > 1] == []
    titles = Counter((action.menu, action.title) for action in actions if action.menu)
    assert [title for title, times in titles.items() if times > 1] == []
