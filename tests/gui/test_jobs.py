"""The list of jobs: the queue of audits, their cards and logs, and what is kept of them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton, QToolButton

from core.audit.store import AuditStore
from core.engine import events
from core.engine.jobs import RunAudit, SpecTable
from core.errors import SegLeakError
from gui.dialogs import question, stop_and_close
from gui.jobs.board import MOST_ENDED, Board
from gui.jobs.entry import MOST_LINES, Controls, Entry, State, Step
from gui.jobs.kept import Queue, queue_folder, read_queue, write_queue
from gui.jobs.line import Line
from gui.jobs.panel import JobsPanel
from gui.jobs.words import duration, speed
from gui.running import QUEUE, RUN, Running
from gui.status import StatusLine
from tests.gui.stand_ins import FakeEngine

A, B, C = (RunAudit(Path(f"/spec/{name}.toml"), Path(f"/audits/{name}.segleak"), device="cpu") for name in "ABC")


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def running(qtbot, engine):
    status = StatusLine()
    qtbot.addWidget(status)
    made = Running(engine, status)
    yield made
    made.close()


@pytest.fixture
def panel(qtbot, running):
    made = JobsPanel(running.board)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    return made


def left(*jobs, name="gone"):
    """The queue of a window that is gone."""
    queue_folder().mkdir(parents=True, exist_ok=True)
    write_queue(queue_folder() / f"{name}.toml", jobs)


def kept(running):
    running.keeping._background.finish()
    return read_queue(running.keeping.queue.path)


def titles(running):
    return [(entry.title, entry.state) for entry in running.board.entries]


def button_of(panel, words, title):
    """On the cards of now: Qt deletes those of before a moment later."""
    buttons = (button for card in panel._cards.values() for button in card.findChildren(QToolButton))
    return next(button for button in buttons if button.accessibleName() == f"{words}: {title}")


def press(panel, words, title):
    button_of(panel, words, title).click()


def progress(job, done, total=48, message="", stage="Auditing"):
    return events.JobProgress(job, stage, done, total, message, 2.5, 20.0)


# ---------------------------------------------------------------- the queue


def test_audits_run_one_after_another_in_the_order_of_the_list(running, engine):
    for job in (A, B, C):
        running.begin(job)
    assert engine.jobs == [A]
    assert titles(running) == [("A", State.RUNNING), ("B", State.WAITING), ("C", State.WAITING)]
    running.board.move(running.board.entries[2], -1)
    engine.done.emit(events.JobDone(1, {}))
    assert engine.jobs == [A, C]
    engine.done.emit(events.JobDone(2, {}))
    engine.done.emit(events.JobDone(3, {}))
    assert engine.jobs == [A, C, B]
    assert {state for _, state in titles(running)} == {State.DONE}
    assert running.folder is None


def test_an_audit_cannot_be_in_the_queue_twice(running):
    running.begin(A)
    running.begin(B)
    for job in (A, replace(B, device="auto")):
        with pytest.raises(SegLeakError, match="in the list of jobs already"):
            running.begin(job)


def test_what_waits_can_be_taken_off_and_what_runs_cannot(running, engine):
    for job in (A, B, C):
        running.begin(job)
    first, second, _ = running.board.entries
    running.board.remove(first)
    running.board.remove(second)
    assert titles(running) == [("A", State.RUNNING), ("C", State.WAITING)]
    engine.done.emit(events.JobDone(1, {}))
    assert engine.jobs == [A, C]


def test_what_was_said_of_waiting_is_taken_back_when_nothing_waits_any_more(running, heard):
    running.begin(A)
    said, over = heard(running.said), heard(running.over)
    running.begin(B)
    assert [message.subject for message in said.got] == [QUEUE]
    assert QUEUE not in over.got
    running.board.remove(running.board.entries[1])
    assert set(over.got) == {RUN, QUEUE}


def test_a_stopped_audit_lets_the_next_begin_and_can_go_on_later(running, engine, panel, qtbot):
    running.begin(A)
    running.begin(B)
    press(panel, "Stop; what is finished is kept", "A")
    qtbot.waitUntil(lambda: engine.jobs == [A, B])
    assert ("A", State.STOPPED) in titles(running)
    press(panel, "Go on", "A")
    qtbot.waitUntil(lambda: titles(running) == [("B", State.RUNNING), ("A", State.WAITING)])


def test_pausing_in_the_list_and_in_the_status_line_is_the_same(running, engine, panel, qtbot):
    running.begin(A)
    press(panel, "Pause", "A")
    qtbot.waitUntil(lambda: titles(running) == [("A", State.PAUSED)])
    assert running._status._pause.isChecked()
    running._status._pause.click()
    assert titles(running) == [("A", State.RUNNING)]
    assert engine.calls == [("pause", 1), ("resume", 1)]


def test_less_memory_is_tried_at_once_before_what_waits(running, engine):
    running.begin(A)
    running.begin(B)
    gentler = A.gentler()
    engine.failed.emit(events.JobFailed(1, "Memory ran out.", gentler.words, "", gentler.job))
    assert engine.jobs == [A, gentler.job]
    assert titles(running) == [("A", State.RUNNING), ("B", State.WAITING)]


def test_an_audit_that_failed_stays_in_the_list_with_its_reason_and_the_next_begins(running, engine, heard):
    said = heard(running.said)
    running.begin(A)
    running.begin(B)
    engine.failed.emit(events.JobFailed(1, "The target is gone.", "Put it back.", "Traceback: here"))
    assert engine.jobs == [A, B]
    failed = running.board.entries[0]
    assert (failed.state, failed.words) == (State.FAILED, "The target is gone.")
    assert [line.partition("  ")[2] for line in failed.log][-2:] == ["Put it back.", "Traceback: here"]
    assert said.got[-1].title == "A: The target is gone."


def test_where_no_engine_can_be_started_what_waits_keeps_waiting(running, engine, heard, monkeypatch):
    running.begin(A)
    running.begin(B)
    said = heard(running.said)

    def refuse(job):
        raise SegLeakError("The engine cannot be started.")

    monkeypatch.setattr(engine, "submit", refuse)
    running.begin(C)
    engine.done.emit(events.JobDone(1, {}))
    assert titles(running) == [("A", State.DONE), ("B", State.FAILED), ("C", State.WAITING)]
    assert said.got[-1].title == "The engine cannot be started."


def test_the_question_before_closing_names_what_runs_and_counts_what_waits(running):
    running.begin(A)
    assert question(running.board) == "A is running. Stop and close?"
    running.begin(B)
    assert question(running.board) == "A is running, and 1 more waits. Stop and close?"
    running.begin(C)
    assert question(running.board) == "A is running, and 2 more wait. Stop and close?"


# ---------------------------------------------------------------- what is kept


def test_what_ran_and_waited_is_offered_at_the_next_start(qtbot, running, engine, heard):
    table = RunAudit(SpecTable({"name": "t", "run": {"batch": 2}}, Path("/here")), Path("/audits/T.segleak"), most=1)
    for job in (A, table):
        running.begin(job)
    assert kept(running) == [A, table]
    running.close()
    status = StatusLine()
    qtbot.addWidget(status)
    later = Running(FakeEngine(), status)
    said = heard(later.said)
    later.keeping.offer()
    qtbot.waitUntil(lambda: bool(said.got))
    assert said.got[0].title == "Not ended when SegLeak was closed: A, T."
    said.got[0].offers[0].callback()
    assert titles(later) == [("A", State.RUNNING), ("T", State.WAITING)]
    later.close()


def test_what_was_offered_is_kept_until_somebody_answers(qtbot, running, heard):
    left(A, B)
    said = heard(running.said)
    running.keeping.offer()
    qtbot.waitUntil(lambda: bool(said.got))
    running.begin(C)
    assert kept(running) == [C, A, B]
    said.got[0].offers[1].callback()
    assert kept(running) == [C]


def test_what_another_window_has_to_do_is_neither_offered_nor_written_over(qtbot, running, heard):
    other = Queue()
    other.write([A])
    left(B)
    said = heard(running.said)
    running.keeping.offer()
    qtbot.waitUntil(lambda: bool(said.got))
    assert said.got[0].title == "Not ended when SegLeak was closed: B."
    said.got[0].offers[1].callback()
    running.begin(C)
    assert kept(running) == [C]
    assert read_queue(other.path) == [A]
    other.close()
    assert running.keeping.queue.take_over() == [A], "its window is gone now"


def test_what_two_windows_left_is_taken_over_once_and_stands_in_one_file():
    left(A, B, name="one")
    left(B, C, name="two")
    first, second = Queue(), Queue()
    assert sorted(job.folder for job in first.take_over()) == [A.folder, B.folder, C.folder]
    assert second.take_over() == []
    assert list(queue_folder().glob("*.toml")) == [first.path]
    first.close()
    assert len(second.take_over()) == 3
    second.write([])
    second.close()
    assert list(queue_folder().iterdir()) == []


def test_where_the_queue_cannot_be_written_nothing_that_was_left_is_lost(monkeypatch):
    left(A)

    def full(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("gui.jobs.kept.write_text", full)
        assert Queue().take_over() == [A]
    assert Queue().take_over() == [A]


def test_what_another_window_runs_is_not_offered_but_what_follows_it_is(qtbot, running, heard, tmp_path):
    theirs, free = (RunAudit(A.spec, tmp_path / f"{name}.segleak") for name in ("theirs", "free"))
    left(theirs, free)
    with AuditStore.create(theirs.folder):
        said = heard(running.said)
        running.keeping.offer()
        qtbot.waitUntil(lambda: bool(said.got))
    assert said.got[0].title == "Not ended when SegLeak was closed: free."
    running.begin(C)
    assert kept(running) == [C, free, theirs], "what is not offered now may have to be at the next start"


def test_what_another_window_runs_is_left_to_it(running, engine, heard, tmp_path):
    job, taken = RunAudit(A.spec, tmp_path / "theirs.segleak"), heard(running.taken)
    with AuditStore.create(job.folder):
        assert not running.begin(job)
        assert taken.got == [job.folder] and engine.jobs == [] and titles(running) == []
    assert running.begin(job)
    assert engine.jobs == [job]


def test_closing_twice_is_closing_once(running):
    running.close()
    running.close()


def test_what_has_ended_is_not_kept(running, engine):
    running.begin(A)
    engine.done.emit(events.JobDone(1, {}))
    assert kept(running) == []
    running.close()
    assert list(queue_folder().glob("*")) == []


def test_one_damaged_job_does_not_take_the_others_with_it(tmp_path):
    write_queue(tmp_path / "q.toml", [A, B])
    text = (tmp_path / "q.toml").read_text("utf-8").replace(f'folder = "{A.folder}"', "folder = 3")
    (tmp_path / "q.toml").write_text(text, "utf-8")
    assert read_queue(tmp_path / "q.toml") == [B]


@pytest.mark.parametrize(
    "text", ["audits = 3", "audits = [[1]]", "[[audits]]\nfolder = 'x'", "audits = [", "[[audits]]\ndevice = 1"]
)
def test_a_damaged_queue_is_as_if_it_were_empty(text):
    path = queue_folder() / "damaged.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    assert read_queue(path) == []
    assert Queue().take_over() == []


# ---------------------------------------------------------------- entries, words, panel


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
