"""Watches an audit that is being written: opens it as soon as it can be read, and takes in what is new."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from gui.background import Background
from gui.opening import opened
from gui.selection import Selection

EVERY = 1.0
"""Seconds between two looks."""
SHARE = 20
"""A look may take one part in so many of the window's time: in an audit of 100,000 images one looks less often."""


class Following(QObject):
    """Keeps the audit in view up to date, whoever writes it.

    Parameters
    ----------
    selection
        Whose audit is kept up to date.
    """

    opened = Signal(object)
    """The `AuditDocument` of the folder that was waited for."""

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._awaited: Path | None = None
        self._background = Background(self)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(round(EVERY * 1000))

    def wait_for(self, folder: Path) -> None:
        """Open this audit as soon as a run has begun to write it."""
        self._awaited = folder

    def forget(self) -> None:
        """Nothing is waited for any more."""
        self._awaited = None
        self._background.forget()

    def look(self) -> None:
        """Take in what is new, now."""
        folder = self._awaited
        if folder is not None and not self._background.busy:
            self._background.run(lambda: opened(folder), self._arrived, lambda _: None)  # not there yet
        before = time.perf_counter()
        self._selection.refresh()
        taken = time.perf_counter() - before
        self._timer.setInterval(round(1000 * max(EVERY, SHARE * taken)))

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._background.close()

    def _arrived(self, document: object) -> None:
        self._awaited = None
        self.opened.emit(document)
