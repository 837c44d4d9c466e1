"""The engine's events as Qt signals, in the window's thread."""

from typing import cast

from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.engine import events
from core.engine.client import Client, EngineState
from core.engine.jobs import Job
from core.engine.process import serve
from core.engine.running import Entry


class EngineClient(QObject):
    """Runs jobs in the engine process (see `core.engine.client.Client`); every signal carries an event of its kind.

    A job's signals carry its number, which `submit` returned before any of them arrives. Each job ends with exactly one
    of `done`, `failed` and `cancelled`, also when the engine dies.

    Parameters
    ----------
    threads
        How many threads the engine may compute with; 0: one less than there are cores.
    parent
        The owner. `close` must be called before it goes.
    entry
        What the process runs, for tests.
    """

    engine_started = Signal(object)  # events.EngineStarted
    engine_warm = Signal(object)  # events.EngineWarm
    engine_died = Signal(object)  # events.EngineDied
    started = Signal(object)  # events.JobStarted
    progressed = Signal(object)  # events.JobProgress
    partial = Signal(object)  # events.JobPartial
    done = Signal(object)  # events.JobDone
    failed = Signal(object)  # events.JobFailed
    cancelled = Signal(object)  # events.JobCancelled

    _arrived = Signal(object)

    def __init__(self, threads: int = 0, parent: QObject | None = None, entry: Entry = serve) -> None:
        super().__init__(parent)
        self._signals = {
            events.EngineStarted: self.engine_started,
            events.EngineWarm: self.engine_warm,
            events.EngineDied: self.engine_died,
            events.JobStarted: self.started,
            events.JobProgress: self.progressed,
            events.JobPartial: self.partial,
            events.JobDone: self.done,
            events.JobFailed: self.failed,
            events.JobCancelled: self.cancelled,
        }
        # Events come in a thread of the client; queued, they go on in this object's.
        self._arrived.connect(self._forward, Qt.ConnectionType.QueuedConnection)
        self._client = Client(self._arrived.emit, threads, entry)

    @Slot(object)
    def _forward(self, event: object) -> None:
        self._signals[cast("type[events.Event]", type(event))].emit(event)

    @property
    def state(self) -> EngineState:
        """How far the engine is."""
        return self._client.state

    def start(self) -> None:
        """Start the engine where there is none; `engine_warm` follows. Raises `SegLeakError` where that fails."""
        self._client.start()

    def submit(self, job: Job) -> int:
        """Hand over a job; returns its number. Raises `SegLeakError` where no engine can be started."""
        return self._client.submit(job)

    def cancel(self, number: int) -> None:
        """Stop a job at its next step. Nothing happens where it has ended."""
        self._client.cancel(number)

    def pause(self, number: int) -> None:
        """Hold a job from its next step on."""
        self._client.pause(number)

    def resume(self, number: int) -> None:
        """Let a paused job go on."""
        self._client.resume(number)

    def kill(self) -> None:
        """End the engine now; its jobs end as cancelled. The next job starts another one."""
        self._client.kill()

    def close(self) -> None:
        """Stop all work and end the engine, within seconds. What has not been heard of by now never will be."""
        self._client.close()
