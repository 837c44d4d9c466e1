"""What the window is tested with in place of the engine process and the large views."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from core.engine import events
from core.engine.client import EngineState
from gui.actions import Action
from gui.furniture import furnished
from gui.settings.table import Preferences
from gui.theme import Theme
from gui.window import Window
from gui.workbench import Views


class FakeEngine(QObject):
    """An engine that does what the test says."""

    engine_started = Signal(object)
    engine_warm = Signal(object)
    engine_died = Signal(object)
    started = Signal(object)
    progressed = Signal(object)
    partial = Signal(object)
    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal(object)

    def __init__(self, threads=0, parent=None):
        super().__init__(parent)
        self.threads, self.jobs, self.calls = threads, [], []
        self.state = EngineState.WARM

    def start(self):
        self.calls.append("start")

    def submit(self, job):
        self.jobs.append(job)
        return len(self.jobs)

    def cancel(self, number):
        self.calls.append(("cancel", number))
        self.cancelled.emit(events.JobCancelled(number))

    def pause(self, number):
        self.calls.append(("pause", number))

    def resume(self, number):
        self.calls.append(("resume", number))

    def close(self):
        self.calls.append("close")


class FakeView(QWidget):
    """A view with one command and something to remember."""

    failed = Signal(object)

    def __init__(self, name, selection, undo_stack):
        super().__init__()
        self.name, self.selection, self.undo_stack = name, selection, undo_stack
        self.kept, self.closed = {"zoom": 1.0}, False

    def actions(self):
        return [Action(f"{self.name}.act", f"Act of {self.name}", "Image", "", lambda: None)]

    def state(self):
        return self.kept

    def restore_state(self, state):
        self.kept = dict(state)

    def close_threads(self):
        self.closed = True


FAKE_VIEWS = Views(
    lambda selection, undo_stack: FakeView("browser", selection, undo_stack),
    lambda selection, undo_stack: FakeView("compare", selection, undo_stack),
)


def _stop_what_runs(window):
    """So that closing does not ask."""
    if window.audits.is_running():
        window.audits.stop()
    trainings = window.furniture.trainings
    for entry in (*trainings.board.waiting, *trainings.board.at_work):
        if entry.controls.stop is not None:
            entry.controls.stop()
    for _ in range(500):  # a real engine ends them a moment later
        if trainings.current is None:
            break
        QTest.qWait(10)
    window.furniture.exports.close()


def make_window(qtbot, qapp, *, preferences=None, engine=FakeEngine, views=FAKE_VIEWS):
    """A furnished window, shown; qtbot closes it."""
    theme = Theme(qapp)
    window = Window(preferences or Preferences(), theme)
    theme.setParent(window)
    qtbot.addWidget(window, before_close_func=_stop_what_runs)
    window.show()
    window.furnish(furnished(window, engine, views))
    return window
