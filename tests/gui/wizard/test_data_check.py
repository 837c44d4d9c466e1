"""The data check that the page begins: in the list of jobs, stopped, and found again."""

import pytest
from PySide6.QtWidgets import QLabel

from core.data.samples import Role
from core.engine import events
from core.engine.jobs import CheckImages, FoundSet, LookAtImages
from gui.jobs.entry import State
from tests.gui.wizard.helpers import answer, asked


def test_a_large_set_is_checked_when_a_person_asks(qtbot, window, page, tmp_path):
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    answer(window, LookAtImages, (FoundSet("Many.", images=100_000, labelled=100_000),))
    assert asked(window, CheckImages) == []
    assert page.images.check.isVisible()
    assert page.images.check.text() == "Check 100,000 images"
    page.images.check.click()
    assert len(asked(window, CheckImages)) == 1


def test_the_data_check_is_in_the_list_of_jobs_and_is_stopped_there_and_on_the_page(
    qtbot, window, page, tmp_path, monkeypatch
):
    monkeypatch.setattr("gui.jobs.line.MOMENT_MS", 10)
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    answer(window, LookAtImages, (FoundSet("Many.", images=5000, labelled=0),))
    board, engine, images = window.furniture.running.board, window.furniture.engine, page.images
    images.check.click()
    qtbot.waitUntil(lambda: bool(board.entries))
    (entry,) = board.entries
    assert (entry.title, entry.state) == ("Data check of 5,000 images", State.RUNNING)
    engine.progressed.emit(events.JobProgress(len(engine.jobs), "Reading files", 1000, 5000, "", 50.0, 80.0))
    assert entry.words == "Reading files 1000/5000, 50 files/s, 1 min left"
    assert entry.words in [label.text() for label in images.findChildren(QLabel)]
    assert not images.check.isVisible()
    images._progress.stop.click()
    assert ("cancel", len(engine.jobs)) in engine.calls
    assert (entry.state, images.check.isVisible(), images._progress.isVisible()) == (State.STOPPED, True, False)
    entry.controls.again()
    qtbot.waitUntil(lambda: [e.state for e in board.entries] == [State.RUNNING])
    board.entries[0].controls.stop()
    assert (board.entries[0].state, images.check.isVisible()) == (State.STOPPED, True)


def counted_checks(window):
    return len(asked(window, CheckImages))


def come_back(qtbot, window, sets):
    """Show the page again, and answer what it asks about its images."""
    before = len(asked(window, LookAtImages))
    window.registry.trigger("audit.new")
    qtbot.waitUntil(lambda: len(asked(window, LookAtImages)) == before + 1, timeout=5000)
    answer(window, LookAtImages, sets)


FINDING = {"severity": "warning", "code": "near-duplicates", "sentence": "Two are alike.", "items": []}
MANY = (FoundSet("Many.", images=5000, labelled=0),)


@pytest.fixture
def being_checked(qtbot, window, page, tmp_path, monkeypatch):
    """The number of the job that checks the page's images."""
    monkeypatch.setattr("gui.jobs.line.MOMENT_MS", 10)
    page.composer.add_images(Role.MEMBER, [tmp_path / "m"])
    qtbot.waitUntil(lambda: bool(asked(window, LookAtImages)), timeout=5000)
    answer(window, LookAtImages, MANY)
    page.images.check.click()
    qtbot.waitUntil(lambda: bool(window.furniture.running.board.entries))
    return len(window.furniture.engine.jobs)


def test_a_data_check_goes_on_when_the_page_is_left_and_its_findings_are_there_when_it_comes_back(
    qtbot, window, page, being_checked
):
    (entry,), engine = window.furniture.running.board.entries, window.furniture.engine
    page.footer.back_pressed.emit()
    assert window.welcome.isVisible() and entry.state is State.RUNNING
    engine.progressed.emit(events.JobProgress(being_checked, "Reading files", 2000, 5000, "", 50.0, 60.0))
    assert entry.step.done == 2000
    engine.done.emit(events.JobDone(being_checked, {"findings": [FINDING]}))
    assert entry.state is State.DONE and ("cancel", being_checked) not in engine.calls
    come_back(qtbot, window, MANY)
    assert page.images.findings == ["Two are alike."] and counted_checks(window) == 1
    assert (page.images.check.isVisible(), page.images.check.text()) == (True, "Check again")


def test_a_page_that_comes_back_shows_the_data_check_that_goes_on(qtbot, window, page, being_checked):
    engine = window.furniture.engine
    page.footer.back_pressed.emit()
    come_back(qtbot, window, MANY)
    engine.progressed.emit(events.JobProgress(being_checked, "Reading files", 3000, 5000, "", 50.0, 40.0))
    assert page.images._progress.isVisible() and not page.images.check.isVisible()
    engine.done.emit(events.JobDone(being_checked, {"findings": [FINDING]}))
    assert page.images.findings == ["Two are alike."] and counted_checks(window) == 1
    page.images.check.click()
    assert counted_checks(window) == 2


def test_images_that_came_while_the_page_was_left_are_checked_anew(qtbot, window, page, being_checked):
    page.footer.back_pressed.emit()
    window.furniture.engine.done.emit(events.JobDone(being_checked, {"findings": [FINDING]}))
    come_back(qtbot, window, (FoundSet("Fewer.", images=50, labelled=0),))
    assert page.images.findings == [] and counted_checks(window) == 2


def test_other_folders_stop_a_data_check(qtbot, window, page, being_checked, tmp_path):
    page.composer.add_images(Role.MEMBER, [tmp_path / "n"])
    qtbot.waitUntil(lambda: ("cancel", being_checked) in window.furniture.engine.calls, timeout=5000)
    assert window.furniture.running.board.entries[0].state is State.STOPPED


def test_a_data_check_that_fails_while_the_page_is_left_says_why_in_the_list_and_on_the_page(
    qtbot, window, page, being_checked
):
    page.footer.back_pressed.emit()
    window.furniture.engine.failed.emit(events.JobFailed(being_checked, "The disk is gone.", "Plug it in."))
    assert window.furniture.running.board.entries[0].outcome == "The disk is gone."
    come_back(qtbot, window, MANY)
    assert page.images.findings == ["The disk is gone. Plug it in."] and page.images.check.isVisible()
