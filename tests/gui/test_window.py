from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent, QUndoCommand
from PySide6.QtWidgets import QApplication, QListWidget, QPushButton

from core.audit.summary import summarise, write_summary
from core.engine import events
from core.engine.jobs import RunAudit
from core.errors import SegLeakError, StoreError
from gui import audits
from gui import window as window_module
from gui.app import furnish as furnish_later
from gui.banner import Severity
from gui.folders import DEMO_SPEC, demo_folder
from gui.recent import read_recent
from gui.runs import demo_job
from gui.session import Session, read_session, write_session
from gui.settings.store import load
from gui.settings.table import Computing, Look, NewAudits, Preferences
from tests.gui.small_audit import CHAINS, small_audit
from tests.gui.stand_ins import make_window


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("audits") / "one.segleak", title="One")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("others") / "two.segleak", title="Two")


@pytest.fixture
def window(qtbot, qapp):
    return make_window(qtbot, qapp)


def open_audit(qtbot, window, folder):
    window.audits.open(folder)
    qtbot.waitUntil(
        lambda: window.audits.document is not None and window.audits.document.folder == folder, timeout=9000
    )
    qtbot.waitUntil(lambda: not window.audits.opening._remembering.busy, timeout=9000)


def titles(window):
    return [message.title for message in window.banners.shown]


def docks(window):
    return {name: window.shows_dock(name) for name in ("images", "defenses", "numbers")}


# ---------------------------------------------------------------- opening


def test_the_window_begins_with_the_welcome_page_and_no_panels(window):
    assert window.welcome.isVisible()
    assert not any(docks(window).values())
    assert not window.registry.qaction("audit.close").isEnabled()


def test_an_audit_is_opened_looked_at_and_closed(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    assert window.windowTitle() == "One - SegLeak"
    assert all(docks(window).values())
    assert not window.welcome.isVisible()
    assert window.registry.qaction("audit.close").isEnabled()
    assert titles(window) == []
    window.registry.trigger("audit.close")
    assert window.windowTitle() == "SegLeak"
    assert window.welcome.isVisible()
    assert not any(docks(window).values())


def test_panels_that_were_closed_stay_closed_for_the_next_audit(qtbot, window, finished, other):
    open_audit(qtbot, window, finished)
    window.registry.trigger("panel.numbers")
    window.registry.trigger("audit.close")
    open_audit(qtbot, window, other)
    assert docks(window) == {"images": True, "defenses": True, "numbers": False}
    window.registry.trigger("panel.reset")
    assert all(docks(window).values())


def test_a_file_of_an_audit_folder_means_the_folder(qtbot, window, finished):
    window.audits.open(finished / "audit.toml")
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert window.audits.document.folder == finished


@pytest.mark.parametrize("name", ["plain", "gone"])
def test_what_is_no_audit_is_refused_with_a_remedy_and_what_was_open_stays(qtbot, window, finished, tmp_path, name):
    (tmp_path / "plain").mkdir()
    open_audit(qtbot, window, finished)
    window.audits.open(tmp_path / name)
    qtbot.waitUntil(lambda: len(window.banners.shown) == 1, timeout=9000)
    assert name in titles(window)[0]
    assert window.banners.shown[0].remedy
    assert window.audits.document.folder == finished


def test_a_damaged_audit_is_refused(qtbot, window, tmp_path):
    (tmp_path / "results.sqlite").write_bytes(b"no data base")
    window.audits.open(tmp_path)
    qtbot.waitUntil(lambda: len(window.banners.shown) == 1, timeout=9000)
    assert window.banners.shown[0].severity is Severity.ERROR


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    window.dropEvent(event)


def test_a_dropped_folder_is_opened(qtbot, window, finished):
    drop(window, finished)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)


def test_the_last_of_two_audits_asked_for_at_once_is_shown(qtbot, window, finished, other):
    window.audits.open(finished)
    window.audits.open(other)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    qtbot.wait(50)
    assert window.audits.document.folder == other


def test_an_audit_in_view_drops_what_could_be_undone_in_another(qtbot, window, finished, other):
    open_audit(qtbot, window, finished)
    window.undo_stack.push(QUndoCommand("step"))
    assert window.registry.qaction("edit.undo").isEnabled()
    open_audit(qtbot, window, other)
    assert not window.registry.qaction("edit.undo").isEnabled()


# ---------------------------------------------------------------- welcome page and recent audits


def test_opened_audits_are_offered_on_the_welcome_page_with_picture_and_line(qtbot, window, finished, other):
    open_audit(qtbot, window, finished)
    open_audit(qtbot, window, other)
    window.registry.trigger("audit.close")
    assert [card.audit.title for card in window.welcome.cards] == ["Two", "One"]
    assert read_recent()[0].line.startswith("AUC ")
    assert read_recent()[0].thumbnail.is_file()


def test_a_card_opens_its_audit_by_mouse_and_by_key_and_can_be_removed(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    window.registry.trigger("audit.close")
    (card,) = window.welcome.cards
    qtbot.keyClick(card, Qt.Key.Key_Return)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    window.registry.trigger("audit.close")
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    window.audits.close()
    qtbot.waitUntil(lambda: not window.audits.opening._remembering.busy, timeout=9000)
    (card,) = window.welcome.cards
    qtbot.keyClick(card, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: read_recent() == [], timeout=9000)
    assert finished.is_dir()


# ---------------------------------------------------------------- defenses


def switch(panel, row):
    item = panel.findChild(QListWidget).item(row)
    on = item.checkState() == Qt.CheckState.Checked
    item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)


def test_switching_a_defense_changes_the_selection_and_is_undone(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    selection, panel = window.furniture.selection, window.furniture.workbench.defenses
    assert selection.chains == CHAINS
    switch(panel, 1)
    assert selection.chains == ("none", "gauss-sigma0.3")
    window.registry.trigger("edit.undo")
    assert selection.chains == CHAINS
    assert panel.findChild(QListWidget).item(1).checkState() == Qt.CheckState.Checked
    window.registry.trigger("edit.redo")
    assert selection.chains == ("none", "gauss-sigma0.3")


def test_a_chain_that_is_not_in_the_audit_stays_when_others_are_switched(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    selection = window.furniture.selection
    selection.chains = ("none", "temperature-t2")
    switch(window.furniture.workbench.defenses, 1)
    assert selection.chains == ("none", "argmax", "temperature-t2")


def test_attack_and_layer_are_chosen_and_follow_the_selection(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    selection, panel = window.furniture.selection, window.furniture.workbench.defenses
    assert panel.choosers.attacks.currentText() == "loss (primary)"
    panel.choosers.attacks.setCurrentIndex(1)
    panel.choosers.attacks.activated.emit(1)
    assert selection.attack == "confidence"
    selection.layer = "label"
    assert panel.choosers.layers.currentData() == "label"
    worked_out = panel.choosers.layers.model().item(panel.choosers.layers.findData("prediction"))
    assert worked_out.isEnabled()
    assert worked_out.toolTip()


# ---------------------------------------------------------------- numbers


def test_the_numbers_stand_in_the_table_and_a_double_click_shows_them(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    numbers = window.furniture.workbench.numbers
    qtbot.waitUntil(lambda: numbers.table.model().rowCount() == 6, timeout=9000)
    assert numbers.note == ""
    window.furniture.selection.chains = ("none",)
    numbers.table.activated.emit(numbers.table.model().index(3, 0))
    assert window.furniture.selection.attack == "confidence"
    assert window.furniture.selection.chains == ("argmax", "none")
    window.registry.trigger("numbers.copy")
    assert QApplication.clipboard().text().count("\n") == 7


def test_exclusions_after_the_numbers_are_told(qtbot, window, tmp_path):
    folder = small_audit(tmp_path / "three.segleak")
    open_audit(qtbot, window, folder)
    numbers = window.furniture.workbench.numbers
    qtbot.waitUntil(numbers.table.isVisible, timeout=9000)
    window.furniture.selection.decide("exclude", 1, "blurred")
    assert "now 1" in numbers.note
    document = window.audits.document
    write_summary(folder, summarise(document._store, document.spec))
    window.furniture.selection.summarised.emit()
    qtbot.waitUntil(lambda: numbers.note == "" and numbers.table.isVisible(), timeout=9000)


# ---------------------------------------------------------------- runs


@pytest.fixture
def unfinished(tmp_path):
    return small_audit(tmp_path / "half.segleak", title="Half", done=2)


def engine_of(window):
    return window.furniture.engine


def press(window, title):
    (button,) = [b for b in window.banners.findChildren(QPushButton) if b.text() == title and b.isVisible()]
    button.click()


def test_an_audit_that_has_not_ended_is_offered_to_go_on(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    assert titles(window) == ["Half has not ended: 2 of 6 images are done."]
    assert "2 of 6" in window.furniture.workbench.numbers.note
    press(window, "Go on")
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
    press(window, "Go on")
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
    assert titles(window) == ["The engine was killed."]
    assert window.banners.shown[0].details == "last words"
    assert len(engine.jobs) == 1
    press(window, "Go on")
    assert len(engine.jobs) == 2


def test_code_in_a_model_file_runs_only_after_consent(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    engine = engine_of(window)
    engine.failed.emit(events.JobFailed(1, "model.pt carries code.", "Trust it or not.", trust="abc"))
    assert len(engine.jobs) == 1
    press(window, "I trust this file")
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
    assert titles(window) == []  # it runs: nothing to go on with


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


# ---------------------------------------------------------------- closing and coming back


def test_closing_while_an_audit_runs_asks_first(qtbot, window, unfinished, monkeypatch):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    asked = []
    monkeypatch.setattr(
        window_module, "stop_and_close", lambda board, parent: asked.append(board.at_work[0].title) or len(asked) > 1
    )
    assert not window.close()
    assert window.isVisible()
    assert engine_of(window).calls == []
    assert window.close()
    assert asked == ["half", "half"]
    assert engine_of(window).calls == ["close"]


def test_closing_waits_for_the_views_and_the_engine(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    window.close()
    views = window.furniture.workbench._views.values()
    assert all(view.closed for view in views)
    assert engine_of(window).calls == ["close"]


def test_the_next_window_shows_what_the_last_one_did(qtbot, qapp, finished):
    first = make_window(qtbot, qapp)
    open_audit(qtbot, first, finished)
    selection = first.furniture.selection
    selection.attack, selection.chains, selection.layer, selection.image = "confidence", ("argmax",), "label", 4
    first.furniture.workbench.centre.kept = {"zoom": 3.0}
    first.registry.trigger("panel.numbers")
    first.resize(760, 640)
    first.close()
    second = make_window(qtbot, qapp)
    second.audits.restore(read_session())
    qtbot.waitUntil(second.audits.has_document, timeout=9000)
    again = second.furniture.selection
    assert (again.attack, again.chains, again.layer, again.image) == ("confidence", ("argmax",), "label", 4)
    assert second.furniture.workbench.centre.kept == {"zoom": 3.0}
    assert docks(second) == {"images": True, "defenses": True, "numbers": False}
    assert second.size() == first.size()


def test_a_session_of_another_state_of_the_audit_is_taken_as_far_as_it_goes(qtbot, window, finished):
    session = Session(str(finished), 999, ("gone", "argmax"), "gone", "gone", {"elsewhere": {}})
    window.audits.restore(session)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    selection = window.furniture.selection
    assert (selection.chains, selection.attack, selection.image) == (("argmax",), "loss", 1)


def test_a_session_whose_audit_is_gone_leaves_the_welcome_page(qtbot, window, tmp_path):
    window.audits.restore(Session(str(tmp_path / "gone.segleak")))
    assert not window.audits.restoring
    assert window.welcome.isVisible()
    assert titles(window) == []


def test_what_is_looked_at_is_kept_before_the_window_closes(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    window.furniture.selection.image = 3
    qtbot.waitUntil(lambda: read_session().image == 3, timeout=9000)


def test_a_window_that_is_closed_while_it_restores_keeps_the_session(qtbot, qapp, finished):
    write_session(Session(str(finished), 2))
    window = make_window(qtbot, qapp)
    window.audits.restore(read_session())
    window.close()
    assert read_session() == Session(str(finished), 2)


def test_an_engine_that_cannot_be_made_is_told_of_and_the_window_lives(qtbot, qapp, monkeypatch, finished):
    def fails(threads, parent):
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        make_window(qtbot, qapp, engine=fails)


def test_the_app_opens_the_path_it_was_given(qtbot, window, finished, monkeypatch):
    monkeypatch.setattr("gui.app._load", lambda: None)
    furnish_later(window, finished)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert engine_of(window).calls == ["start"]


def test_the_app_puts_a_model_on_the_page_asks_about_images_and_refuses_the_rest(
    qtbot, qapp, finished, tmp_path, monkeypatch
):
    monkeypatch.setattr("gui.app._load", lambda: None)
    model, images, wrong = tmp_path / "net.pth", tmp_path / "images", tmp_path / "letter.docx"
    images.mkdir()
    for path in (model, wrong):
        path.write_bytes(b"x")

    def given(path):
        made = make_window(qtbot, qapp)
        furnish_later(made, path)
        qtbot.waitUntil(lambda: made.beginning.is_shown() or bool(made.banners.shown), timeout=9000)
        return made

    assert given(model).beginning.page.model.path.text() == str(model)
    page = given(images).beginning.page
    assert page.zones.isVisible()
    assert page.composer.draft.spec.images == ()
    for path, words in ((wrong, "neither an audit, nor a model, nor images"), (tmp_path / "gone", "is not there")):
        window = given(path)
        assert words in window.banners.shown[0].title
        assert window.welcome.isVisible()


# ---------------------------------------------------------------- commands


def test_every_menu_command_can_be_called_in_every_state(qtbot, window, finished, monkeypatch):
    """Nothing raises, with an audit and without one; dialogs are closed as they come."""
    monkeypatch.setattr(audits.QFileDialog, "getExistingDirectory", lambda *args: "")
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(audits.QFileDialog, name, lambda *args: ("", ""))
    monkeypatch.setattr(audits.QDesktopServices, "openUrl", lambda url: None)
    skipped = {"app.quit", "audit.demo", "run.go-on"}
    for _ in range(2):
        for action in list(window.registry):
            if action.id not in skipped:
                window.registry.trigger(action.id)
                for widget in QApplication.topLevelWidgets():
                    if widget is not window and widget.isVisible() and hasattr(widget, "reject"):
                        widget.reject()
        open_audit(qtbot, window, finished)


def test_commands_have_icons_that_exist_and_words_that_end_right(window):
    for action in window.registry:
        assert not action.icon or not window.registry.qaction(action.id).icon().isNull()
        assert not action.title.endswith(".") or action.title.endswith("...")
        assert not action.tooltip or action.tooltip.endswith(".")


def test_a_theme_is_chosen_and_kept(window):
    window.registry.trigger("theme.dark")
    assert load()[0].look == Look("dark")
    assert window.registry.qaction("theme.dark").isChecked()
    assert not window.registry.qaction("theme.system").isChecked()


def test_an_expected_failure_of_a_view_becomes_a_banner(window):
    window.furniture.workbench.centre.failed.emit(StoreError("The log is full.", "Make room."))
    assert titles(window) == ["The log is full."]


def test_the_demos_spec_is_where_the_window_looks_for_it():
    assert Path(__file__).resolve().parents[2] / "resources" / "demo" / "demo.toml" == DEMO_SPEC
    assert DEMO_SPEC.is_file()
