"""The question whether a model file that is a program may run."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from core.targets.trust import TrustStore
from gui.banner import Severity
from gui.wizard.parts import Box, Notice, Words, button, row_of

MEANING = (
    "Opening this file runs a program that is inside it, with your rights: it could read, change or send your files. "
    "Trust it only if you made it, or know who did. Your consent holds for exactly this file; if a single byte of it "
    "changes, you are asked again."
)


class TrustBox(Box):
    """Asks for one file at a time; takes no room while there is nothing to ask."""

    trusted = Signal(str)
    """SHA-256 of the file that somebody trusts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sha256 = self._file = ""
        self._title = Notice(Severity.WARNING)
        self._hash = Words(role="small")
        self.remember = QCheckBox("Remember this on this computer")
        self.button = button("I trust this file", self._trust)  # nothing that asks to be pressed first
        for widget in (self._title, Words(MEANING), self._hash):
            self.column.addWidget(widget)
        self.column.addLayout(row_of(self.button, self.remember))
        self.ask("", "")

    def ask(self, file: str, sha256: str) -> None:
        """Ask about a file; nothing where the hash is empty."""
        self._file, self._sha256 = file, sha256
        self._title.say(f"{Path(file).name} is a program." if sha256 else "")
        self._hash.say(f"SHA-256 {sha256}" if sha256 else "")
        self.setVisible(bool(sha256))

    def _trust(self) -> None:
        sha256 = self._sha256
        if self.remember.isChecked():
            TrustStore().trust(sha256, self._file)
        self.trusted.emit(sha256)
