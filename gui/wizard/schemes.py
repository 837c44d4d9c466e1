"""Chooses a class scheme: as recognised, a built-in one, or a file."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from core.data.scheme import builtin_schemes

RECOGNISED = "As the folders or the model say"
FILE = "Choose a file..."


class SchemeBox(QComboBox):
    """A list of class schemes.

    Parameters
    ----------
    scheme
        A built-in name or a file; None: as recognised.
    """

    picked = Signal(object)
    """A person chose another scheme: its name or path, or None."""

    def __init__(self, scheme: str | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Class scheme")
        self.addItem(RECOGNISED, None)
        for name in builtin_schemes():
            self.addItem(name, name)
        self.addItem(FILE, FILE)
        self._value: str | None = None
        self.set_value(scheme)
        self.activated.connect(self._activated)

    def value(self) -> str | None:
        """The scheme that is chosen."""
        return self._value

    def set_value(self, scheme: str | None) -> None:
        """Show a scheme; a file is added to the list."""
        self._value = scheme
        if scheme is not None and self.findData(scheme) < 0:
            self.insertItem(self.count() - 1, Path(scheme).name, scheme)
        self.setCurrentIndex(0 if scheme is None else self.findData(scheme))

    def _activated(self, index: int) -> None:
        chosen = self.itemData(index)
        if chosen == FILE:
            chosen, _ = QFileDialog.getOpenFileName(self, "Choose a class scheme", "", "Class schemes (*.toml *.json)")
            if not chosen:
                self.set_value(self._value)
                return
        if chosen != self._value:
            self.set_value(chosen)
            self.picked.emit(chosen)
