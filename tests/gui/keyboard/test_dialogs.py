"""The dialogs, with the keyboard alone."""

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from core.audit.doubts import Doubt
from gui.about import AboutDialog
from gui.browser.deciding import QUESTIONS, ReasonDialog
from gui.compare.region_dialog import RegionDialog
from gui.errors import ErrorDialog
from gui.evidence.overriding import OVERRIDE, OverrideDialog
from gui.exports.dialog import MapsDialog
from gui.file_field import FileField
from gui.help import HelpDialog
from gui.settings.dialog import SettingsDialog
from tests.gui.keyboard.helpers import SOON, missed, press, told, walk
from tests.gui.test_accessible import nameless

DOUBT = Doubt("near-duplicates", "Near-duplicates between suspects and members.", 1)
DIALOGS = {
    "settings": lambda window: SettingsDialog(window.preferences, window),
    "maps": lambda window: MapsDialog({"the image in view": frozenset({1}), "all images": frozenset({1, 2})}, window),
    "guide": HelpDialog,
    "about": AboutDialog,
    "error": ErrorDialog,
    "reason": lambda window: ReasonDialog(QUESTIONS["exclude"], "an image", window),
    "rectangle": lambda window: RegionDialog((48, 24), (12, 6, 24, 12), window),
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
