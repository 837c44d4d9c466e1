"""Keeps the summary file of an audit in step with what people decide."""

from PySide6.QtCore import QObject, QTimer, Signal

from core.audit.review import NEED_REASON, ReviewEntry
from gui.background import Background
from gui.document import AuditDocument
from gui.selection import Selection

PAUSE = 800
"""Milliseconds after the last exclusion: whoever excludes ten images computes the numbers once."""


class SummaryKeeper(QObject):
    """Computes the numbers anew after what changes them was decided, away from the window's thread.

    `failed` sends the `SegLeakError` where they cannot be written.
    """

    failed = Signal(object)

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._stale: AuditDocument | None = None
        self._background = Background(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.save)
        selection.reviewed.connect(self._reviewed)
        selection.document_changed.connect(self.save)  # of the audit that was in view before

    def save(self, _: object = None) -> None:
        """Compute and write now what has not been written yet."""
        self._timer.stop()
        document, self._stale = self._stale, None
        if document is not None:
            self._background.run(document.save_summary, lambda _: self._saved(document), self.failed.emit)

    def close(self) -> None:
        """Write what has not been written yet, and wait for it."""
        self.save()
        self._background.finish()

    def _reviewed(self, entry: ReviewEntry) -> None:
        if entry.action in NEED_REASON:  # exclusions change the numbers, overridden checks the verdicts
            self._stale = self._selection.document
            self._timer.start()

    def _saved(self, document: AuditDocument) -> None:
        if document is self._selection.document:
            self._selection.summarised.emit()
