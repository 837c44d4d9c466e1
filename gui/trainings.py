"""The references that the engine trains for the window: begun, followed, stopped and gone on with."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.engine import events
from core.engine.jobs import TrainReferences
from core.errors import SegLeakError
from gui.banner import Message, Offer, Severity
from gui.engine import EngineClient
from gui.hearing import hear_ours
from gui.jobs.board import Board
from gui.jobs.entry import Controls, Entry, State, Step
from gui.running import Running

TRAINING = "training"
"""Subject of banners."""
KEPT = "Stopped. References that are trained are kept."
LATER = "References that are being trained go on when they are trained into the same folder again."
HELD = "waits for the audit that runs"
SILENT_MS = 3000
"""Milliseconds without a step after which it is taken to be held, where an audit runs."""


class Trainings(QObject):
    """At most one at a time; others wait for their turn in the list of jobs. Audits go before it, in the engine.

    Parameters
    ----------
    engine
        What trains.
    running
        The audits that go first, and the list of jobs.
    device
        Gives the device to compute on.
    """

    said = Signal(object)
    """A `Message` for a banner; the audits' signal tells it too."""
    over = Signal(str)
    """The subject of banners that hold no longer; likewise."""
    trained = Signal(object, object)
    """The `TrainReferences` that has ended well, and its files."""
    changed = Signal()
    """Another one is under way, or it is at another step."""

    def __init__(
        self, engine: EngineClient, running: Running, device: Callable[[], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.engine, self.device = engine, device
        self._running, self._board = running, running.board
        self._number: int | None = None
        self._current: Entry | None = None
        self._jobs: dict[Entry, TrainReferences] = {}
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(SILENT_MS)
        self._silence.timeout.connect(self._show_held)
        hear_ours(
            lambda: self._number,
            (engine.progressed, self._progressed),
            (engine.done, self._done),
            (engine.failed, self._failed),
            (engine.cancelled, self._cancelled),
        )
        running.begun.connect(lambda _: self._show_held())
        running.ended.connect(lambda _: self._show_held())
        self._board.changed.connect(lambda entry: self.changed.emit() if entry is self._current else None)
        self._board.listed.connect(self._relisted)
        self.said.connect(running.said)
        self.over.connect(running.over)

    # ------------------------------------------------------------ what is under way

    @property
    def board(self) -> Board:
        """The list of jobs."""
        return self._board

    @property
    def current(self) -> Entry | None:
        """The line of the one that is under way."""
        return self._current

    def entry_of(self, folder: Path) -> Entry | None:
        """The line of the one that goes into a folder and has not ended."""
        lines = (entry for entry, job in self._jobs.items() if job.out == folder and not entry.state.ended)
        return next(lines, None)

    def begin(self, job: TrainReferences) -> None:
        """Train as soon as those before it have ended.

        Raises `SegLeakError` where its folder is in the list already, or no engine can be started.
        """
        if self.entry_of(job.out) is not None:
            raise SegLeakError(
                f"{job.out.name} is in the list of jobs already.", "Wait for it, or stop it in the list first."
            )
        entry = Entry(f"Training {job.count} references: {job.out.name}", later=LATER)
        entry.controls = Controls(
            lambda: self.stop(entry), lambda paused: self._pause(entry, paused), lambda: self._again(entry)
        )
        self._jobs[entry] = job
        self._board.add(entry)
        self.over.emit(TRAINING)
        if self._current is None:
            self._start(entry)
        self.changed.emit()

    def stop(self, entry: Entry) -> None:
        """Stop what is under way at its next layer; what waits goes off the list."""
        if entry is self._current and self._number is not None:
            self.engine.cancel(self._number)
        else:
            self._board.remove(entry)

    def _pause(self, entry: Entry, paused: bool) -> None:
        if entry is self._current and self._number is not None and (entry.state is State.PAUSED) != paused:
            (self.engine.pause if paused else self.engine.resume)(self._number)
            entry.hold(paused)
            self._board.relist()
            self.changed.emit()

    def _again(self, entry: Entry) -> None:
        self.begin(self._jobs[entry])
        self._board.remove(entry)

    def _start(self, entry: Entry) -> None:
        """Begin with a job. Raises `SegLeakError` where no engine can be started."""
        entry.begin()
        try:
            self._number = self.engine.submit(self._jobs[entry])
        except SegLeakError as error:
            entry.end(State.FAILED, error.message)
            self._board.relist()
            raise
        self._current = entry
        self._board.first(entry)
        self._show_held()
        self._board.relist()

    def _next(self) -> None:
        """Begin with the first that waits."""
        waiting = [entry for entry in self._board.waiting if entry in self._jobs]
        if self._current is None and waiting:
            try:
                self._start(waiting[0])
            except SegLeakError as error:  # the others would fail like it: they wait until somebody begins again
                self.said.emit(Message.of_error(error, subject=TRAINING))

    def _relisted(self) -> None:
        """Forget the jobs of entries that went off the list."""
        listed = set(self._board.entries)
        self._jobs = {entry: job for entry, job in self._jobs.items() if entry in listed}

    # ------------------------------------------------------------ what the engine says

    def _progressed(self, event: events.JobProgress) -> None:
        step = Step(event.stage, event.done, event.total, event.message, event.rate, event.seconds_left, percent=True)
        self._advance(step)
        self._silence.start()  # what was under way when an audit began may be told after that

    def _show_held(self) -> None:
        """Say that it waits where an audit runs: it takes no steps then."""
        if self._current is not None:
            self._advance(self._current.step.held(HELD if self._running.folder is not None else ""))

    def _advance(self, step: Step) -> None:
        entry = self._current
        if entry is not None:
            entry.advance(step)
            self._board.step(entry)

    def _done(self, event: events.JobDone) -> None:
        job = self._end(State.DONE, "Finished.")
        self.trained.emit(job, event.value)
        self._next()

    def _cancelled(self, event: events.JobCancelled) -> None:
        job = self._end(State.STOPPED, KEPT)
        title = f"{job.out.name}: the training was stopped. References that are trained are kept."
        offer = Offer("Go on", lambda: self.begin(job))
        self.said.emit(Message(Severity.NOTE, title, offers=(offer,), subject=TRAINING))
        self._next()

    def _failed(self, event: events.JobFailed) -> None:
        job = self._end(State.FAILED, event.message, "\n".join(filter(None, (event.remedy, event.details))))
        offers = (Offer("Go on", lambda: self.begin(job)),) if event.again is not None else ()
        title = f"{job.out.name}: {event.message}"
        self.said.emit(Message(Severity.ERROR, title, event.remedy, event.details, offers, TRAINING))
        self._next()

    def _end(self, state: State, outcome: str, details: str = "") -> TrainReferences:
        """Nothing is under way any more; returns what was."""
        entry = self._current
        assert entry is not None
        job = self._jobs[entry]
        self._current = self._number = None
        self._silence.stop()
        entry.end(state, outcome, details)
        self._board.relist()
        self.changed.emit()
        return job
