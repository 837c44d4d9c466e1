"""Judges suspects away from the window's thread."""

from PySide6.QtCore import QObject, Signal

from core.audit.review import NEED_REASON, ReviewEntry
from core.audit.verdicts import Verdicts
from gui.background import Background
from gui.selection import Selection


class VerdictReader(QObject):
    """Follows the audit in view and what is decided about it.

    `came` says that `found` is another one; `failed` sends the `SegLeakError` of an audit that cannot be read.
    """

    came = Signal()
    failed = Signal(object)

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self._background = Background(self)
        self.found: Verdicts | None = None
        selection.document_changed.connect(self._begin_anew)
        selection.document_grew.connect(self.read)
        selection.reviewed.connect(self._reviewed)

    def read(self) -> None:
        """Judge; what was judged before is at hand and costs nothing."""
        document = self._selection.document
        if document is not None:
            self._background.run(document.judgement, self._arrived, self.failed.emit)

    def close(self) -> None:
        """Wait for what is being read."""
        self._background.close()

    def _begin_anew(self, _: object) -> None:
        self._background.forget()
        self._arrived(None)
        self.read()

    def _reviewed(self, entry: ReviewEntry) -> None:
        if entry.action in NEED_REASON:
            self.read()

    def _arrived(self, found: Verdicts | None) -> None:
        self.found = found
        self.came.emit()
