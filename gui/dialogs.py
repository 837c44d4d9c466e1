"""The window's dialogs, each made when it is asked for and gone when it is closed."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QMessageBox, QWidget


def show(dialog: QDialog) -> None:
    """Open a dialog that goes when it is closed, without stopping the window behind it."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def stop_and_close(name: str, parent: QWidget) -> bool:
    """Ask whether the window may close though an audit runs."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("An audit is running")
    box.setText(f"{name} is running. Stop it and close?")
    box.setInformativeText("What is finished is kept: the audit goes on from there when it is opened again.")
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
    box.exec()
    stopped = box.clickedButton() is stop
    box.deleteLater()
    return stopped
