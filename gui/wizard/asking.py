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
        engine.done.connect(self._done)
        engine.partial.connect(self._partial)
        engine.failed.connect(self._failed)
        engine.progressed.connect(self._progressed)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._number is not None

    def ask(self, job: Job) -> None:
        """Put a job to the engine in place of the one before."""
        self.forget()
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

    def _failed(self, event: events.JobFailed) -> None:
        if event.job != self._number:
            return
        self._number = None
        # A gentler job says that memory ran out, and is tried at once; the same job might fail for ever.
        if event.again is not None and event.again != self._job:
            self.ask(event.again)
        else:
            self.failed.emit(event)
