"""What nobody expected ends in a dialog that says all there is to say."""

import sys
import threading

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from core.errors import StoreError
from gui.about import versions_text
from gui.errors import SHOWN, ErrorCatcher
from tests.gui.window.helpers import press


@pytest.fixture
def catcher(qapp, monkeypatch):
    printed = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: printed.append(error))
    monkeypatch.setattr(threading, "excepthook", printed.append)
    catcher = ErrorCatcher(qapp)
    catcher.printed = printed
    yield catcher
    catcher.release()
    catcher.deleteLater()


def dialogs():
    return [w for w in QApplication.topLevelWidgets() if type(w).__name__ == "ErrorDialog" and w.isVisible()]


def raise_it(error):
    try:
        raise error
    except type(error):
        sys.excepthook(*sys.exc_info())


def test_an_unexpected_error_ends_in_a_dialog_with_trace_and_versions(catcher, qtbot):
    raise_it(ValueError("no such thing"))
    (dialog,) = dialogs()
    assert "ValueError: no such thing" in dialog.text
    assert "in raise_it" in dialog.text
    assert dialog._text.verticalScrollBar().maximum() > dialog._text.verticalScrollBar().value() == 0
    assert versions_text() in dialog.text
    press(dialog, "Copy")
    assert QGuiApplication.clipboard().text() == dialog.text
    assert len(catcher.printed) == 1


def test_a_loop_of_errors_makes_one_dialog_that_does_not_grow_for_ever(catcher, qtbot):
    for number in range(SHOWN + 30):
        raise_it(ValueError(f"number {number} of many"))
    (dialog,) = dialogs()
    assert dialog.text.count("of many") == SHOWN
    assert dialog.windowTitle() == f"{SHOWN + 30} unexpected errors"


def test_after_the_dialog_was_closed_the_next_error_opens_another(catcher, qtbot):
    raise_it(ValueError("first"))
    dialogs()[0].close()
    qtbot.waitUntil(lambda: catcher._dialog is None)
    raise_it(ValueError("second"))
    assert "first" not in dialogs()[0].text


def test_an_error_in_a_thread_is_shown_too(catcher, qtbot):
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    assert "ZeroDivisionError" in dialogs()[0].text


def test_an_expected_failure_gets_no_report(catcher, heard):
    told = heard(catcher.expected)
    raise_it(StoreError("It is full.", "Make room."))
    assert [error.remedy for error in told.got] == ["Make room."]
    assert dialogs() == []
