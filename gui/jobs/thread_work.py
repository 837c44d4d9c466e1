"""Long work in a thread of the window's process, with a line in the list of jobs."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import Cancelled, SegLeakError
from core.progress import Progress
from gui.background import Background
from gui.jobs.board import Board
from gui.jobs.entry import Controls, Entry, State, Step

BETWEEN_MS = 100
"""Milliseconds between two reports of progress; beginnings of stages are told at once."""
UNEXPECTED = "Nobody expected this. What was there before is as it was."

Work = Callable[[Progress], Any]


class ThreadWork(QObject):
    """Does one piece of work and goes when it has ended. What nobody expected is raised in the window's thread.

    Parameters
    ----------
    title
        What it is called in the list.
    work
        Called in the thread; its progress can be cancelled.
    board
        The list of jobs.
    """

    done = Signal(object)
    """What the work gave."""
    failed = Signal(object)
    """The `SegLeakError`."""
    stopped = Signal()
    """It ended because somebody wanted that."""
    stepped = Signal(object)
    """The `Step` it is at."""
    _told = Signal(object)

    def __init__(self, title: str, work: Work, board: Board, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work, self._board = work, board
        self._progress = Progress(self._listen)
        self._latest = self._shown = Step()
        self._waits = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BETWEEN_MS)
        self._timer.timeout.connect(self._catch_up)
        self._background = Background(self)
        self.entry = Entry(title, Controls(stop=self.stop))
        self._told.connect(self._advance)

    def start(self) -> None:
        """Begin."""
        self.entry.begin()
        self._board.add(self.entry)
        self._background.run(self._run, self._ended, self._failed)

    def stop(self) -> None:
        """Stop at the next step."""
        self._progress.cancel()

    def close(self) -> None:
        """Stop, and wait for the thread; nothing is told any more."""
        self.stop()
        self._background.close()
        if self.entry.state.at_work:
            self.entry.end(State.STOPPED, "Stopped.")

    # ------------------------------------------------------------ in the thread

    def _run(self) -> list[Any] | Exception:
        """What the work gave; nothing where it was stopped; what nobody expected."""
        try:
            return [self._work(self._progress)]
        except Cancelled:
            return []
        except SegLeakError:
            raise
        except Exception as error:  # it belongs to the window's thread, which ends the line in the list first
            return error

    def _listen(self, progress: Progress) -> None:
        at = (progress.stage, progress.done, progress.total, progress.message)
        self._latest = Step(*at, progress.rate, progress.seconds_left)
        if not (progress.done and self._waits):
            self._waits = True
            self._told.emit(self._latest)

    # ------------------------------------------------------------ in the window's thread

    def _advance(self, step: Step) -> None:
        if self.entry.state.at_work:
            self._shown = step
            self.entry.advance(step)
            self._board.step(self.entry)
            self.stepped.emit(step)
            self._timer.start()

    def _catch_up(self) -> None:
        """Tell what came too soon after another report."""
        self._waits = False
        if self._latest is not self._shown:
            self._advance(self._latest)

    def _ended(self, value: list[Any] | Exception) -> None:
        if isinstance(value, Exception):
            self._failed(SegLeakError(f"{self.entry.title}: {type(value).__name__}: {value}", UNEXPECTED))
            raise value
        self._end(*((State.DONE, "Finished.") if value else (State.STOPPED, "Stopped.")))
        if value:
            self.done.emit(value[0])
        else:
            self.stopped.emit()

    def _failed(self, error: SegLeakError) -> None:
        self._end(State.FAILED, error.message, error.remedy)
        self.failed.emit(error)

    def _end(self, state: State, outcome: str, details: str = "") -> None:
        self._catch_up()
        self._timer.stop()
        self.entry.end(state, outcome, details)
        self._board.relist()
        self.deleteLater()
