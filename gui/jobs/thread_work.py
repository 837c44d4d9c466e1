"""Long work in a thread of the window's process, with a line in the list of jobs."""

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.errors import Cancelled, SegLeakError
from core.progress import Progress
from gui.background import Background
from gui.jobs.board import Board
from gui.jobs.entry import Controls, Entry, State, Step

BETWEEN = 0.1
"""Seconds between two reports of progress."""

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
    _stepped = Signal(object)

    def __init__(self, title: str, work: Work, board: Board, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work, self._board = work, board
        self._progress = Progress(self._listen)
        self._told = 0.0
        self._background = Background(self)
        self.entry = Entry(title, Controls(stop=self.stop))
        self._stepped.connect(self._advance)

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

    # ------------------------------------------------------------ in the thread

    def _run(self) -> list[Any]:
        """What the work gave; nothing where it was stopped."""
        try:
            return [self._work(self._progress)]
        except Cancelled:
            return []

    def _listen(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._told >= BETWEEN or progress.done in {0, progress.total}:
            self._told = now
            at = (progress.stage, progress.done, progress.total, progress.message)
            self._stepped.emit(Step(*at, progress.rate, progress.seconds_left))

    # ------------------------------------------------------------ in the window's thread

    def _advance(self, step: Step) -> None:
        if self.entry.state.at_work:
            self.entry.advance(step)
            self._board.step(self.entry)

    def _ended(self, value: list[Any]) -> None:
        self._end(*((State.DONE, "Finished.") if value else (State.STOPPED, "Stopped.")))
        if value:
            self.done.emit(value[0])

    def _failed(self, error: SegLeakError) -> None:
        self._end(State.FAILED, error.message, error.remedy)
        self.failed.emit(error)

    def _end(self, state: State, outcome: str, details: str = "") -> None:
        self.entry.end(state, outcome, details)
        self._board.relist()
        self.deleteLater()
