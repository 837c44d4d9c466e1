"""Has the engine score trials: one at a time, and the one asked for last before all others."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.engine import events
from core.engine.jobs import Job, Rescore, Rescored
from core.errors import SegLeakError
from gui.engine import EngineClient
from gui.hearing import hear_ours
from gui.jobs.board import Board
from gui.jobs.entry import Controls, State
from gui.jobs.line import Line

Key = tuple[str, str]
"""Ids of a chain and an attack."""


class Rescoring(QObject):
    """A queue of trials to be scored; what is in the engine and not wanted any more is cancelled.

    Parameters
    ----------
    engine
        Scores.
    board
        The list of jobs, in which what is at work has a line; None: nobody looks at it.
    """

    found = Signal(object, object, object)
    """Key, `Rescored`, and the seconds until it is exact or None."""
    failed = Signal(object, str)
    """Key, and why there will be nothing."""

    def __init__(self, engine: EngineClient, board: Board | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = Line(board or Board(self), Controls(stop=self.stop), self)
        self._engine = engine
        self._waiting: dict[Key, Rescore] = {}
        self._later: dict[Key, Rescore] = {}
        self._key: Key | None = None
        self._job: Rescore | None = None
        self._number: int | None = None
        self._left: float | None = None
        self._last: Rescored | None = None
        self._tried_again = False
        hear_ours(
            lambda: self._number,
            (engine.progressed, self._progressed),
            (engine.partial, self._partial),
            (engine.done, self._done),
            (engine.failed, self._failed),
            (engine.cancelled, self._cancelled),
        )

    @property
    def wanted(self) -> set[Key]:
        """What is being scored, or waits for it."""
        return {*self._waiting, *self._later, *(() if self._key is None else (self._key,))}

    def ask(self, key: Key, job: Rescore, *, later: bool = False) -> None:
        """Score this now, unless that was asked for already; what is at work goes on afterwards from where it is.

        `later`: when nothing else is wanted.
        """
        if self._waiting.get(key) == job or (self._key == key and self._job == job):
            return
        if later:
            self._later[key] = job
            self._next()
            return
        for kept in (self._waiting, self._later):
            kept.pop(key, None)
        if self._key is not None and self._key != key and self._job is not None:
            self._waiting[self._key] = replace(self._job, begun=self._last or self._job.begun)
        self._waiting[key] = job
        self._drop()
        self._next()

    def keep_only(self, wanted: Callable[[Key], bool]) -> None:
        """Forget everything else."""
        self._waiting = {key: job for key, job in self._waiting.items() if wanted(key)}
        self._later = {key: job for key, job in self._later.items() if wanted(key)}
        if self._key is not None and not wanted(self._key):
            self._drop()
        self._next()

    def forget(self) -> None:
        """Forget everything."""
        self.keep_only(lambda _: False)

    def stop(self) -> None:
        """Stop what is at work: there will be nothing of it until it is asked for again."""
        if self._number is not None:
            self._engine.cancel(self._number)

    # ------------------------------------------------------------ asking

    def _next(self) -> None:
        queue = self._waiting or self._later
        if self._key is None and queue:
            self._key, self._job = queue.popitem()
            self._tried_again, self._left, self._last = False, None, None
            self._line.begin(f"Numbers of {self._job.chain.words}")
            self._submit(self._job)

    def _submit(self, job: Job) -> None:
        try:
            self._number = self._engine.submit(job)
        except SegLeakError as error:
            self._line.end(State.FAILED, error.message, error.remedy)
            self._fail(str(error))

    def _drop(self) -> None:
        """Whatever still comes of what is at work is not ours any more."""
        number, self._key, self._job, self._number = self._number, None, None, None
        if number is not None:
            self._line.end(State.STOPPED, "Stopped: something else is looked at.")
            self._engine.cancel(number)

    def _end(self) -> Key:
        key = self._key
        assert key is not None
        self._key = self._job = self._number = None
        return key

    # ------------------------------------------------------------ hearing

    def _progressed(self, event: events.JobProgress) -> None:
        self._left = event.seconds_left
        self._line.advance(event)

    def _partial(self, event: events.JobPartial) -> None:
        self._give(event.value)

    def _done(self, event: events.JobDone) -> None:
        self._left = None
        self._give(event.value)
        self._line.end(State.DONE, "Finished.")
        self._end()
        self._next()

    def _give(self, value: object) -> None:
        assert isinstance(value, Rescored)
        self._last = value
        self.found.emit(self._key, value, self._left)

    def _cancelled(self, event: events.JobCancelled) -> None:
        self._line.end(State.STOPPED, "Stopped.")
        self._fail("It was stopped.")

    def _failed(self, event: events.JobFailed) -> None:
        """Try again once where that may help: with less memory, or in another process where this one died."""
        if event.again is not None and not self._tried_again:
            self._tried_again = True
            self._submit(event.again)
        else:
            self._line.fail(event)
            self._fail(f"{event.message} {event.remedy}".strip())

    def _fail(self, why: str) -> None:
        self.failed.emit(self._end(), why)
        self._next()
