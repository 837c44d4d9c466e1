"""Reads what maps say of each class away from the window's thread, and keeps it."""

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from core.data.samples import Role
from core.errors import Cancelled
from gui.background import Background
from gui.document import AuditDocument
from gui.plots.class_maps import ClassMeans, class_means

MOST_KEPT = 32
"""Answers that are kept: a few kilobytes each."""


@dataclass(frozen=True)
class Question:
    """What is asked: the mean of a map by class, under some defenses, over the images of one role."""

    document: AuditDocument
    chains: tuple[str, ...]
    attack: str
    layer: str
    role: Role


class ClassReader(QObject):
    """Answers one question at a time; an earlier one that is not answered yet is dropped.

    Attributes
    ----------
    came
        The answer is there.
    progressed
        Sends how many images were read, of how many.
    failed
        Sends the `SegLeakError` where results cannot be read.
    """

    came = Signal()
    progressed = Signal(int, int)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._kept: dict[tuple[object, ...], ClassMeans] = {}
        self._asked: tuple[object, ...] = ()
        self._stop = threading.Event()

    def of(self, question: Question) -> ClassMeans | None:
        """The answer; None: it is not there yet, and `came` will say when it is."""
        document = question.document
        done = int((document.listing.states == "done").sum())
        key = (question, done, document.excluded)
        if key in self._kept:
            return self._kept[key]
        if key != self._asked:
            self._ask(question, key)
        return None

    def clear(self, _: object = None) -> None:
        """Forget everything: another audit is in view."""
        self.forget()
        self._kept.clear()

    def forget(self) -> None:
        """What was asked is not wanted any more."""
        self._stop.set()
        self._background.forget()
        self._asked = ()

    def close(self) -> None:
        """Wait for the thread to end."""
        self.clear()
        self._background.close()

    def _ask(self, question: Question, key: tuple[object, ...]) -> None:
        self.forget()
        self._asked, self._stop = key, threading.Event()
        stop = self._stop

        def step(done: int, of: int) -> bool:
            if not stop.is_set():
                self.progressed.emit(done, of)
            return stop.is_set()

        def work() -> ClassMeans | None:
            q = question
            try:
                return class_means(q.document, q.chains, q.attack, q.layer, q.role, step)
            except Cancelled:
                return None

        self._background.run(work, lambda found: self._arrived(key, found), self.failed.emit)

    def _arrived(self, key: tuple[object, ...], found: ClassMeans | None) -> None:
        if found is not None:
            while len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = found
            self._asked = ()
            self.came.emit()
