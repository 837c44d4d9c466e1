"""The engine is killed while it scores a trial and while it looks at a new audit: the window goes on by itself."""

import multiprocessing
import os
import signal
import sys

import pytest

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.data.samples import Role
from core.defenses.chain import Chain
from gui.engine import EngineClient
from gui.settings.table import Computing, Preferences
from tests.gui.stand_ins import make_window
from tests.world import make_world

LONG_MS = 120_000
RUN = {"batch": 2, "cache_gb": 1.0, "resamples": 100, "data_check": False}
TRIAL = Chain.parse({"name": "temperature", "T": 2.5})

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("deaths"), street_like, members=2, non_members=2, suspects=1)


@pytest.fixture
def frozen(qtbot, qapp):
    """A window whose engine does not answer any more, and what kills that engine."""
    others = set(multiprocessing.active_children())
    window = make_window(qtbot, qapp, preferences=Preferences(computing=Computing("cpu", 1)), engine=EngineClient)
    engine = window.furniture.engine
    engine.start()
    (child,) = set(multiprocessing.active_children()) - others
    os.kill(child.pid, signal.SIGSTOP)

    def kill():
        with qtbot.waitSignal(engine.engine_died, timeout=LONG_MS):
            os.kill(child.pid, signal.SIGKILL)

    return window, kill


def test_a_trial_is_scored_and_a_new_audit_is_looked_at_by_the_next_engine(qtbot, frozen, world, tmp_path, heard):
    window, kill = frozen
    said = heard(window.furniture.running.said)
    spec = read_spec(world.write_spec(defenses=[{"name": "none"}], attacks=[{"name": "loss"}], run=RUN))
    run_audit(spec, tmp_path / "audit.segleak", RunOptions(device="cpu"))
    window.audits.open(tmp_path / "audit.segleak")
    qtbot.waitUntil(window.audits.has_document, timeout=LONG_MS)
    selection, results = window.furniture.selection, window.furniture.workbench.results
    trial = selection.add_trial(TRIAL)
    assert results.of(trial, "loss") is None  # asked of an engine that does not answer

    window.registry.trigger("audit.new")
    page = window.beginning.page
    page.composer.choose_target(world.target)
    page.composer.add_images(Role.MEMBER, [world.folder / "members"])
    page.composer.edit(scheme=str(world.folder / "scheme.toml"))
    page.looking.look()
    assert page.looking.busy

    kill()
    qtbot.waitUntil(lambda: results.of(trial, "loss") is not None and results.of(trial, "loss").exact, timeout=LONG_MS)
    qtbot.waitUntil(lambda: bool(page.looking.known.report) and page.looking.known.target is not None, timeout=LONG_MS)
    assert [found.images for found in page.looking.known.sets] == [2]
    assert page.model.problem.text == ""
    assert [message.title for message in said.got] == [
        "The engine was stopped from outside, perhaps because memory ran short."
    ]
    assert window.banners.shown == [], "withdrawn when the next engine is ready"
    window.undo_stack.clear()
