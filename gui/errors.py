"""Unexpected errors end in a dialog that can be copied, never in silence."""

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from core.errors import SegLeakError

WORDS = (
    "Something went wrong that SegLeak did not expect. Audits are written image by image, so nothing that was finished "
    "is lost. You can go on; if the window behaves oddly, start it again. The text below helps whoever mends this: it "
    "holds versions and places in the program, and may name files."
)
SHOWN = 20
"""Errors a dialog shows; a loop of errors must not fill the memory."""


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """The error with its trace and the versions."""
    from gui.about import versions_text  # looks through all that is installed: not at the start

    return "".join(traceback.format_exception(kind, error, trace)).rstrip() + "\n\n" + versions_text()


class ErrorDialog(QDialog):
    """Shows the reports of unexpected errors, all in one dialog however many they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Unexpected error")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = QLabel(WORDS)
        words.setWordWrap(True)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Reports")
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._count = 0
        layout = QVBoxLayout(self)
        layout.addWidget(words)
        layout.addWidget(self._text, stretch=1)
        layout.addWidget(self._buttons())
        metrics = self.fontMetrics()
        self.resize(metrics.averageCharWidth() * 90, metrics.lineSpacing() * 26)

    @property
    def text(self) -> str:
        """All reports."""
        return self._text.toPlainText()

    def add(self, text: str) -> None:
        """Show one more report."""
        self._count += 1
        if self._count <= SHOWN:
            self._text.appendPlainText(text if self._count == 1 else f"\n---------- {self._count}\n{text}")
        self.setWindowTitle("Unexpected error" if self._count == 1 else f"{self._count} unexpected errors")

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What happened stands first, the versions last."""
        super().showEvent(event)
        self._text.verticalScrollBar().setValue(0)

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        copy = box.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text))
        return box


class ErrorCatcher(QObject):
    """Takes over what Python does with errors that nobody caught, in any thread, until `release`.

    `expected` sends those that are `SegLeakError`s: they need a banner, not a report.
    """

    expected = Signal(object)
    _caught = Signal(str)

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._dialog: ErrorDialog | None = None
        self._before = sys.excepthook, threading.excepthook
        self._caught.connect(self._show)
        sys.excepthook = self._in_any_thread
        threading.excepthook = self._in_a_thread

    def release(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._before
        if self._dialog is not None:
            self._dialog.close()

    def _in_any_thread(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, SegLeakError):
            self.expected.emit(error)
            return
        self._before[0](kind, error, trace)  # on the terminal too
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
        else:
            self._caught.emit(report(kind, error, trace))

    def _in_a_thread(self, given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and given.exc_type is not SystemExit:
            self._in_any_thread(given.exc_type, given.exc_value, given.exc_traceback)

    def _show(self, text: str) -> None:
        """In the window's thread, also where the error was in another."""
        if self._dialog is None:
            self._dialog = ErrorDialog(QApplication.activeWindow())
            self._dialog.destroyed.connect(self._forget)
        self._dialog.add(text)
        self._dialog.show()

    def _forget(self) -> None:
        self._dialog = None
