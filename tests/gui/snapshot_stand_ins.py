"""An engine that answers what the snapshot asks of the target, without one."""

import numpy as np
from PySide6.QtCore import QTimer

from core.engine import events
from core.engine.jobs import Observed, View
from gui.jobs.board import Board
from gui.snapshot.predicting import Predicting
from gui.snapshot.writing import Writing
from tests.gui.stand_ins import FakeEngine


class AnsweringEngine(FakeEngine):
    """Predicts class 1 at every point of every image."""

    def submit(self, job):
        number = super().submit(job)
        QTimer.singleShot(0, self, lambda: self.answer(number))
        return number

    def answer(self, number):
        """Answer the question of that number."""
        job = self.jobs[number - 1]
        classes = np.ones((64, 96), np.uint8)
        self.done.emit(events.JobDone(number, Observed(job.image, (View(job.chains[0].id, prediction=classes),))))


class SilentEngine(FakeEngine):
    """Answers nothing by itself, and forgets at once what is cancelled."""

    def cancel(self, number):
        self.calls.append(("cancel", number))


def writer(engine, board=None, device="cpu"):
    """What a dialog begins to write with, where there is no window."""
    board = board or Board()

    def begin(draft, path, known):
        made = Writing(draft, path, Predicting(engine, lambda: device, known), board)
        made.start()
        return made

    return begin
