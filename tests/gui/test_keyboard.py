"""Everything can be reached and used with the keyboard alone: in the window, the page of a new audit, the dialogs."""

import re
from collections import Counter

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.audit.doubts import Doubt
from gui.about import AboutDialog
from gui.browser.deciding import QUESTIONS, ReasonDialog
from gui.compare.canvas import Canvas
from gui.errors import ErrorDialog
from gui.evidence.overriding import OVERRIDE, OverrideDialog
from gui.exports.dialog import MapsDialog
from gui.file_field import FileField
from gui.focus_ring import FocusRing
from gui.help import HelpDialog
from gui.plots.chart import Chart
from gui.settings.dialog import SettingsDialog
from gui.tab_order import stops
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import FakeEngine, make_window
from tests.gui.test_accessible import nameless

USED = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    Canvas,
    Chart,
)
"""What a person uses, whatever its focus policy says."""
MOST = 400
SOON = 9000


def used(root):
    """What can be used with the mouse in a widget, and so must be reached with the keyboard."""
    found = [w for w in root.findChildren(QWidget) if isinstance(w, USED) and w.isVisible() and w.isEnabled()]
    return [w for w in found if not _needs_no_stop(w)]


def _needs_no_stop(widget):
    """Scroll bars, parts of fields, what a menu offers too, and all but one of the radio buttons of a group."""
    above = widget.parentWidget()
    inside = isinstance(above, QComboBox | QAbstractSpinBox | QLineEdit | QTabBar | QToolBar | QDockWidget)
    corner = isinstance(widget, QAbstractButton) and isinstance(above, QAbstractItemView)
    empty = isinstance(widget, QTabBar) and not widget.count()
    other = isinstance(widget, QRadioButton) and not widget.isChecked()
    return inside or corner or empty or other or isinstance(widget, QScrollBar | QHeaderView) or _behind(widget)


def _behind(widget):
    """A panel behind the tab of another one is visible for Qt."""
    above = widget
    while above is not None and not isinstance(above, QDockWidget):
        above = above.parentWidget()
    return above is not None and above.visibleRegion().isEmpty()


def walk(qtbot, window, modifier=Qt.KeyboardModifier.NoModifier):
    """Where Tab stops, from where the keyboard is until it comes round."""
    seen = []
    for _ in range(MOST):
        before = QApplication.focusWidget() or window
        qtbot.keyClick(before, Qt.Key.Key_Tab, modifier)
        now = QApplication.focusWidget()
        assert now is not before or len(used(window)) <= 1, f"Tab is caught in {told(before)}"
        if now in seen:
            return seen
        seen.append(now)
    raise AssertionError(f"Tab does not come round: {[told(w) for w in seen[-9:]]}")


def told(widget):
    words = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or words!r} in {type(widget.parentWidget()).__name__}"


def missed(qtbot, window):
    """What Tab does not reach."""
    reached = walk(qtbot, window)
    return Counter(told(widget) for widget in used(window) if widget not in reached)


@pytest.fixture
def window(qtbot, qapp, tmp_path):
    made = make_window(qtbot, qapp, engine=FakeEngine, views=None)
    made.resize(1600, 1000)
    made.audits.open(small_audit(tmp_path / "one.segleak"))
    qtbot.waitUntil(made.audits.has_document, timeout=SOON)
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is made, timeout=SOON)
    numbers = made.furniture.workbench.numbers
    qtbot.waitUntil(numbers.table.isVisible, timeout=SOON)
    qtbot.waitUntil(lambda: made.furniture.workbench.centre.display.frame is not None, timeout=SOON)
    qtbot.wait(50)
    return made


def press(qtbot, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(QApplication.focusWidget() or QApplication.activeWindow(), key, modifier)


# ---------------------------------------------------------------- the main window


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


# ---------------------------------------------------------------- other pages


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


# ---------------------------------------------------------------- dialogs

DOUBT = Doubt("near-duplicates", "Near-duplicates between suspects and members.", 1)
DIALOGS = {
    "settings": lambda window: SettingsDialog(window.preferences, window),
    "maps": lambda window: MapsDialog({"the image in view": frozenset({1}), "all images": frozenset({1, 2})}, window),
    "guide": HelpDialog,
    "about": AboutDialog,
    "error": ErrorDialog,
    "reason": lambda window: ReasonDialog(QUESTIONS["exclude"], "an image", window),
    "override": lambda window: OverrideDialog(OVERRIDE, DOUBT, offer_all=True, parent=window),
}


@pytest.fixture(params=DIALOGS)
def dialog(request, qtbot, window):
    made = DIALOGS[request.param](window)
    made.open()
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is made, timeout=SOON)
    yield made
    if shiboken6.isValid(made):  # some go when they are closed
        made.deleteLater()


def test_tab_reaches_everything_in_a_dialog_from_top_to_bottom(qtbot, dialog):
    if isinstance(dialog, ReasonDialog):
        dialog.findChild(QPlainTextEdit).setPlainText("because")  # until then there is nothing to press
    assert not missed(qtbot, dialog)
    assert not nameless(dialog)
    dialog.focusNextChild()
    reached = walk(qtbot, dialog)
    tops = [stop.mapTo(dialog, stop.rect().bottomLeft()).y() for stop in reached]
    first = tops.index(min(tops))
    turned = [*tops[first:], *tops[:first]]
    assert turned == sorted(turned), [told(stop) for stop in reached]


def test_escape_closes_a_dialog_and_decides_nothing(qtbot, dialog):
    with qtbot.waitSignal(dialog.rejected):
        press(qtbot, Qt.Key.Key_Escape)
    assert not shiboken6.isValid(dialog) or not dialog.isVisible()


def test_ctrl_enter_confirms_a_reason_once_there_is_one(qtbot, window):
    dialog = ReasonDialog(QUESTIONS["note"], "an image", window)
    dialog.open()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog, timeout=SOON)
    press(qtbot, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.isVisible()
    qtbot.keyClicks(dialog.findChild(QPlainTextEdit), "blurred")
    with qtbot.waitSignal(dialog.accepted):
        press(qtbot, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert dialog.words == "blurred"


def test_alt_and_down_open_the_files_of_a_field_for_one(qtbot, monkeypatch):
    field = FileField("Pictures (*.png)")
    qtbot.addWidget(field)
    asked = []
    monkeypatch.setattr(field, "choose", lambda: asked.append(True))
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert not asked
    qtbot.keyClick(field, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert asked


# ---------------------------------------------------------------- the ring


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
