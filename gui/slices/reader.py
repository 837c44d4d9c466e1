"""Measures slices away from the window's thread, one question at a time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.errors import Cancelled
from core.progress import Progress
from gui.background import Background
from gui.document import AuditDocument

if TYPE_CHECKING:
    from core.audit.slices import Slices


@dataclass(frozen=True)
class Question:
    """What is cut into parts. Excluded images are left out."""

    document: AuditDocument
    chain: str
    attack: str
    excluded: frozenset[int]


class SliceReader(QObject):
    """Answers with `Slices`, and keeps the answers of the audit in view.

    `came` says that an answer is there, `progressed` sends how many of how many images were read, `failed` a
    `SegLeakError`.
    """

    came = Signal()
    progressed = Signal(int, int)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._kept: dict[Question, Slices] = {}
        self._progress = Progress()
        self.asked: Question | None = None

    def of(self, question: Question) -> "Slices | None":
        """The answer, where it is there."""
        return self._kept.get(question)

    def ask(self, question: Question) -> None:
        """Measure; what was asked before is not wanted any more."""
        self.forget()
        progress = Progress(lambda p: self.progressed.emit(p.done, p.total))
        self.asked, self._progress = question, progress

        def work() -> "Slices | None":
            try:
                return question.document.slices(question.chain, question.attack, progress)
            except Cancelled:
                return None

        self._background.run(work, lambda found: self._arrived(question, found), self._failed)

    def forget(self) -> None:
        """Stop what is being measured."""
        self._progress.cancel()
        self._background.forget()
        self.asked = None

    def clear(self, _: object = None) -> None:
        """Forget everything: another audit is in view."""
        self.forget()
        self._kept.clear()

    def close(self) -> None:
        """Stop, and wait for the thread to end."""
        self.clear()
        self._background.close()

    def _arrived(self, question: Question, found: "Slices | None") -> None:
        self.asked = None
        if found is not None:
            self._kept[question] = found
        self.came.emit()

    def _failed(self, error: object) -> None:
        self.asked = None
        self.failed.emit(error)
        self.came.emit()
