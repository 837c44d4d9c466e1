"""The window's side of the engine: submits jobs, hears of them, and outlives the process. Imports no torch."""

import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

from core.engine.commands import Cancel, Close, Command, Pause, Resume, Submit
from core.engine.events import (
    Death,
    EngineDied,
    EngineWarm,
    Event,
    JobCancelled,
    JobEnd,
    JobFailed,
)
from core.engine.exchange import ExchangeFolder
from core.engine.jobs.base import Job
from core.engine.process import serve
from core.engine.running import Entry, RunningEngine
from core.errors import SegLeakError

PATIENCE = 2.0
"""Seconds an engine gets to end by itself."""

LOST = "It can be tried again; what was finished is kept."

log = logging.getLogger(__name__)


class EngineState(StrEnum):
    """How far the engine is."""

    OFF = "off"
    STARTING = "starting"
    WARM = "warm"


@dataclass
class _Shift:
    """One process and the jobs it has not ended yet."""

    engine: RunningEngine
    jobs: dict[int, Job] = field(default_factory=dict)
    unwanted: set[int] = field(default_factory=set)
    warm: bool = False


class Client:
    """Runs jobs in an engine process, which it starts when it is needed. Used from several threads.

    Parameters
    ----------
    listener
        Called with every event, in a thread of the client: it should hand the event on and return.
    threads
        How many threads the engine may compute with; 0: one less than there are cores.
    entry
        What the process runs, for tests.

    Raises
    ------
    OSError
        Where the cache folder cannot be written to.
    """

    def __init__(self, listener: Callable[[Event], None], threads: int = 0, entry: Entry = serve) -> None:
        self._listener, self._threads, self._entry = listener, threads, entry
        self._exchange = ExchangeFolder()
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._shift: _Shift | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def state(self) -> EngineState:
        """How far the engine is."""
        shift = self._shift
        if shift is None:
            return EngineState.OFF
        return EngineState.WARM if shift.warm else EngineState.STARTING

    def start(self) -> None:
        """Start the process where there is none; `EngineWarm` follows. Raises `SegLeakError` where that fails."""
        with self._lock:
            self._running()

    def submit(self, job: Job) -> int:
        """Hand over a job; returns its number, which its events carry. Raises `SegLeakError` as `start`."""
        with self._lock:
            shift = self._running()
            number = next(self._numbers)
            shift.jobs[number] = job
            shift.engine.send(Submit(number, job))
        return number

    def cancel(self, number: int) -> None:
        """Stop a job at its next step. Nothing happens where it has ended."""
        with self._lock:
            if self._shift is not None and number in self._shift.jobs:
                self._shift.unwanted.add(number)
                self._shift.engine.send(Cancel(number))

    def pause(self, number: int) -> None:
        """Hold a job from its next step on."""
        self._send(Pause(number))

    def resume(self, number: int) -> None:
        """Let a paused job go on."""
        self._send(Resume(number))

    def kill(self) -> None:
        """End the process now; its jobs end as cancelled. The next job starts another process."""
        with self._lock:
            if self._shift is not None:
                self._shift.unwanted |= self._shift.jobs.keys()
                self._shift.engine.kill()

    def close(self, patience: float = PATIENCE) -> None:
        """Stop all work and end the process, by force after `patience` seconds. All files of the exchange go."""
        with self._lock:
            if self._closed:
                return
            self._closed, shift = True, self._shift
            if shift is not None:
                shift.unwanted |= shift.jobs.keys()
        if shift is not None:
            shift.engine.leave(Close(), patience)
        self._exchange.close()

    def _send(self, command: Command) -> None:
        with self._lock:
            if self._shift is not None:
                self._shift.engine.send(command)

    def _running(self) -> _Shift:
        if self._closed:
            raise SegLeakError("The engine has been closed.")
        if self._shift is None:
            engine = RunningEngine(self._entry, self._exchange.path, self._threads, self._received, self._ended)
            self._shift = _Shift(engine)
            engine.listen()
        return self._shift

    # ------------------------------------------------------------ in the reading thread

    def _received(self, event: Event) -> None:
        with self._lock:
            shift = self._shift
            if shift is not None and isinstance(event, EngineWarm):
                shift.warm = True
            if shift is not None and isinstance(event, JobEnd):
                shift.jobs.pop(event.job, None)
        self._tell(event)

    def _ended(self, death: EngineDied) -> None:
        """Report the death, then an ending for each job that it has left."""
        with self._lock:
            shift, self._shift = self._shift, None
            self._exchange.clear()
            # Inside the lock, so that nothing of the next process is told before.
            self._tell(death)
            if shift is not None:
                for number, job in shift.jobs.items():
                    self._tell(_ending(number, job, death, wanted=number not in shift.unwanted))

    def _tell(self, event: Event) -> None:
        try:
            self._listener(event)
        except Exception:  # whatever a listener does, the next event is for it too
            log.exception("a listener failed on %s", type(event).__name__)


def _ending(number: int, job: Job, death: EngineDied, *, wanted: bool) -> JobCancelled | JobFailed:
    if not wanted:
        return JobCancelled(number)
    if death.reason is Death.OUT_OF_MEMORY:
        gentler = job.gentler()
        words = gentler.words if gentler else "Nothing gentler is left to try."
        return JobFailed(number, death.message, words, death.details, gentler.job if gentler else None)
    return JobFailed(number, death.message, LOST, death.details, job)
