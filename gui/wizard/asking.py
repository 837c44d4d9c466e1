"""One question at a time to the engine."""

from PySide6.QtCore import QObject, Signal

from core.engine import events
from core.engine.jobs import Job
from core.errors import SegLeakError
from gui.engine import EngineClient


class Asking(QObject):
    """Puts jobs to the engine; only the answer to the last one is given, earlier ones are cancelled.

    Parameters
    ----------
    engine
        What answers.
    """

    begun = Signal()
    """A job is with the engine."""
    forgotten = Signal()
    """The answer that was awaited is not wanted any more."""
    done = Signal(object)
    """The job's value."""
    sent = Signal(object)
    """A part of the value, ahead of it."""
    failed = Signal(object)
    """`events.JobFailed`."""
    progressed = Signal(object)
    """`events.JobProgress`."""

    def __init__(self, engine: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._number: int | None = None
        self._job: Job | None = None
        self._tried_again = False
        engine.done.connect(self._done)
        engine.partial.connect(self._partial)
        engine.failed.connect(self._failed)
        engine.cancelled.connect(self._cancelled)
        engine.progressed.connect(self._progressed)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._number is not None

    def ask(self, job: Job) -> None:
        """Put a job to the engine in place of the one before."""
        self.forget()
        self._tried_again = False
        self._submit(job)
        if self.busy:
            self.begun.emit()

    def _submit(self, job: Job) -> None:
        self._job = job
        try:
            self._number = self._engine.submit(job)
        except SegLeakError as error:
            self.failed.emit(events.JobFailed(0, error.message, error.remedy))

    def forget(self) -> None:
        """The answer that is awaited is not wanted any more."""
        number, self._number = self._number, None
        if number is not None:
            self._engine.cancel(number)
            self.forgotten.emit()

    def _done(self, event: events.JobDone) -> None:
        if event.job == self._number:
            self._number = None
            self.done.emit(event.value)

    def _partial(self, event: events.JobPartial) -> None:
        if event.job == self._number:
            self.sent.emit(event.value)

    def _progressed(self, event: events.JobProgress) -> None:
        if event.job == self._number:
            self.progressed.emit(event)

    def _cancelled(self, event: events.JobCancelled) -> None:
        if event.job == self._number:  # by somebody else: `forget` does not wait to hear of it
            self._number = None
            self.forgotten.emit()

    def _failed(self, event: events.JobFailed) -> None:
        """Try again where that may help: with less memory, or once in another process where this one died."""
        if event.job != self._number:
            return
        self._number, again = None, event.again
        if again is None or (again == self._job and self._tried_again):
            self.failed.emit(event)
        else:
            self._tried_again = again == self._job
            self._submit(again)
