"""Watches an audit that is being written: opens it as soon as it can be read, and takes in what is new."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import SegLeakError
from gui.background import Background
from gui.document import AuditDocument
from gui.opening import opened
from gui.selection import Selection

EVERY = 1.0
"""Seconds between two looks."""
SHARE = 20
"""A look may take one part in so many of the time: in an audit of 100,000 images one looks less often."""


class Following(QObject):
    """Keeps the audit in view up to date, whoever writes it.

    Parameters
    ----------
    selection
        Whose audit is kept up to date.
    """

    opened = Signal(object)
    """The `AuditDocument` of the folder that was waited for."""
    missed = Signal()
    """The run has ended, and there is nothing to open."""

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._awaited: Path | None = None
        self._written = True
        self._background, self._reading = Background(self), Background(self)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(round(EVERY * 1000))

    @property
    def waits(self) -> bool:
        """Whether an audit is waited for that is not in view yet."""
        return self._awaited is not None

    def waits_for(self, folder: Path) -> bool:
        """Whether this audit is waited for."""
        return self._awaited == folder

    def wait_for(self, folder: Path) -> None:
        """Open this audit as soon as a run has listed its images."""
        self._awaited, self._written = folder, True

    def conclude(self) -> None:
        """The run has ended: what it has written comes into view, and what cannot be opened now is not waited for."""
        self._written = False
        self._background.forget()  # it began to look before the run had ended
        self.look()

    def forget(self) -> None:
        """Nothing is waited for any more."""
        self._awaited = None
        self._background.forget()

    def look(self) -> None:
        """Take in what is new: it comes a moment later, as it is read away from the window's thread."""
        folder, document = self._awaited, self._selection.document
        if folder is not None and not self._background.busy:
            self._background.run(lambda: opened(folder), self._arrived, self._not_there)
        if document is not None and not self._reading.busy:
            self._reading.run(lambda: _refreshed(document), self._read)

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._background.close()
        self._reading.close()

    def _read(self, found: tuple[AuditDocument, bool, float]) -> None:
        document, grown, taken = found
        self._timer.setInterval(round(1000 * max(EVERY, SHARE * taken)))
        if grown and document is self._selection.document:
            self._selection.grown()

    def _not_there(self, _: SegLeakError) -> None:
        if not self._written:
            self._awaited = None
            self.missed.emit()

    def _arrived(self, document: AuditDocument) -> None:
        if self._written and not document.rows:
            return  # the run is about to list them
        self._awaited = None
        self.opened.emit(document)


def _refreshed(document: AuditDocument) -> tuple[AuditDocument, bool, float]:
    """In a thread: the document, whether there was anything new, and the seconds it took."""
    before = time.perf_counter()
    grown = document.refresh()
    return document, grown, time.perf_counter() - before
