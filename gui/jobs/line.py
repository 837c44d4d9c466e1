"""The line in the list of jobs of work that somebody else does, where it takes more than a moment."""

from PySide6.QtCore import QObject, QTimer

from core.engine import events
from gui.jobs.board import Board
from gui.jobs.entry import Controls, Entry, State, Step

MOMENT_MS = 1000
"""Milliseconds after which work is put into the list; most of what follows a slider is done by then."""


class Line(QObject):
    """One line for work that is done over and over: the last time takes the place of those before.

    Parameters
    ----------
    board
        The list of jobs.
    controls
        What can be done about the work.
    lasting
        Whether closing the window is worth a question while it goes on.
    """

    def __init__(
        self, board: Board, controls: Controls, parent: QObject | None = None, *, lasting: bool = False
    ) -> None:
        super().__init__(parent)
        self._board, self._controls, self._lasting = board, controls, lasting
        self.entry: Entry | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._put_up)

    def begin(self, title: str) -> None:
        """Work of this name has begun."""
        self.end(State.STOPPED, "Stopped.")
        if self.entry is not None:
            self._board.remove(self.entry)
        self.entry = Entry(title, self._controls, lasting=self._lasting)
        self.entry.begin()
        self._timer.start(MOMENT_MS)

    def advance(self, step: events.JobProgress | Step) -> None:
        """It is at this step."""
        if self.entry is not None and self.entry.state.at_work:
            self.entry.advance(Step(step.stage, step.done, step.total, step.message, step.rate, step.seconds_left))
            if not self._timer.isActive():
                self._board.step(self.entry)

    def end(self, state: State, outcome: str, details: str = "") -> None:
        """It has ended; nothing happens where none goes on. What took no more than a moment leaves no line."""
        if self.entry is None or not self.entry.state.at_work:
            return
        self.entry.end(state, outcome, details)
        if self._timer.isActive():
            self._timer.stop()
            self.entry = None
        else:
            self._board.relist()

    def fail(self, event: events.JobFailed) -> None:
        """The engine could not do it."""
        self.end(State.FAILED, event.message, "\n".join(part for part in (event.remedy, event.details) if part))

    def _put_up(self) -> None:
        if self.entry is not None:
            self._board.add(self.entry)
