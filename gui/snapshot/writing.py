"""Writing a snapshot: long work in the list of jobs, that goes on when the dialog is closed."""

from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue

from PySide6.QtCore import QObject, Signal

from core.progress import Progress
from core.snapshot.asking import STAGE, Predictions, refusal, refused
from core.snapshot.content import Content
from gui.jobs.board import Board
from gui.jobs.entry import State
from gui.jobs.thread_work import ThreadWork
from gui.snapshot.export import Draft
from gui.snapshot.predicting import Predicting

PATIENCE = 0.1
"""Seconds that the thread waits for an answer before it looks whether it is to stop."""


class Writing(ThreadWork):
    """Has the engine asked about the images that get a page, then writes the snapshot in a thread.

    Parameters
    ----------
    draft
        The pages. They are lent: nobody else may change or close them before this has ended.
    path
        The PDF; the folder where it has no ending.
    predicting
        Asks the engine; it belongs to this from now on.
    board
        The list of jobs.

    Attributes
    ----------
    draft
        The pages as they were written.
    """

    _wanted = Signal(object)

    def __init__(
        self, draft: Draft, path: Path, predicting: Predicting, board: Board, parent: QObject | None = None
    ) -> None:
        super().__init__(f"{draft.content.spec.name}: {path.name}", self._write, board, parent)
        self.draft = draft
        self._path, self._predicting, self._left_alone = path, predicting, False
        self._heard: SimpleQueue[tuple[int, int] | None] = SimpleQueue()
        predicting.setParent(self)
        predicting.moved.connect(lambda done, total: self._heard.put((done, total)))
        predicting.ended.connect(lambda: self._heard.put(None))
        self._wanted.connect(predicting.ask)

    @property
    def known(self) -> Predictions:
        """What the target has said so far."""
        return self._predicting.known

    def leave_alone(self) -> None:
        """The draft is not wanted back: it is closed as soon as it is written."""
        self._left_alone = True

    def stop(self) -> None:
        """Stop at the next step, and have the engine let go of the question it is at."""
        super().stop()
        self._predicting.stop()

    def close(self) -> None:
        """Stop, and wait for the thread; nothing is told any more."""
        super().close()
        self.draft.close()

    def _end(self, state: State, outcome: str, details: str = "") -> None:
        super()._end(state, outcome, details)
        if self._left_alone:
            self.draft.close()

    # ------------------------------------------------------------ in the thread

    def _write(self, progress: Progress) -> Path:
        if self.draft.content.to_predict:
            known = self._predictions(self.draft.content, progress)
            self.draft = self.draft.with_predictions(known, progress)
        return self.draft.write(self._path, progress)

    def _predictions(self, content: Content, progress: Progress) -> Predictions:
        """What the engine answers, or why it is not asked."""
        if reason := refusal(content):
            return {**refused(content.to_predict, reason)}
        self._wanted.emit(content)
        while (at := self._next(progress)) is not None:
            done, total = at
            if done:
                progress.step(steps=done - progress.done)
            elif total:
                progress.start(STAGE, total)
        return self.known

    def _next(self, progress: Progress) -> tuple[int, int] | None:
        """How many of how many questions are answered; None when no more are asked."""
        while True:
            progress.check()
            try:
                return self._heard.get(timeout=PATIENCE)
            except Empty:
                continue


Begin = Callable[[Draft, Path, Predictions], Writing]
"""Begins to write a draft to a path, with what the target has said before."""
