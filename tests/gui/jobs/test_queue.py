"""The queue of audits: what runs, what waits, and what is said of either."""

from dataclasses import replace

import pytest

from core.engine import events
from core.errors import SegLeakError
from gui.dialogs import question
from gui.jobs.entry import State
from gui.running import QUEUE, RUN
from tests.gui.jobs.helpers import A, B, C, press, titles

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
