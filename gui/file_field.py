"""A field for the path of a file, which can be typed or chosen."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit

from core.files import expanded
from gui.icons import icon

CHOOSE = "Choose a file..."


class FileField(QLineEdit):
    """A line for a path with a folder at its end that opens the dialog for files.

    Parameters
    ----------
    offered
        What the dialog offers, such as "Pictures (*.png *.jpg)".
    """

    def __init__(self, offered: str) -> None:
        super().__init__()
        self._offered = offered
        self.chooser = self.addAction(icon("folder"), QLineEdit.ActionPosition.TrailingPosition)
        self.chooser.setText(CHOOSE)
        self.chooser.setToolTip(f"{CHOOSE} (Alt+Down)")
        self.chooser.triggered.connect(self.choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Alt and Down open the dialog, as they open a list."""
        if event.key() == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.choose()
        else:
            super().keyPressEvent(event)

    def choose(self) -> None:
        """Ask for a file; nothing changes where none is chosen."""
        there = expanded(self.text()).parent if self.text() else Path.home()
        chosen, _ = QFileDialog.getOpenFileName(self, CHOOSE, str(there), self._offered)
        if chosen:
            self.setText(chosen)
