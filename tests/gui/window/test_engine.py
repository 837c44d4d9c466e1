"""The whole window with its real views, and with the real engine process."""

import multiprocessing
import time

import pytest

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.engine.jobs import RunAudit
from gui.engine import EngineClient
from gui.folders import is_audit
from gui.settings.table import Computing, Preferences
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import FakeEngine, make_window
from tests.world import make_world, scores_of

LONG_MS = 240_000
"""A process that loads what it computes with takes minutes where ten others do the same."""
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=4, non_members=4, suspects=2)


def opened(qtbot, window):
    qtbot.waitUntil(window.audits.has_document, timeout=LONG_MS)
    return window.audits.document


def test_an_audit_is_run_by_the_engine_seen_while_it_runs_and_has_the_runners_scores(qtbot, qapp, world, tmp_path):
    spec = world.write_spec(defenses=[{"name": "none"}, {"name": "argmax"}])
    folder, alone = tmp_path / "by-window.segleak", tmp_path / "alone.segleak"
    others = set(multiprocessing.active_children())
    window = make_window(
        qtbot, qapp, preferences=Preferences(computing=Computing("cpu", 1)), engine=EngineClient, views=None
    )
    window.furniture.running.begin(RunAudit(spec, folder, device="cpu"))
    document = opened(qtbot, window)
    assert document.folder == folder
    qtbot.waitUntil(lambda: not window.audits.is_running(), timeout=LONG_MS)
    assert "Engine ready on cpu" in window.status.text
    numbers = window.furniture.workbench.numbers
    qtbot.waitUntil(lambda: numbers.table.model().rowCount() == 6, timeout=LONG_MS)
    assert [message.title for message in window.banners.shown] == ["by-window: the audit is finished."]
    run_audit(read_spec(spec), alone, RunOptions(device="cpu"))
    with AuditStore.read(folder) as one, AuditStore.read(alone) as other:
        assert scores_of(one) == scores_of(other)
    window.close()
    assert set(multiprocessing.active_children()) == others


def test_an_engine_that_is_killed_leaves_the_window_and_what_was_finished(qtbot, qapp, street_like, tmp_path):
    world = make_world(tmp_path, street_like, members=40, non_members=4, suspects=2)  # not over before it is killed
    folder, others = tmp_path / "killed.segleak", set(multiprocessing.active_children())
    window = make_window(qtbot, qapp, preferences=Preferences(computing=Computing("cpu", 1)), engine=EngineClient)
    window.furniture.running.begin(RunAudit(world.write_spec(), folder, device="cpu"))
    qtbot.waitUntil(lambda: window.furniture.following.look() or window.audits.has_document(), timeout=LONG_MS)
    for child in set(multiprocessing.active_children()) - others:
        child.kill()
    qtbot.waitUntil(lambda: not window.audits.is_running(), timeout=LONG_MS)
    (banner,) = window.banners.shown
    assert banner.offers[0].title == "Go on"
    banner.offers[0].callback()
    qtbot.waitUntil(lambda: not window.audits.is_running(), timeout=LONG_MS)
    with AuditStore.read(folder) as store:
        assert {row.state for row in store.images()} == {"done"}


def test_an_engine_killed_as_soon_as_it_writes_is_not_waited_for_and_can_be_gone_on_with(qtbot, qapp, world, tmp_path):
    folder, others = tmp_path / "born-dead.segleak", set(multiprocessing.active_children())
    window = make_window(qtbot, qapp, preferences=Preferences(computing=Computing("cpu", 1)), engine=EngineClient)
    following = window.furniture.following
    window.furniture.running.begin(RunAudit(world.write_spec(), folder, device="cpu"))
    while not is_audit(folder):  # events wait: the window learns of its death and of its folder at once
        time.sleep(0.001)
    for child in set(multiprocessing.active_children()) - others:
        child.kill()
    qtbot.waitUntil(lambda: not window.audits.is_running() and not following.waits, timeout=LONG_MS)
    (banner,) = window.banners.shown
    assert banner.offers[0].title == "Go on"
    banner.offers[0].callback()
    assert opened(qtbot, window).folder == folder
    qtbot.waitUntil(lambda: not window.audits.is_running(), timeout=LONG_MS)
    with AuditStore.read(folder) as store:
        assert {row.state for row in store.images()} == {"done"}


def test_the_real_views_fit_into_the_window(qtbot, qapp, tmp_path):
    """No two commands have one shortcut, the views' state can be kept, and nothing is left behind."""
    window = make_window(qtbot, qapp, engine=FakeEngine, views=None)
    window.audits.open(small_audit(tmp_path / "one.segleak"))
    opened(qtbot, window)
    menus = [action.text() for action in window.menuBar().actions()]
    assert menus[:2] == ["&File", "&Edit"]
    assert menus[-1] == "&Help"
    window.memory.save_session()
    window.furniture.workbench.restore_state(window.furniture.workbench.state())
    window.registry.trigger("audit.close")
    assert window.welcome.isVisible()
