"""Where jobs run in the engine: a queue and a thread for each lane. Imports no torch until a job runs."""

import os
import queue
import threading
import time
from dataclasses import dataclass

from core.audit.memory import is_out_of_memory
from core.engine import layers
from core.engine.death import GRAPHICS_BROKEN
from core.engine.events import JobCancelled, JobDone, JobEnd, JobFailed, JobPartial, JobStarted
from core.engine.failures import broken_graphics, failure
from core.engine.gate import Gate, GatedProgress, Lane
from core.engine.jobs.base import Desk, Job
from core.engine.models import Models
from core.engine.outbox import Outbox, Reporter
from core.errors import Cancelled


@dataclass(frozen=True)
class _Task:
    number: int
    job: Job
    progress: GatedProgress


class Lanes:
    """Runs one job at a time in each lane; those of a lower lane overtake the others (see `core.engine.gate`).

    Attributes
    ----------
    gate
        Where jobs are paused.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.gate = Gate()
        self._outbox = outbox
        self._models = Models()
        self._open = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[int, _Task] = {}
        self._at_work: dict[int, _Task] = {}
        self._queues: dict[Lane, queue.SimpleQueue[_Task]] = {lane: queue.SimpleQueue() for lane in Lane}
        for lane in Lane:
            threading.Thread(target=self._work, args=(lane,), name=f"lane-{lane.name.lower()}", daemon=True).start()

    def open(self) -> None:
        """Let jobs begin."""
        self._open.set()

    def submit(self, number: int, job: Job) -> None:
        """Put a job at the end of its lane."""
        task = _Task(number, job, GatedProgress(number, job.lane, self.gate, Reporter(number, self._outbox)))
        with self._lock:
            self._waiting[number] = task
        self._queues[job.lane].put(task)

    def cancel(self, number: int) -> None:
        """Stop a job at its next step, or forget it at once where it waits."""
        with self._lock:
            forgotten, working = self._waiting.pop(number, None), self._at_work.get(number)
        if forgotten is not None:
            self._outbox.send(JobCancelled(number))
        elif working is not None:
            working.progress.cancel()

    def stop(self, patience: float) -> None:
        """Stop every job; returns when none is at work, or after `patience` seconds."""
        with self._lock:
            self._waiting.clear()
            working = list(self._at_work.values())
        for task in working:
            task.progress.cancel()
        deadline = time.monotonic() + patience
        while self._at_work and time.monotonic() < deadline:
            time.sleep(0.01)

    # ------------------------------------------------------------ in a lane's thread

    def _work(self, lane: Lane) -> None:
        self._open.wait()
        while True:
            task = self._queues[lane].get()
            with self._lock:
                if self._waiting.pop(task.number, None) is None:
                    continue
                self._at_work[task.number] = task
            with self.gate.at_work(task.number, lane):
                ending = self._done(task)
            with self._lock:
                del self._at_work[task.number]
            self._end(ending)

    def _done(self, task: _Task) -> JobEnd:
        """Run a job; whatever it raises becomes its end, because the process serves others after it."""
        number = task.number
        desk = Desk(task.progress, self._models, lambda value: self._outbox.send(JobPartial(number, value)))
        try:
            task.progress.check()
            self._outbox.send(JobStarted(number))
            with layers.checked(task.progress.check_layer):
                return JobDone(number, task.job.run(desk))
        except Cancelled:
            return JobCancelled(number)
        except BaseException as error:
            if broken_graphics(error):
                self._outbox.send(failure(number, task.job, error))
                os._exit(GRAPHICS_BROKEN)
            ending, no_memory = failure(number, task.job, error), is_out_of_memory(error)
        if no_memory:  # now that the error is gone: its frames hold what ran out
            self._models.clear()
        return ending

    def _end(self, ending: JobEnd) -> None:
        try:
            self._outbox.send(ending)
        except OSError as error:  # no room for its arrays
            self._outbox.send(JobFailed(ending.job, f"The result cannot be handed over ({error}).", "Make room."))
