"""The demo audit in a window: at the first start, when it is asked for, and when it was closed half-way."""

import pytest
from PySide6.QtWidgets import QProgressBar

from core.audit.store import SPEC_NAME, AuditStore
from core.engine import events
from core.engine.jobs import RunAudit
from core.errors import SegLeakError
from gui import app as gui_app
from gui.demo import ABOUT
from gui.folders import demo_folder
from gui.jobs.kept import queue_folder, write_queue
from gui.recent import RecentAudit, remember
from gui.session import Session, nothing_opened_yet, write_session
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import make_window
from tests.gui.window.helpers import engine_of, open_audit, press, titles


@pytest.fixture
def start(window, monkeypatch, qtbot):
    """Start the program with a window whose engine is none, up to where it has opened what it begins with."""
    monkeypatch.setattr(gui_app, "_load", lambda: None)

    def start(*, demo):
        if demo:
            window.demo.announce()
        gui_app.furnish(window, None, demo=demo)
        qtbot.waitUntil(lambda: engine_of(window).calls == ["start"], timeout=9000)
        return window

    return start


def asked_for(monkeypatch, qapp, **how):
    """Whether the program, run in this way, shows the demo's page in its first frame and opens the demo then."""
    seen = []

    class HaltedError(Exception):
        """The window is on screen."""

    def first_frame(window, callback):
        seen.append(window)
        raise HaltedError

    monkeypatch.setattr(gui_app, "application", lambda: qapp)
    monkeypatch.setattr(gui_app, "FirstFrame", first_frame)
    with pytest.raises(HaltedError):
        gui_app.run(**how)
    (window,) = seen
    shown = window._stack.currentWidget() is not window.welcome
    window.close()
    window.deleteLater()
    return shown


def test_the_very_first_start_and_the_flag_begin_with_the_demo_and_a_path_does_not(qtbot, qapp, monkeypatch, tmp_path):
    assert asked_for(monkeypatch, qapp)
    assert not asked_for(monkeypatch, qapp, path=tmp_path)
    write_session(Session())
    assert not asked_for(monkeypatch, qapp)
    assert asked_for(monkeypatch, qapp, demo=True)


def test_whoever_has_opened_something_has_a_session_or_recent_audits(tmp_path):
    assert nothing_opened_yet()
    remember(RecentAudit(tmp_path / "one.segleak", "One", ""))
    assert not nothing_opened_yet()


def test_where_there_are_no_results_yet_they_are_computed_and_the_page_says_how_far_it_is(start, qtbot):
    window = start(demo=True)
    (job,) = engine_of(window).jobs
    assert job.folder == demo_folder()
    page = window.demo.page
    assert page.isVisible()
    assert page.state.text() == "Waiting for the engine"
    engine_of(window).progressed.emit(events.JobProgress(1, "Checking images", 69, 352, "", None, None))
    bar = page.findChild(QProgressBar)
    qtbot.waitUntil(lambda: page.state.text() == "Checking images 69/352", timeout=9000)
    assert (bar.value(), bar.maximum()) == (69, 352)


def test_what_came_before_the_demo_is_offered_and_the_demo_itself_is_not(qtbot, start, tmp_path):
    mine = RunAudit(tmp_path / "mine.toml", tmp_path / "mine.segleak")
    queue_folder().mkdir(parents=True)
    write_queue(queue_folder() / "gone.toml", [RunAudit(demo_folder(), demo_folder()), mine])
    window = start(demo=True)
    qtbot.waitUntil(lambda: bool(titles(window)), timeout=9000)
    assert titles(window) == ["Not ended when SegLeak was closed: mine."]


def test_from_the_demo_a_button_leads_to_an_audit_of_ones_own_and_one_to_the_welcome_page(start, qtbot):
    window = start(demo=True)
    small_audit(demo_folder(), title="Demo", done=1)
    window.furniture.following.look()
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert window.shows_workbench
    assert titles(window) == [ABOUT]
    press(window.banners, "Welcome page")
    assert window.welcome.isVisible()
    assert titles(window) == []
    window.registry.trigger("audit.demo")
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    press(window.banners, "New audit")
    assert window.beginning.is_shown()


def test_whoever_has_gone_elsewhere_is_not_taken_back_when_the_demo_is_there(start, qtbot):
    window = start(demo=True)
    press(window.demo.page, "New audit...")
    small_audit(demo_folder(), title="Demo", done=1)
    window.furniture.following.look()
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert window.beginning.is_shown()
    window.beginning.leave()
    assert window.shows_workbench


def test_the_welcome_page_stays_and_the_demo_can_be_asked_for_again_while_it_is_computed(start, qtbot):
    window = start(demo=True)
    press(window.demo.page, "Welcome page")
    assert window.welcome.isVisible()
    assert not window.furniture.following.waits
    window.registry.trigger("audit.demo")
    assert window.demo.is_coming()
    assert titles(window) == []
    assert len(engine_of(window).jobs) == 1


def test_a_demo_that_was_closed_half_way_goes_on_without_a_question(start, qtbot):
    small_audit(demo_folder(), title="Demo", done=2)
    window = start(demo=True)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert [job.folder for job in engine_of(window).jobs] == [demo_folder()]
    assert titles(window) == [ABOUT]


def test_a_demo_whose_run_was_killed_before_it_wrote_its_spec_is_begun_again(start, qtbot):
    AuditStore.create(demo_folder()).close()
    window = start(demo=True)
    (job,) = engine_of(window).jobs
    assert job.folder == demo_folder()
    assert window.demo.is_coming()
    assert titles(window) == []


def test_a_demo_that_is_asked_for_while_its_run_begins_is_waited_for(start, qtbot):
    window = start(demo=True)
    press(window.demo.page, "Welcome page")
    AuditStore.create(demo_folder()).close()
    window.registry.trigger("audit.demo")
    qtbot.waitUntil(lambda: not window.furniture.following._background.busy, timeout=9000)
    assert window.demo.is_coming()
    assert window.furniture.following.waits
    assert titles(window) == []


def test_the_demo_is_still_waited_for_where_something_else_cannot_be_opened(start, qtbot, tmp_path):
    window = start(demo=True)
    window.audits.open(tmp_path / "gone.segleak")
    qtbot.waitUntil(lambda: bool(titles(window)), timeout=9000)
    assert "gone.segleak" in titles(window)[0]
    assert window.demo.is_coming()


def test_a_demo_that_cannot_be_opened_leaves_the_welcome_page(start, qtbot):
    small_audit(demo_folder(), title="Demo")
    (demo_folder() / SPEC_NAME).write_text("no spec", "utf-8")
    window = start(demo=True)
    qtbot.waitUntil(lambda: bool(titles(window)), timeout=9000)
    assert window.welcome.isVisible()


def test_a_finished_demo_is_opened_and_nothing_is_computed(start, qtbot):
    small_audit(demo_folder(), title="Demo")
    window = start(demo=True)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert engine_of(window).jobs == []
    assert titles(window) == [ABOUT]


def test_a_demo_that_is_restored_with_the_session_is_not_introduced_again(start, qtbot):
    small_audit(demo_folder(), title="Demo")
    write_session(Session(str(demo_folder())))
    window = start(demo=False)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert titles(window) == []


def test_the_introduction_goes_with_the_demo(start, qtbot, finished):
    small_audit(demo_folder(), title="Demo")
    window = start(demo=True)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    open_audit(qtbot, window, finished)
    assert titles(window) == []


def test_a_demo_that_cannot_be_computed_leaves_the_welcome_page_and_a_banner(start, window, monkeypatch):
    def fails(job):
        raise SegLeakError("The engine cannot be started.", "Check the memory.")

    monkeypatch.setattr(engine_of(window), "submit", fails)
    start(demo=True)
    assert titles(window) == ["The engine cannot be started."]
    assert window.welcome.isVisible()


def test_a_demo_that_failed_before_its_images_were_listed_leaves_the_welcome_page(start, qtbot):
    window = start(demo=True)
    engine_of(window).failed.emit(events.JobFailed(1, "target.safetensors: is damaged.", "Install SegLeak again."))
    qtbot.waitUntil(window.welcome.isVisible, timeout=9000)
    assert titles(window) == ["demo: target.safetensors: is damaged."]


def test_whoever_was_faster_than_the_views_is_left_alone(window, start):
    window.demo.announce()
    press(window.demo.page, "Welcome page")
    window.demo.announce = lambda: None
    start(demo=True)
    assert window.welcome.isVisible()
    assert engine_of(window).jobs == []


@pytest.mark.parametrize(("size", "fills"), [((5000, 400), True), ((400, 5000), True), ((400, 300), False)])
def test_a_window_with_no_room_on_the_screen_fills_it(qtbot, qapp, size, fills):
    window = make_window(qtbot, qapp)
    window.resize(*size)
    gui_app.fit_on_screen(window)
    assert window.isMaximized() is fills
