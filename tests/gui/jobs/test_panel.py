"""Entries, their words, and the panel that lists them."""

import re

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton, QToolButton

from core.engine import events
from gui.dialogs import question, stop_and_close
from gui.jobs.board import MOST_ENDED, Board
from gui.jobs.entry import MOST_LINES, Controls, Entry, State, Step
from gui.jobs.line import Line
from gui.jobs.panel import JobsPanel
from gui.jobs.words import duration, speed
from tests.gui.jobs.helpers import A, B, C, button_of, press, progress, titles


def test_the_line_says_stage_count_speed_and_time_left():
    entry = Entry("A")
    assert entry.words == "Waits for its turn"
    entry.begin()
    assert entry.words == "Waiting for the engine"
    entry.advance(Step("Auditing", 12, 48, "", 3.14, 130.0))
    assert entry.words == "Auditing 12/48, 3.1 images/s, 2 min left"
    entry.hold(True)
    assert entry.words == "Auditing 12/48, paused"
    entry.end(State.DONE, "Finished.")
    assert entry.words == "Finished."


def test_speeds_are_said_in_the_unit_that_gives_readable_numbers():
    said = [speed(rate, "Auditing") for rate in (None, 0, 0.05, 0.5, 3.14159, 47.1, 12345)]
    assert said == ["", "", "3 images/min", "30 images/min", "3.1 images/s", "47 images/s", "12345 images/s"]
    assert speed(2, "Hashing files") == "2 files/s"
    assert [duration(s) for s in (0, 59, 60, 5400)] == ["1 s", "59 s", "1 min", "1.5 h"]


def test_the_log_holds_stages_messages_and_times_and_not_every_step():
    entry = Entry("A")
    entry.begin()
    for done in range(40):
        entry.advance(Step("Auditing", done, 40, "memory ran out: batches of 2" if done > 20 else ""))
    entry.end(State.STOPPED, "Stopped.")
    assert all(re.match(r"\d\d:\d\d:\d\d  \S", line) for line in entry.log)
    said = [line[10:] for line in entry.log]
    assert said == ["Begun.", "Auditing: 40.", "Memory ran out: batches of 2.", "Stopped. It took 1 s."]
    for number in range(3 * MOST_LINES):
        entry.note(str(number))
    assert len(entry.log) == MOST_LINES


def test_ended_jobs_give_way_when_they_become_many(qtbot):
    board = Board()
    for number in range(2 * MOST_ENDED):
        entry = Entry(str(number), state=State.DONE)
        board.add(entry)
    assert len(board.entries) == MOST_ENDED
    assert board.entries[-1].title == str(2 * MOST_ENDED - 1)


def test_a_hundred_steps_a_second_are_told_a_few_times_and_the_last_one_is_among_them(qtbot, heard):
    board, entry = Board(), Entry("A", state=State.RUNNING)
    board.add(entry)
    told = heard(board.changed)
    for done in range(100):
        entry.advance(Step("Auditing", done, 100))
        board.step(entry)
    assert len(told.got) == 1
    qtbot.waitUntil(lambda: len(told.got) == 2)
    assert entry.step.done == 99
    qtbot.wait(300)
    assert len(told.got) == 2


@pytest.fixture
def line(qtbot, running, monkeypatch):
    monkeypatch.setattr("gui.jobs.line.MOMENT_MS", 50)
    return Line(running.board, Controls(), running)


def test_work_that_takes_no_more_than_a_moment_leaves_no_line(qtbot, running, line):
    line.begin("Numbers")
    line.advance(Step("Scoring again", 1, 2))
    line.end(State.DONE, "Finished.")
    qtbot.wait(120)
    assert running.board.entries == ()


def test_work_that_takes_longer_gets_one_line_however_often_it_begins_anew(qtbot, running, line):
    for title in ("First", "Second"):
        line.begin(title)
        qtbot.waitUntil(lambda title=title: titles(running) == [(title, State.RUNNING)])
        line.advance(progress(1, 3, 9, stage="Scoring again"))
    assert running.board.entries[0].words == "Scoring again 3/9, 2.5 images/s, 20 s left"
    line.fail(events.JobFailed(1, "The posteriors are gone.", "Run the audit again."))
    assert titles(running) == [("Second", State.FAILED)]
    assert "Run the audit again." in "\n".join(running.board.entries[0].log)
    line.advance(progress(1, 4))
    line.end(State.DONE, "Finished.")  # of what has ended already
    assert titles(running) == [("Second", State.FAILED)]


def test_closing_asks_about_what_would_be_lost_and_not_about_what_is_worked_out_again(qtbot, running, line):
    line.begin("Numbers of Gauss")
    qtbot.waitUntil(lambda: bool(running.board.at_work))
    assert stop_and_close(running.board, None)
    running.begin(A)
    assert question(running.board) == "A is running. Stop and close?"


def test_keys_that_were_meant_for_something_else_stop_nothing(running, monkeypatch):
    boxes = []

    def press_enter(box):
        boxes.append((box.defaultButton().text(), box.escapeButton().text()))
        box.defaultButton().click()

    monkeypatch.setattr(QMessageBox, "exec", press_enter)
    running.begin(A)
    assert not stop_and_close(running.board, None)
    assert boxes == [("Keep running", "Keep running")]


def test_the_panel_follows_the_job_and_its_log_can_be_copied(running, engine, panel, qtbot):
    assert "Nothing runs" in panel._nothing.text()
    assert panel._nothing.isVisible()
    running.begin(A)
    running.begin(B)
    assert not panel._nothing.isVisible()
    engine.progressed.emit(progress(1, 12))
    qtbot.waitUntil(
        lambda: "Auditing 12/48, 2.5 images/s, 20 s left" in panel._cards[running.board.entries[0]]._words.words
    )
    (copy,) = [b for b in panel.findChildren(QPushButton) if b.text() == "Copy log"]
    copy.click()
    assert QGuiApplication.clipboard().text().endswith("Auditing: 48.")
    panel.list.setCurrentRow(1)
    assert "Waits until A has ended." in panel.log.toPlainText()
    engine.progressed.emit(progress(1, 13, message="memory ran out: batches of 2 from now on"))
    panel.list.setCurrentRow(0)
    assert panel.log.toPlainText().endswith("Memory ran out: batches of 2 from now on.")


def test_the_order_of_waiting_jobs_is_changed_by_buttons(running, panel, qtbot):
    for job in (A, B, C):
        running.begin(job)
    assert not button_of(panel, "Earlier", "B").isEnabled(), "nothing waits before it"
    press(panel, "Later", "B")
    qtbot.waitUntil(lambda: [title for title, _ in titles(running)] == ["A", "C", "B"])
    press(panel, "Take off the list", "B")
    qtbot.waitUntil(lambda: [title for title, _ in titles(running)] == ["A", "C"])


def test_every_card_names_its_buttons_and_a_job_without_controls_has_none(qtbot):
    board = Board()
    panel = JobsPanel(board)
    qtbot.addWidget(panel)
    board.add(Entry("Export", Controls(), State.RUNNING))
    assert panel.list.itemWidget(panel.list.item(0)).findChildren(QToolButton) == []
    board.add(Entry("Other", Controls(stop=lambda: None), State.RUNNING))
    (button,) = panel.list.itemWidget(panel.list.item(1)).findChildren(QToolButton)
    assert button.accessibleName() == "Stop; what is finished is kept: Other"
