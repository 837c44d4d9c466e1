"""An engine that is killed before its audit is one: one banner, one offer, and going on works whatever was written."""

import pytest

from core.audit.folder import LOCK_NAME
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec, write_spec
from core.audit.store import SPEC_NAME, AuditStore
from core.engine import events
from core.engine.events import Death
from core.engine.jobs import RunAudit
from tests.gui.stand_ins import make_window
from tests.world import make_world

IMAGES = 6
WAIT_MS = 20_000


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=2, non_members=2, suspects=2)


def nothing(folder, spec):
    """No folder yet."""


def empty(folder, spec):
    """The folder, and nothing in it."""
    folder.mkdir()


def taken(folder, spec):
    """The folder with its lock."""
    folder.mkdir()
    (folder / LOCK_NAME).touch()


def results_alone(folder, spec):
    """Results without the spec."""
    AuditStore.create(folder).close()


def no_image(folder, spec):
    """Results and spec, and no image is listed."""
    AuditStore.create(folder).close()
    write_spec(read_spec(spec).moved_to(folder), folder / SPEC_NAME)


BIRTHS = pytest.mark.parametrize("born", [nothing, empty, taken, results_alone, no_image])


def die(engine, job):
    """What the client says when the process that ran this job was killed."""
    message, remedy = "The engine was stopped from outside.", "It starts again with the next job."
    engine.engine_died.emit(events.EngineDied(-9, Death.KILLED, message, remedy))
    engine.failed.emit(events.JobFailed(len(engine.jobs), message, "What is finished is kept.", again=job))


@BIRTHS
@pytest.mark.parametrize("looked", [False, True])
def test_one_banner_offers_to_go_on_and_nothing_is_waited_for(qtbot, qapp, world, tmp_path, born, looked):
    """`looked`: the window has looked for the audit before the engine died."""
    window, spec, folder = make_window(qtbot, qapp), world.write_spec(), tmp_path / "born.segleak"
    engine, following = window.furniture.engine, window.furniture.following
    job = RunAudit(spec, folder, device="cpu")
    window.audits.begin(job)
    born(folder, spec)
    if looked:
        following.look()
        qtbot.waitUntil(lambda: not following._background.busy, timeout=WAIT_MS)
    die(engine, job)
    qtbot.waitUntil(lambda: not following.waits and not window.audits.is_running(), timeout=WAIT_MS)
    (banner,) = window.banners.shown
    assert [offer.title for offer in banner.offers] == ["Go on"]
    banner.offers[0].callback()
    assert engine.jobs == [job, job] and following.waits is (window.audits.document is None)
    window.audits.stop()


@BIRTHS
def test_the_demo_killed_at_birth_is_offered_once(qtbot, qapp, world, born):
    from gui.folders import demo_folder

    window = make_window(qtbot, qapp)
    engine = window.furniture.engine
    window.demo.open()
    (job,) = engine.jobs
    born(demo_folder(), world.write_spec())
    die(engine, job)
    qtbot.waitUntil(lambda: not window.furniture.following.waits, timeout=WAIT_MS)
    (banner,) = window.banners.shown
    assert [offer.title for offer in banner.offers] == ["Go on"]


@BIRTHS
def test_a_run_goes_on_from_however_little_there_is(world, tmp_path, born):
    spec, folder = world.write_spec(), tmp_path / "born.segleak"
    born(folder, spec)
    run_audit(read_spec(spec), folder, RunOptions(device="cpu"))
    with AuditStore.read(folder) as store:
        assert [row.state for row in store.images()] == ["done"] * IMAGES
