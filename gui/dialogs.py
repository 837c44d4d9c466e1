"""The window's dialogs, each made when it is asked for and gone when it is closed."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QMessageBox, QWidget

if TYPE_CHECKING:
    from gui.jobs.board import Board


def show(dialog: QDialog) -> None:
    """Open a dialog that goes when it is closed, without stopping the window behind it."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def stop_and_close(board: "Board", parent: QWidget) -> bool:
    """Whether the window may close: asks where work runs."""
    if not any(entry.lasting for entry in board.at_work):
        return True
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Work is running")
    box.setText(question(board))
    box.setInformativeText(promise(board))
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)  # nothing is stopped by a key that was meant for something else
    box.setEscapeButton(keep)
    box.exec()
    stopped = box.clickedButton() is stop
    box.deleteLater()
    return stopped


def promise(board: "Board") -> str:
    """What becomes of the work."""
    later = dict.fromkeys(entry.later for entry in board.entries if entry.later and not entry.state.ended)
    return " ".join(["What is finished is kept. Audits that have not ended are offered at the next start.", *later])


def question(board: "Board") -> str:
    """What is asked, with what runs by name and what waits by number."""
    running = [entry.title for entry in board.at_work if entry.lasting]
    waiting = len(board.waiting)
    wait = f", and {waiting} more {'waits' if waiting == 1 else 'wait'}" if waiting else ""
    return f"{', '.join(running)} {'is' if len(running) == 1 else 'are'} running{wait}. Stop and close?"
