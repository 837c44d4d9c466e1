"""Everything in the window can be reached and used with the keyboard alone."""

import re
from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget

from gui.tab_order import stops
from tests.gui.keyboard.helpers import SOON, missed, press, walk


def test_tab_reaches_everything_in_the_window_whatever_panel_is_in_front(qtbot, window):
    assert not missed(qtbot, window)
    for name, dock in window.furniture.workbench.docks.items():
        dock.raise_()
        qtbot.wait(60)
        assert not missed(qtbot, window), f"with {name} in front"


def test_shift_tab_goes_the_same_way_back(qtbot, window):
    forward = walk(qtbot, window)
    back = walk(qtbot, window, Qt.KeyboardModifier.ShiftModifier)
    start = back.index(forward[0])
    assert [*back[start:], *back[:start]] == [forward[0], *reversed(forward[1:])]


def test_tab_goes_through_the_panels_as_they_stand_from_left_to_right_and_down(qtbot, window):
    docks, centre = window.furniture.workbench.docks, window.furniture.workbench.centre
    parts = {"images": docks["images"], "panes": centre, "defenses": docks["defenses"], "numbers": docks["numbers"]}

    def part_of(stop):
        return next((name for name, part in parts.items() if part.isAncestorOf(stop)), "")

    names = [part_of(stop) for stop in stops(window)]
    order = [name for name, before in zip(names, ["", *names], strict=False) if name and name != before]
    assert order == ["images", "panes", "defenses", "numbers"]


def test_f6_goes_from_panel_to_panel_and_round(qtbot, window):
    docks = window.furniture.workbench.docks
    parts = [docks["images"], window.furniture.workbench.centre, docks["defenses"], docks["numbers"]]
    stops(docks["images"])[0].setFocus()
    for part in [*parts[1:], *parts]:
        press(qtbot, Qt.Key.Key_F6)
        assert part.isAncestorOf(QApplication.focusWidget())
    press(qtbot, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert parts[-2].isAncestorOf(QApplication.focusWidget())


def test_the_key_of_a_panel_brings_it_up_with_the_keyboard_and_then_hides_it(qtbot, window):
    roc = window.furniture.workbench.docks["roc"]
    assert not roc.isHidden() and roc.visibleRegion().isEmpty()
    window.registry.trigger("panel.roc")
    qtbot.waitUntil(lambda: not roc.visibleRegion().isEmpty(), timeout=SOON)
    assert roc is QApplication.focusWidget() or roc.isAncestorOf(QApplication.focusWidget())
    window.registry.trigger("panel.roc")
    assert roc.isHidden()
    window.registry.trigger("panel.roc")
    assert not roc.isHidden()


def test_enter_presses_the_button_that_has_the_keyboard(qtbot, window):
    button = next(b for b in window.findChildren(QToolButton) if b.accessibleName() == "Hide overlay")
    button.setFocus(Qt.FocusReason.TabFocusReason)
    press(qtbot, Qt.Key.Key_Return)
    assert window.furniture.workbench.centre.look.hidden


def test_an_operating_point_is_set_moved_and_taken_away_with_keys(qtbot, window):
    window.registry.trigger("panel.roc")
    plots, selection = window.furniture.workbench.plots, window.furniture.selection
    qtbot.waitUntil(lambda: not plots.roc.empty, timeout=SOON)
    stops(window.furniture.workbench.docks["roc"])[-1].setFocus()
    assert QApplication.focusWidget() is plots.roc.chart
    press(qtbot, Qt.Key.Key_Right)
    first = selection.threshold
    press(qtbot, Qt.Key.Key_Right)
    assert first is not None and selection.threshold < first
    press(qtbot, Qt.Key.Key_Escape)
    assert selection.threshold is None


def test_no_letter_is_underlined_twice(window):
    texts = [a.text() for a in window.menuBar().actions()]
    texts += [w.text() for w in window.findChildren(QWidget) if isinstance(w, QLabel | QAbstractButton)]
    letters = Counter(m.group(1).lower() for text in texts if (m := re.search(r"&(\w)", text.replace("&&", ""))))
    assert {letter: times for letter, times in letters.items() if times > 1} == {}
