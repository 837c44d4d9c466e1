"""Short work away from the window's thread: the answer comes back into it, unless it is not wanted any more."""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThreadPool, Signal

from core.errors import SegLeakError

T = TypeVar("T")

Failed = Callable[[SegLeakError], object]


class Background(QObject):
    """Runs functions in a thread. Only the answer to the last question is given: earlier ones are stale.

    A `SegLeakError` goes to `failed`. What nobody expected is raised in the window's thread.
    """

    _ended = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._generation = 0
        self._takers: tuple[Callable[[Any], object], Failed | None] | None = None
        # What waits is kept here and not in the pool: functions cleared from a QThreadPool are never let go of.
        self._lock = Lock()
        self._waiting: tuple[int, Callable[[], object]] | None = None
        self._at_work = False
        self._ended.connect(self._arrived)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._takers is not None

    def run(self, work: Callable[[], T], done: Callable[[T], object], failed: Failed | None = None) -> None:
        """Call `work` in a thread, then `done` with what it gave, here."""
        self.forget()
        generation = self._generation
        self._takers = done, failed
        with self._lock:
            self._waiting = generation, work
            begins, self._at_work = not self._at_work, True
        if begins:
            self._pool.start(self._work)

    def forget(self) -> None:
        """The answer that is awaited is not wanted any more."""
        self._generation += 1
        self._takers = None
        with self._lock:
            self._waiting = None

    def finish(self) -> None:
        """Wait for what was begun to be done; its answer is not given any more."""
        self._pool.waitForDone()
        self.forget()

    def close(self) -> None:
        """Forget, and wait for the thread to end."""
        self.forget()
        self._pool.waitForDone()

    def _work(self) -> None:
        """In a thread: one question after the other, until none waits."""
        while (task := self._next()) is not None:
            self._answer(*task)
            del task  # what is done with is not held while the next one is looked for

    def _next(self) -> tuple[int, Callable[[], object]] | None:
        with self._lock:
            task, self._waiting = self._waiting, None
            self._at_work = task is not None
            return task

    def _answer(self, generation: int, work: Callable[[], object]) -> None:
        try:
            self._ended.emit(generation, work(), None)
        except Exception as error:  # it belongs to the window's thread
            self._ended.emit(generation, None, error)

    def _arrived(self, generation: int, value: object, error: Exception | None) -> None:
        if generation != self._generation or self._takers is None:
            return
        done, failed = self._takers
        self._takers = None
        if error is None:
            done(value)
        elif failed is not None and isinstance(error, SegLeakError):
            failed(error)
        else:
            raise error
