"""Measures slices away from the window's thread, one question at a time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gui.answers import Answers
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


class SliceReader(Answers[Question, "Slices"]):
    """Answers with `Slices`. What failed may be asked again."""

    @property
    def asked(self) -> Question | None:
        """What is being measured."""
        return self._asked[0] if self._asked else None

    def of(self, question: Question) -> "Slices | None":
        """The answer, where it is there."""
        return self._kept.get(question)

    def ask(self, question: Question) -> None:
        """Measure; what was asked before is not wanted any more."""
        self._ask((question,), lambda p: (question.document.slices(question.chain, question.attack, p),))

    def _failed(self, error: object) -> None:
        self._asked = ()
        super()._failed(error)
        self.came.emit()
