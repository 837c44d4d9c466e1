"""A small audit in the real window, for tests of panes that follow a real engine process."""

import pytest

from core.audit.runner import RunOptions, run_audit
from core.engine.jobs import SpecTable
from core.engine.jobs.base import spec_of
from gui.settings.table import Computing, Preferences
from tests.gui.stand_ins import make_window
from tests.world import make_world

LONG_MS = 120_000
RUN = {"batch": 1, "cache_gb": 1.0, "resamples": 100, "data_check": False}


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("live"), street_like, members=1, non_members=1, suspects=1)


@pytest.fixture(scope="module")
def runner(world):
    """Makes an audit of these defenses without an engine; returns its folder."""

    def run(name, defenses):
        folder = world.folder / f"{name}.segleak"
        table = world.spec_table(defenses=defenses, run=RUN)
        run_audit(spec_of(SpecTable(table, world.folder)), folder, RunOptions(device="cpu"))
        return folder

    return run


@pytest.fixture(scope="module")
def audited(runner):
    return runner("plain", [{"name": "none"}])


@pytest.fixture
def open_window(qtbot, qapp, audited):
    """Opens the audit in a window with an engine."""

    def make(make_engine):
        preferences = Preferences(computing=Computing("cpu", 1))
        made = make_window(qtbot, qapp, preferences=preferences, engine=make_engine, views=None)
        made.audits.open(audited)
        qtbot.waitUntil(made.audits.has_document, timeout=LONG_MS)
        return made

    return make


def frame_when(qtbot, compare, holds):
    """The frame on screen once something holds of it."""

    def there():
        frame = compare.display.frame
        return frame is not None and holds(frame)

    qtbot.waitUntil(there, timeout=LONG_MS)
    return compare.display.frame


def settled(frame):
    return all(pane.judged.settled and pane.judged.prediction is not None for pane in frame.panes)


def shows(*chains):
    return lambda frame: tuple(pane.chain for pane in frame.panes) == chains and settled(frame)
