import pytest

from gui.jobs.panel import JobsPanel
from gui.running import Running
from gui.status import StatusLine
from tests.gui.stand_ins import FakeEngine


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def running(qtbot, engine):
    status = StatusLine()
    qtbot.addWidget(status)
    made = Running(engine, status)
    yield made
    made.close()


@pytest.fixture
def panel(qtbot, running):
    made = JobsPanel(running.board)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    return made
