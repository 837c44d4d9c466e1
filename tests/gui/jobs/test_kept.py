"""What is kept of the queue for the next start, beside other windows."""

from pathlib import Path

import pytest

from core.audit.store import AuditStore
from core.engine import events
from core.engine.jobs import RunAudit, SpecTable
from gui.jobs.entry import State
from gui.jobs.kept import Queue, queue_folder, read_queue, write_queue
from gui.running import Running
from gui.status import StatusLine
from tests.gui.jobs.helpers import A, B, C, kept, left, titles
from tests.gui.stand_ins import FakeEngine


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
