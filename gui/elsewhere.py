"""Audits that another window, or a command in a terminal, is running: they can be looked at, and nothing else."""

from PySide6.QtCore import QObject, Signal

from gui.banner import Message, Severity
from gui.document import AuditDocument
from gui.running import Running
from gui.selection import Selection

TITLE = "{title} is being run by another window or command{process}."
WORDS = "What is done can be looked at here, and more comes by itself."


class Elsewhere(QObject):
    """Notices when a run of the audit in view begins and ends elsewhere.

    Attributes
    ----------
    begun, ended
        Send the `AuditDocument`.
    """

    begun = Signal(object)
    ended = Signal(object)

    def __init__(self, selection: Selection, running: Running, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection, self._running = selection, running
        self._before = False
        selection.document_changed.connect(lambda _: self._look(told=True))
        selection.document_grew.connect(self._look)

    def runs(self, document: AuditDocument | None) -> bool:
        """Whether somebody else ran an audit when it was read last."""
        writer = None if document is None else document.writer
        return document is not None and writer is not None and not self._running.is_own(document.folder, writer)

    def _look(self, *, told: bool = False) -> None:
        """Tell what is new; of an audit that has just come into view the window tells itself."""
        document = self._selection.document
        before, self._before = self._before, self.runs(document)
        if document is not None and not told and self._before is not before:
            (self.begun if self._before else self.ended).emit(document)


def run_elsewhere(title: str, writer: int | None, subject: str) -> Message:
    """What is said of an audit that somebody else runs."""
    process = f" (process {writer})" if writer else ""
    return Message(Severity.NOTE, TITLE.format(title=title, process=process), WORDS, subject=subject)
