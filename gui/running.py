"""The audits that the engine runs for the window, one after another: begun, followed, stopped, and tried again."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.audit.folder import writer_of
from core.engine import events
from core.engine.jobs import RunAudit
from core.errors import SegLeakError
from gui.banner import Message, Offer, Severity
from gui.engine import EngineClient
from gui.hearing import hear_ours
from gui.jobs.board import Board
from gui.jobs.entry import Controls, Entry, State, Step
from gui.jobs.keeping import Keeping
from gui.status import StatusLine

ENGINE, RUN, QUEUE = "engine", "run", "queue"
"""Subjects of banners."""


class Running(QObject):
    """At most one audit at a time; others wait for their turn in the list of jobs.

    Parameters
    ----------
    engine
        What computes.
    status
        Where its state and the audit's progress are shown.

    Attributes
    ----------
    board
        The list of jobs, to which others may add work of their own.
    keeping
        Keeps the audits among them for the next start.
    """

    said = Signal(object)
    """A `Message` for a banner."""
    over = Signal(str)
    """The subject of banners that hold no longer."""
    begun = Signal(object)
    """Path of the audit folder that is being written."""
    ended = Signal(object)
    """Path of the audit folder, whether the audit is finished or not."""
    taken = Signal(object)
    """Path of an audit folder that was to be run, and is being run by another window or command."""

    def __init__(self, engine: EngineClient, status: StatusLine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._status = engine, status
        self._number: int | None = None
        self._current: Entry | None = None
        self._jobs: dict[Entry, RunAudit] = {}
        self._engines: set[int] = set()
        self.keeping = Keeping(self._unfinished, self.begin, self)
        self.keeping.said.connect(self.said)
        self.keeping.over.connect(self.over)
        self.board = Board(self)
        self.board.changed.connect(self._show_step)
        self.board.listed.connect(self._relisted)
        engine.engine_started.connect(self._engine_started)
        engine.engine_warm.connect(self._engine_warm)
        engine.engine_died.connect(self._engine_died)
        hear_ours(
            lambda: self._number,
            (engine.progressed, self._progressed),
            (engine.done, self._done),
            (engine.failed, self._failed),
            (engine.cancelled, self._cancelled),
        )
        status.cancelled.connect(self.cancel)
        status.paused.connect(self.pause)

    @property
    def folder(self) -> Path | None:
        """The audit folder being written, or None."""
        return None if self._current is None else self._jobs[self._current].folder

    @property
    def title(self) -> str:
        """What the audit that runs is called."""
        return "" if self._current is None else self._current.title

    def is_own(self, folder: Path, writer: int) -> bool:
        """Whether the process that writes to an audit folder is an engine of this window."""
        return writer in self._engines or folder == self.folder

    # ------------------------------------------------------------ the queue

    def begin(self, job: RunAudit) -> bool:
        """Run an audit, or go on with it, as soon as those before it have ended; False where somebody else runs it.

        Raises `SegLeakError` where it is in the queue already, or no engine can be started.
        """
        if any(known.folder == job.folder for known in self._unfinished()):
            raise SegLeakError(f"{job.folder.stem} is in the list of jobs already.", "Wait for it, or stop it first.")
        writer = writer_of(job.folder)
        if writer is not None and not self.is_own(job.folder, writer):
            self.taken.emit(job.folder)
            return False
        entry = Entry(job.folder.stem)
        entry.controls = Controls(
            lambda: self._stop(entry), lambda paused: self._pause(entry, paused), lambda: self._again(entry)
        )
        self._jobs[entry] = job
        self.board.add(entry)
        self.over.emit(RUN)
        if self._current is None:
            self._start(entry)
        else:
            entry.note(f"Waits until {self.title} has ended.")
            words = f"{entry.title} waits until {self.title} has ended."
            self.said.emit(Message(Severity.NOTE, words, "The jobs panel shows what waits.", subject=QUEUE))
        return True

    def cancel(self) -> None:
        """Stop the audit at its next image; what is finished is kept."""
        if self._number is not None:
            self._engine.cancel(self._number)

    def pause(self, paused: bool) -> None:
        """Hold the audit, or let it go on."""
        entry = self._current
        if self._number is not None and entry is not None and (entry.state is State.PAUSED) != paused:
            (self._engine.pause if paused else self._engine.resume)(self._number)
            entry.hold(paused)
            self._status.show_paused(paused)
            self.board.relist()

    def close(self) -> None:
        """What happens from now on is not kept; wait until what happened is."""
        self.board.close()
        self.keeping.close()

    def _unfinished(self) -> list[RunAudit]:
        """What runs and what waits, in this order."""
        return [self._jobs[entry] for entry in self.board.entries if entry in self._jobs and not entry.state.ended]

    def _start(self, entry: Entry) -> None:
        """Begin with a job. Raises `SegLeakError` where no engine can be started."""
        job = self._jobs[entry]
        entry.begin()
        try:
            self._number = self._engine.submit(job)
        except SegLeakError as error:
            entry.end(State.FAILED, error.message)
            self.board.relist()
            raise
        self._current = entry
        self.board.first(entry)
        self._show_step(entry)
        self.over.emit(QUEUE)
        self.board.relist()
        self.begun.emit(job.folder)

    def _next(self) -> None:
        """Begin with the first that waits, where nothing runs."""
        waiting = [entry for entry in self.board.waiting if entry in self._jobs]
        if self._current is None and waiting:
            try:
                self._start(waiting[0])
            except SegLeakError as error:  # the others would fail like it: they wait until somebody begins again
                self.said.emit(Message.of_error(error, subject=ENGINE))

    def _stop(self, entry: Entry) -> None:
        """Stop what runs; what waits goes off the list."""
        if entry is self._current:
            self.cancel()
        else:
            self.board.remove(entry)

    def _pause(self, entry: Entry, paused: bool) -> None:
        if entry is self._current:
            self.pause(paused)

    def _again(self, entry: Entry) -> None:
        """Begin once more with what has not ended well. Raises `SegLeakError` as `begin`."""
        self.begin(self._jobs[entry])
        self.board.remove(entry)

    def _relisted(self) -> None:
        """Keep the queue, and forget the jobs of entries that went off the list."""
        if not self.board.waiting:
            self.over.emit(QUEUE)
        listed = set(self.board.entries)
        self._jobs = {entry: job for entry, job in self._jobs.items() if entry in listed}
        self.keeping.keep()

    # ------------------------------------------------------------ what the engine says of itself

    def _engine_started(self, event: events.EngineStarted) -> None:
        self._engines.add(event.process)
        self._status.show_engine("starting", "Engine starting", "Loads what it computes with.")

    def _engine_warm(self, event: events.EngineWarm) -> None:
        versions = "\n".join(f"{name} {version}" for name, version in event.versions.items())
        self._status.show_engine("warm", f"Engine ready on {event.describe}", versions)
        self.over.emit(ENGINE)

    def _engine_died(self, event: events.EngineDied) -> None:
        self._status.show_engine("off", "Engine off", "It is started again when it is needed.")
        if event.reason is not events.Death.CLOSED:
            self.said.emit(Message(Severity.WARNING, event.message, event.remedy, event.details, subject=ENGINE))

    # ------------------------------------------------------------ what it says of the audit

    def _progressed(self, event: events.JobProgress) -> None:
        entry = self._current
        assert entry is not None
        entry.advance(Step(event.stage, event.done, event.total, event.message, event.rate, event.seconds_left))
        self.board.step(entry)

    def _show_step(self, entry: Entry) -> None:
        if entry is self._current:
            step = entry.step
            self._status.show_job(step.count, step.done, step.total, step.seconds_left, step.message)

    def _done(self, event: events.JobDone) -> None:
        job = self._end(State.DONE, "Finished.")
        self.said.emit(Message(Severity.SUCCESS, f"{job.folder.stem}: the audit is finished.", subject=RUN))
        self._next()

    def _cancelled(self, event: events.JobCancelled) -> None:
        job = self._end(State.STOPPED, "Stopped. What is finished is kept.")
        again = Offer("Go on", lambda: self.begin(job))
        title = f"{job.folder.stem}: stopped. What is finished is kept."
        self.said.emit(Message(Severity.NOTE, title, offers=(again,), subject=RUN))
        self._next()

    def _failed(self, event: events.JobFailed) -> None:
        entry = self._current
        assert entry is not None
        details = "\n".join(part for part in (event.remedy, event.details) if part)
        job, again = self._end(State.FAILED, event.message, details), event.again
        # A gentler job says that memory ran out, and is tried at once; the same job might fail for ever.
        gentler = again if isinstance(again, RunAudit) and again != job else None
        offers = self._offers(event, job) if gentler is None else ()
        severity = Severity.ERROR if gentler is None else Severity.WARNING
        title = f"{job.folder.stem}: {event.message}"
        self.said.emit(Message(severity, title, event.remedy, event.details, offers, ENGINE))
        if gentler is not None:
            self._jobs[entry], entry.state = gentler, State.WAITING
            self.board.first(entry)
        self._next()

    def _offers(self, event: events.JobFailed, job: RunAudit) -> tuple[Offer, ...]:
        if event.trust:
            trusting = replace(job, trusted=job.trusted | {event.trust})
            return (Offer("I trust this file", lambda: self.begin(trusting)),)
        return (Offer("Go on", lambda: self.begin(job)),) if event.again is not None else ()

    def _end(self, state: State, outcome: str, details: str = "") -> RunAudit:
        """Nothing runs any more; returns what ran."""
        entry = self._current
        assert entry is not None
        job = self._jobs[entry]
        self._current = self._number = None
        entry.end(state, outcome, details)
        self._status.end_job()
        self.board.relist()
        self.ended.emit(job.folder)
        return job
