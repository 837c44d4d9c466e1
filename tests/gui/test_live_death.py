"""The panes outlive the engine: the real window, and a process that is killed."""

import multiprocessing
import os
import signal
import sys

import pytest

from core.defenses.chain import Chain
from core.engine.client import EngineState
from gui.engine import EngineClient
from tests.gui.live_world import (  # noqa: F401 - fixtures
    LONG_MS,
    audited,
    frame_when,
    open_window,
    runner,
    settled,
    shows,
    world,
)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_when_the_engine_dies_panes_wait_and_have_their_pictures_from_the_next_one(qtbot, open_window):  # noqa: F811
    before = set(multiprocessing.active_children())
    window = open_window(EngineClient)
    engine, selection, compare = window.furniture.engine, window.furniture.selection, window.furniture.workbench.centre
    frame_when(qtbot, compare, settled)
    (child,) = set(multiprocessing.active_children()) - before
    os.kill(child.pid, signal.SIGSTOP)  # whatever it is asked, it dies before it can answer
    trial = selection.add_trial(Chain.parse({"name": "gauss", "sigma": 0.7}))
    selection.chains = (trial,)
    frame_when(qtbot, compare, lambda f: f.panes[0].chain == trial and f.panes[0].shown.note.startswith("Being worked"))
    os.kill(child.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: engine.state is not EngineState.WARM, timeout=LONG_MS)
    frame_when(qtbot, compare, lambda f: "Waiting for the engine" in f.panes[0].shown.note)
    assert frame_when(qtbot, compare, shows(trial)).panes[0].overlay is not None
