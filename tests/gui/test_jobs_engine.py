"""The queue of audits with the real engine process, which is killed at random points."""

import multiprocessing
import random

import pytest

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.engine.jobs import RunAudit
from gui.engine import EngineClient
from gui.jobs.entry import State
from gui.running import Running
from gui.status import StatusLine
from tests.world import make_world, scores_of

LONG_MS = 120_000
DEFENSES = [{"name": "none"}, {"name": "gauss", "sigma": 0.3}]


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=8, non_members=8, suspects=0)


@pytest.fixture
def spec(world):
    images = [{"role": role, "path": f"{role}s"} for role in ("member", "non-member")]
    return world.write_spec(defenses=DEFENSES, images=images)


@pytest.fixture
def running_on(qtbot):
    """Makes a queue on an engine."""
    made = []

    def make(engine):
        status = StatusLine()
        qtbot.addWidget(status)
        made.append(Running(engine, status, status))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def mortal(qapp):
    """An engine to be killed."""
    made = EngineClient(1)
    yield made
    made.close()


def test_a_queue_whose_engine_is_killed_twice_ends_with_the_runners_scores(
    qtbot, mortal, running_on, spec, tmp_path, heard
):
    others, running = set(multiprocessing.active_children()), running_on(mortal)
    chance, said = random.Random(17), heard(running.said)
    folders = [tmp_path / f"{name}.segleak" for name in ("first", "second")]
    for folder in folders:
        running.begin(RunAudit(spec, folder, device="cpu"))
    first, second = running.board.entries
    for entry in (first, second):
        point = chance.randrange(1, 12)
        qtbot.waitUntil(
            lambda entry=entry, point=point: entry.step.stage == "Auditing" and entry.step.done >= point,
            timeout=LONG_MS,
        )
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        qtbot.waitUntil(lambda entry=entry: entry.state is State.FAILED, timeout=LONG_MS)
        assert "stopped from outside" in entry.outcome
    assert any("stopped from outside" in message.title for message in said.got)
    for entry in (first, second):
        entry.controls.again()
    qtbot.waitUntil(lambda: running.folder is None, timeout=LONG_MS)
    assert {entry.state for entry in running.board.entries} == {State.DONE}
    run_audit(read_spec(spec), tmp_path / "alone.segleak", RunOptions(device="cpu"))
    with AuditStore.read(tmp_path / "alone.segleak") as alone:
        for folder in folders:
            with AuditStore.read(folder) as store:
                assert scores_of(store) == scores_of(alone)


def test_a_stopped_audit_ends_soon_and_leaves_the_engine_to_the_next(qtbot, shared_engine, running_on, spec, tmp_path):
    running = running_on(shared_engine)
    running.begin(RunAudit(spec, tmp_path / "one.segleak", device="cpu"))
    running.begin(RunAudit(spec, tmp_path / "two.segleak", device="cpu"))
    one, two = running.board.entries
    qtbot.waitUntil(lambda: one.step.stage == "Auditing" and one.step.done >= 2, timeout=LONG_MS)
    processes = {child.pid for child in multiprocessing.active_children()}
    one.controls.stop()
    qtbot.waitUntil(lambda: one.state is State.STOPPED, timeout=5000)
    qtbot.waitUntil(lambda: two.step.stage == "Auditing", timeout=LONG_MS)
    assert {child.pid for child in multiprocessing.active_children()} == processes
    two.controls.stop()
    qtbot.waitUntil(lambda: two.state.ended, timeout=5000)
