"""The audit that the engine runs for the window: begun, followed, stopped, and tried again where that helps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.engine import events
from core.engine.jobs import RunAudit
from core.errors import SegLeakError
from gui.banner import Message, Offer, Severity
from gui.engine import EngineClient
from gui.status import StatusLine

ENGINE, RUN = "engine", "run"
"""Subjects of banners."""


class Running(QObject):
    """At most one audit at a time; a second one has to wait until the first has ended.

    Parameters
    ----------
    engine
        What computes.
    status
        Where its state and the audit's progress are shown.
    """

    said = Signal(object)
    """A `Message` for a banner."""
    over = Signal(str)
    """The subject of banners that hold no longer."""
    begun = Signal(object)
    """Path of the audit folder that is being written."""
    ended = Signal(object)
    """Path of the audit folder, whether the audit is finished or not."""

    def __init__(self, engine: EngineClient, status: StatusLine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._status = engine, status
        self._number: int | None = None
        self._job: RunAudit | None = None
        engine.engine_started.connect(self._engine_started)
        engine.engine_warm.connect(self._engine_warm)
        engine.engine_died.connect(self._engine_died)
        for signal, hear in (
            (engine.progressed, self._progressed),
            (engine.done, self._done),
            (engine.failed, self._failed),
            (engine.cancelled, self._cancelled),
        ):
            signal.connect(self._if_ours(hear))
        status.cancelled.connect(self.cancel)
        status.paused.connect(self.pause)

    @property
    def folder(self) -> Path | None:
        """The audit folder being written, or None."""
        return None if self._job is None else self._job.folder

    @property
    def title(self) -> str:
        """What the audit that runs is called."""
        return "" if self._job is None else self._job.folder.stem

    def begin(self, job: RunAudit) -> None:
        """Run an audit, or go on with it. Raises `SegLeakError` where another one runs, or no engine can be started."""
        if self._job is not None:
            raise SegLeakError("Another audit is running.", "Wait for it, or stop it first.")
        self._number = self._engine.submit(job)
        self._job = job
        self._status.show_job("Waiting for the engine", 0, 0, None)
        self.over.emit(RUN)
        self.begun.emit(job.folder)

    def cancel(self) -> None:
        """Stop the audit at its next image; what is finished is kept."""
        if self._number is not None:
            self._engine.cancel(self._number)

    def pause(self, paused: bool) -> None:
        """Hold the audit, or let it go on."""
        if self._number is not None:
            (self._engine.pause if paused else self._engine.resume)(self._number)

    # ------------------------------------------------------------ what the engine says of itself

    def _engine_started(self, event: events.EngineStarted) -> None:
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

    def _if_ours(self, hear: Callable[[Any], None]) -> Callable[[events.JobEvent], None]:
        def check(event: events.JobEvent) -> None:
            if event.job == self._number:
                hear(event)

        return check

    def _progressed(self, event: events.JobProgress) -> None:
        self._status.show_job(event.stage, event.done, event.total, event.seconds_left, event.message)

    def _done(self, event: events.JobDone) -> None:
        job = self._end()
        self.said.emit(Message(Severity.SUCCESS, f"{job.folder.stem}: the audit is finished.", subject=RUN))

    def _cancelled(self, event: events.JobCancelled) -> None:
        job = self._end()
        again = Offer("Go on", lambda: self.begin(job))
        title = f"{job.folder.stem}: stopped. What is finished is kept."
        self.said.emit(Message(Severity.NOTE, title, offers=(again,), subject=RUN))

    def _failed(self, event: events.JobFailed) -> None:
        job = self._end()
        again = event.again
        # A gentler job says that memory ran out, and is tried at once; the same job might fail for ever.
        gentler = isinstance(again, RunAudit) and again != job
        offers = () if gentler else self._offers(event, job)
        severity = Severity.WARNING if gentler else Severity.ERROR
        self.said.emit(Message(severity, event.message, event.remedy, event.details, offers, ENGINE))
        if gentler and isinstance(again, RunAudit):
            self.begin(again)

    def _offers(self, event: events.JobFailed, job: RunAudit) -> tuple[Offer, ...]:
        if event.trust:
            trusting = replace(job, trusted=job.trusted | {event.trust})
            return (Offer("I trust this file", lambda: self.begin(trusting)),)
        return (Offer("Go on", lambda: self.begin(job)),) if event.again is not None else ()

    def _end(self) -> RunAudit:
        """Nothing runs any more; returns what ran."""
        job = self._job
        assert job is not None
        self._job = self._number = None
        self._status.end_job()
        self.ended.emit(job.folder)
        return job
