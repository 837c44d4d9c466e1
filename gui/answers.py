"""Answers that take time: found in a thread, one question after the other, and kept while their audit is in view."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from core.progress import Progress
from gui.background import Background

Q = TypeVar("Q")
A = TypeVar("A")


class Answers(QObject, Generic[Q, A]):
    """What was asked and answered so far. A question that comes before the last one is answered takes its place.

    Attributes
    ----------
    came
        Answers are there that were not.
    progressed
        Sends how many steps are done, of how many.
    failed
        Sends the `SegLeakError`. What was asked stays asked, so that the same failure is not told again at each look.
    most
        How many answers are kept, the newest ones; None: all.
    """

    came = Signal()
    progressed = Signal(int, int)
    failed = Signal(object)
    most: ClassVar[int | None] = None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._kept: dict[Q, A] = {}
        self._asked: tuple[Q, ...] = ()
        self._progress = Progress()

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._background.busy

    def forget(self) -> None:
        """Stop what is being worked out: it is not wanted any more."""
        self._progress.cancel()
        self._background.forget()
        self._asked = ()

    def clear(self, _: object = None) -> None:
        """Forget everything: another audit is in view."""
        self.forget()
        self._kept.clear()

    def close(self) -> None:
        """Stop, and wait for the thread to end."""
        self.clear()
        self._background.close()

    def _ask(self, questions: tuple[Q, ...], work: Callable[[Progress], Sequence[A]]) -> None:
        """Call `work` in a thread: it gives an answer to each question, and stops when its progress is cancelled."""
        self.forget()
        progress = Progress(self._tell)
        self._asked, self._progress = questions, progress
        self._background.run(lambda: work(progress), lambda found: self._arrived(questions, found), self._failed)

    def _tell(self, progress: Progress) -> None:
        """In the thread."""
        if not progress.cancelled:
            self.progressed.emit(progress.done, progress.total)

    def _arrived(self, questions: tuple[Q, ...], found: Sequence[A]) -> None:
        self._asked = ()
        self._kept.update(zip(questions, found, strict=True))
        while self.most is not None and len(self._kept) > self.most:
            self._kept.pop(next(iter(self._kept)))
        self.came.emit()

    def _failed(self, error: object) -> None:
        self.failed.emit(error)
