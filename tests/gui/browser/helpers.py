from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit

from core.audit import review
from gui.browser.deciding import ReasonDialog

RIGHT_NOW = 20_000
"""Milliseconds that a busy machine may take."""


def shown(panel):
    return [panel.model.image_at(row) for row in range(panel.model.rowCount())]


def titles(panel):
    return [column.title for column in panel.model.columns]


def answer(qtbot, words, button=QDialogButtonBox.StandardButton.Ok):
    dialogs = []
    qtbot.waitUntil(lambda: dialogs.extend(_open_dialogs()) or bool(dialogs), timeout=RIGHT_NOW)
    dialog = dialogs[0]
    ok = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.findChild(QPlainTextEdit).setPlainText("   ")
    assert not ok.isEnabled()
    dialog.findChild(QPlainTextEdit).setPlainText(words)
    qtbot.mouseClick(dialog.findChild(QDialogButtonBox).button(button), Qt.MouseButton.LeftButton)


def _open_dialogs():
    app = QGuiApplication.instance()
    return [w for w in app.topLevelWidgets() if isinstance(w, ReasonDialog) and w.isVisible()]


def log_of(folder):
    return [(entry.action, entry.image, entry.why) for entry in review.read(folder)]


def run(browser, action_id):
    next(action for action in browser.actions() if action.id == action_id).callback()
