"""Audits that run while the window shows them, with a stand-in for the engine."""

from dataclasses import replace

import pytest

from core.audit.summary import summarise, write_summary
from core.engine import events
from core.engine.jobs import RunAudit
from core.errors import SegLeakError
from gui.banner import Severity
from gui.demo import ABOUT
from gui.folders import DEMO_SPEC, demo_folder
from gui.runs import demo_job
from gui.settings.table import Computing, NewAudits, Preferences
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import make_window
from tests.gui.window.helpers import engine_of, open_audit, press, titles


def test_an_audit_that_has_not_ended_is_offered_to_go_on(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    assert titles(window) == ["Half has not ended: 2 of 6 images are done."]
    assert "2 of 6" in window.furniture.workbench.numbers.note
    press(window.banners, "Go on")
    assert engine_of(window).jobs == [RunAudit(unfinished, unfinished)]
    assert titles(window) == []
    assert window.audits.is_running()
    assert not window.registry.qaction("run.go-on").isEnabled()


def test_an_audit_that_lacks_only_a_kept_defense_or_its_numbers_says_so(qtbot, qapp, tmp_path):
    window = make_window(qtbot, qapp)
    window.audits.open(small_audit(tmp_path / "whole.segleak", title="Whole", done=6))
    qtbot.waitUntil(lambda: bool(titles(window)))
    (title,) = titles(window)
    assert "all 6 images were judged, but not under a defense that was kept since" in title
    assert "images are done" not in title


def test_an_audit_that_runs_stays_behind_the_page_of_another_and_one_asked_for_does_not(qtbot, qapp, tmp_path):
    window = make_window(qtbot, qapp)
    runs, asked = (small_audit(tmp_path / f"{name}.segleak", title=name, done=6) for name in ("runs", "asked"))
    window.beginning.show()
    window.furniture.following.wait_for(runs)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert window.beginning.is_shown() and not window.shows_workbench
    window.audits.open(asked)
    qtbot.waitUntil(lambda: window.shows_workbench, timeout=9000)
    assert window.audits.document.folder == asked


def test_progress_stop_and_the_way_back_are_shown(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    engine = engine_of(window)
    engine.progressed.emit(events.JobProgress(1, "Auditing", 3, 6, "", 1.0, 3.0))
    assert window.status.text.startswith("Auditing 3/6, 3 s left")
    engine.progressed.emit(events.JobProgress(7, "Somebody else's", 1, 2, "", None, None))
    assert "Somebody" not in window.status.text
    window.status._pause.click()
    window.status._pause.click()
    window.registry.trigger("run.stop")
    assert engine.calls == [("pause", 1), ("resume", 1), ("cancel", 1)]
    assert not window.audits.is_running()
    assert titles(window) == ["half: stopped. What is finished is kept."]
    press(window.banners, "Go on")
    assert len(engine.jobs) == 2


def test_a_finished_run_brings_its_numbers_into_view(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    document = window.audits.document
    write_summary(unfinished, summarise(document._store, document.spec))
    engine_of(window).done.emit(events.JobDone(1, {}))
    assert titles(window) == ["half: the audit is finished."]
    qtbot.waitUntil(lambda: window.furniture.workbench.numbers.table.model().rowCount() == 6, timeout=9000)


def test_a_second_audit_waits_until_the_first_has_ended(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    window.registry.trigger("audit.demo")
    assert "demo waits until half has ended." in titles(window)
    engine = engine_of(window)
    assert [job.folder for job in engine.jobs] == [unfinished]
    engine.done.emit(events.JobDone(1, {}))
    assert [job.folder for job in engine.jobs] == [unfinished, demo_folder()]
    assert "demo waits until half has ended." not in titles(window)


def test_where_memory_ran_out_a_gentler_try_follows_by_itself(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    engine = engine_of(window)
    gentler = engine.jobs[0].gentler()
    engine.failed.emit(events.JobFailed(1, "Memory ran out.", gentler.words, "trace", gentler.job))
    assert engine.jobs[1] == replace(engine.jobs[0], most=1)
    assert window.banners.shown[0].severity is Severity.WARNING
    assert window.banners.shown[0].remedy == "It goes on with one image at a time."
    assert window.audits.is_running()


def test_a_job_lost_with_the_engine_is_offered_again_and_not_repeated_for_ever(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    engine = engine_of(window)
    death = events.EngineDied(-9, events.Death.KILLED, "The engine was killed.", "It starts again.", "last words")
    engine.engine_died.emit(death)
    engine.failed.emit(events.JobFailed(1, "The engine was killed.", "Submit again.", "last words", engine.jobs[0]))
    assert titles(window) == ["half: The engine was killed."]
    assert window.banners.shown[0].details == "last words"
    assert len(engine.jobs) == 1
    press(window.banners, "Go on")
    assert len(engine.jobs) == 2


def test_code_in_a_model_file_runs_only_after_consent(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    engine = engine_of(window)
    engine.failed.emit(events.JobFailed(1, "model.pt carries code.", "Trust it or not.", trust="abc"))
    assert len(engine.jobs) == 1
    press(window.banners, "I trust this file")
    assert engine.jobs[1].trusted == frozenset({"abc"})


def test_the_status_bar_says_how_the_engine_is(window):
    engine = engine_of(window)
    assert window.status.text == "Engine off"
    engine.engine_started.emit(events.EngineStarted(1))
    assert window.status.text == "Engine starting"
    engine.engine_warm.emit(events.EngineWarm("cpu", "cpu (1 thread)", {"torch": "2"}))
    assert window.status.text == "Engine ready on cpu (1 thread)"
    engine.engine_died.emit(events.EngineDied(0, events.Death.CLOSED, "Closed.", ""))
    assert window.status.text == "Engine off"
    assert titles(window) == []


def test_the_demo_is_run_with_the_settings_and_opened_as_soon_as_it_can_be_read(qtbot, qapp):
    preferences = Preferences(computing=Computing("cpu"), new_audits=NewAudits(2, 1.0))
    window = make_window(qtbot, qapp, preferences=preferences)
    window.registry.trigger("audit.demo")
    (job,) = engine_of(window).jobs
    assert (job.folder, job.device) == (demo_folder(), "cpu")
    assert (job.spec.table["run"]["batch"], job.spec.table["run"]["cache_gb"]) == (2, 1.0)
    assert job.spec.folder == DEMO_SPEC.parent
    small_audit(demo_folder(), title="Demo", done=1)
    window.furniture.following.look()
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert window.windowTitle() == "Demo - SegLeak"
    assert titles(window) == [ABOUT]  # it runs: nothing to go on with


def test_a_demo_that_is_there_is_opened_and_not_run(qtbot, window):
    small_audit(demo_folder(), title="Demo")
    window.registry.trigger("audit.demo")
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert engine_of(window).jobs == []


def test_a_demo_that_did_not_come_along_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("gui.runs.DEMO_SPEC", tmp_path / "demo.toml")
    with pytest.raises(SegLeakError, match="cannot be read"):
        demo_job(Preferences())


def test_results_written_by_somebody_else_come_into_view(qtbot, window, tmp_path, heard):
    folder = small_audit(tmp_path / "grows.segleak", done=1)
    open_audit(qtbot, window, folder)
    grew = heard(window.furniture.selection.document_grew)
    store = type(window.audits.document._store).create(folder)
    with store:
        store.fail(2, "damaged")
    window.furniture.following.look()
    qtbot.waitUntil(lambda: len(grew.got) == 1, timeout=9000)


def test_before_any_image_is_done_the_numbers_say_when_they_come(qtbot, window, tmp_path):
    open_audit(qtbot, window, small_audit(tmp_path / "begun.segleak", done=0))
    note = window.furniture.workbench.numbers._note
    qtbot.waitUntil(lambda: note.text().startswith("No image is done yet"), timeout=9000)
