"""Reads what maps say of each class away from the window's thread, and keeps it."""

from dataclasses import dataclass

from core.data.samples import Role
from gui.answers import Answers
from gui.document import AuditDocument
from gui.plots.class_maps import ClassMeans, class_means


@dataclass(frozen=True)
class Question:
    """What is asked: the mean of a map by class, under some defenses, over the images of one role."""

    document: AuditDocument
    chains: tuple[str, ...]
    attack: str
    layer: str
    role: Role


class ClassReader(Answers[tuple[object, ...], ClassMeans]):
    """Answers anew where more images are done, or others excluded."""

    most = 32  # a few kilobytes each

    def of(self, question: Question) -> ClassMeans | None:
        """The answer; None: it is not there yet, and `came` will say when it is."""
        q, document = question, question.document
        done = int((document.listing.states == "done").sum())
        key = (question, done, document.excluded)
        if key not in self._kept and (key,) != self._asked:
            self._ask((key,), lambda progress: (class_means(document, q.chains, q.attack, q.layer, q.role, progress),))
        return self._kept.get(key)
