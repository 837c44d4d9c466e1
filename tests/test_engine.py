import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.engine.arrays import pack, unpack
from core.engine.client import EngineState
from core.engine.events import EngineWarm, JobCancelled, JobDone, JobFailed, JobPartial, JobProgress, JobStarted
from core.engine.exchange import ExchangeFolder
from core.engine.gate import Gate, GatedProgress, Lane
from core.engine.jobs import Job, RunAudit
from core.engine.recent import Recent
from core.errors import Cancelled, SegLeakError
from core.places import cache_folder
from tests.engine_world import (
    ENDS,
    Echo,
    Engine,
    Large,
    LongSteps,
    LookSteps,
    Raise,
    Steps,
    Surroundings,
    gone,
    light,
    times_of,
)

EXCHANGE = cache_folder() / "engine"


@pytest.fixture(scope="module")
def engine():
    with Engine(light) as engine:
        yield engine


# ---------------------------------------------------------------- values on their way


def test_arrays_arrive_as_they_were_and_their_file_is_gone_at_once(tmp_path):
    rng = np.random.default_rng(0)
    value = {
        "maps": [rng.random((200, 300)).astype(np.float32), rng.integers(0, 255, (300, 200, 3)).astype(np.uint8)],
        "turned": rng.random((200, 100)).T,
        "cut": rng.random((400, 400))[::2, ::3],
        "small": np.arange(5),
        "words": "as they are",
    }
    parcel = pack(value, tmp_path)
    assert len(parcel.pickled) < value["cut"].nbytes + 2000  # what is not contiguous stays in the pickle
    assert [p.suffix for p in tmp_path.iterdir()] == [".arrays"]
    back = unpack(parcel)
    assert list(tmp_path.iterdir()) == []
    for one, other in zip(value["maps"], back["maps"], strict=True):
        np.testing.assert_array_equal(one, other)
        assert not other.flags.writeable
    for key in ("turned", "cut", "small", "words"):
        np.testing.assert_array_equal(value[key], back[key])


def test_without_large_arrays_there_is_no_file(tmp_path):
    assert unpack(pack({"a": np.ones(3)}, tmp_path))["a"].sum() == 3
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_cache_folder_does_not_stop_the_arrays(tmp_path):
    folder = tmp_path / "deleted" / "meanwhile"
    assert unpack(pack(np.ones((100, 100)), folder)).sum() == 10_000


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what is mapped")
def test_the_room_of_an_array_is_given_back_when_it_is_gone(engine):
    before = mapped_arrays()
    value = engine.value(Large(512))
    assert value["ones"].sum() == 512 * 512
    assert engine.ear.of(JobPartial)[-1].value["ahead"].max() == 2
    assert len(mapped_arrays() - before) == 2
    del value
    engine.ear.events.clear()
    assert mapped_arrays() <= before
    assert not list(EXCHANGE.rglob("*.arrays"))


def mapped_arrays():
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {line.split()[-2] for line in lines if ".arrays" in line}


def test_folders_of_dead_owners_are_swept_and_those_of_living_ones_stay(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "x.arrays").write_bytes(b"left behind")
    (tmp_path / "old.lock").write_text("1")
    (tmp_path / "older").mkdir()
    one = ExchangeFolder(tmp_path)
    two = ExchangeFolder(tmp_path)
    assert {p.name for p in tmp_path.iterdir() if p.is_dir()} == {one.path.name, two.path.name}
    (one.path / "x").write_bytes(b"")
    one.clear()
    assert list(one.path.iterdir()) == []
    one.close()
    two.close()
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- jobs


def test_every_job_starts_and_ends_once_and_gives_its_value(engine):
    numbers = [engine.submit(Echo(i)) for i in range(20)]
    assert [engine.ear.end(n).value for n in numbers] == list(range(20))
    for number in numbers:
        assert len(engine.ear.of(JobStarted, number)) == len(engine.ear.of(ENDS, number)) == 1
    assert engine.state is EngineState.WARM
    assert len(engine.ear.of(EngineWarm)) <= 1


def test_progress_is_reported_often_enough_and_not_too_often(engine):
    number = engine.submit(Steps(100, 0.002))
    engine.ear.end(number)
    reports = engine.ear.of(JobProgress, number)
    assert 2 <= len(reports) < 60
    assert {r.stage for r in reports} == {"Stepping"}
    assert [r.done for r in reports] == sorted(r.done for r in reports)
    assert (reports[-1].done, reports[-1].total) == (100, 100)
    assert reports[-1].rate > 0
    assert reports[-1].seconds_left == 0


def test_a_running_job_is_cancelled_within_a_second_and_a_waiting_one_at_once(engine):
    running, waiting = engine.submit(LongSteps(10_000)), engine.submit(LongSteps(10_000))
    engine.ear.first(JobPartial, running)
    asked = time.monotonic()
    engine.cancel(waiting)
    assert isinstance(engine.ear.end(waiting), JobCancelled)
    assert not engine.ear.of(ENDS, running)
    assert not engine.ear.of(JobStarted, waiting)
    engine.cancel(running)
    assert isinstance(engine.ear.end(running), JobCancelled)
    assert time.monotonic() - asked < 1
    engine.cancel(running)
    engine.cancel(10**6)
    assert engine.value(Echo("still there")) == "still there"


def test_a_paused_job_stands_still_lets_others_pass_and_goes_on(engine):
    number = engine.submit(Steps(40, 0.005))
    engine.ear.first(JobPartial, number)
    engine.pause(number)
    assert engine.value(LookSteps(2)) == 2
    assert engine.value(LongSteps(2)) == 2
    at_rest = len(times_of(engine.ear, number))
    time.sleep(0.1)
    assert len(times_of(engine.ear, number)) <= at_rest + 1
    assert not engine.ear.of(ENDS, number)
    engine.resume(number)
    assert isinstance(engine.ear.end(number), JobDone)


def test_a_paused_job_can_be_cancelled(engine):
    number = engine.submit(Steps(1000))
    engine.ear.first(JobPartial, number)
    engine.pause(number)
    engine.cancel(number)
    assert isinstance(engine.ear.end(number, 5), JobCancelled)


def test_what_is_looked_at_overtakes_a_long_job_between_two_steps(engine):
    long = engine.submit(LongSteps(2000, 0.002))
    engine.ear.first(JobPartial, long)
    look = engine.submit(LookSteps(20, 0.01))
    engine.ear.end(look)
    assert not engine.ear.of(ENDS, long)
    first, *_, last = times_of(engine.ear, look)
    engine.ear.wait(lambda e: isinstance(e, JobPartial) and e.job == long and e.value[1] > last)
    engine.cancel(long)
    engine.ear.end(long)
    # One step may have been on its way when the look began.
    assert sum(first < t < last for t in times_of(engine.ear, long)) <= 1


@pytest.mark.parametrize(
    ("kind", "message", "remedy"),
    [
        ("known", "a.png: is broken.", "Mend it."),
        ("disk", "/a/b: No space left on device.", "room"),
        ("bug", "ZeroDivisionError: division by zero", "Report it"),
        ("memory", "Memory ran out", "CPU"),
        ("gpu memory", "Memory ran out", "CPU"),
    ],
)
def test_a_job_that_raises_fails_with_words_and_the_engine_lives_on(engine, kind, message, remedy):
    end = engine.do(Raise(kind))
    assert isinstance(end, JobFailed)
    assert message in end.message
    assert remedy in end.remedy
    assert "Traceback" in end.details
    assert end.again == (Raise(kind, device="cpu") if "memory" in kind else None)
    assert engine.value(Echo(1)) == 1


def test_a_file_of_code_fails_with_the_hash_that_can_be_trusted(engine):
    assert engine.do(Raise("trust")).trust == "ab" * 32


def test_where_memory_ran_out_on_the_cpu_nothing_is_left_to_try(engine):
    end = engine.do(Raise("memory", device="cpu"))
    assert end.again is None
    assert "tile" in end.remedy


def test_an_audit_is_tried_with_single_images_then_on_the_cpu_then_no_more(tmp_path):
    job: Job | None = RunAudit(tmp_path, tmp_path)
    tried = []
    while job is not None:
        tried.append((job.most, job.device))
        gentler = job.gentler()
        job = gentler.job if gentler else None
    assert tried == [(None, "auto"), (1, "auto"), (1, "cpu")]


def test_a_listener_that_fails_hears_the_next_event_all_the_same(caplog):
    with Engine(light) as engine:
        heard = engine.ear

        def listen(event):
            heard(event)
            raise ValueError("in the listener")

        engine._listener = listen
        assert engine.value(Echo(5)) == 5
    assert "in the listener" in caplog.text


# ---------------------------------------------------------------- the process


def test_the_engine_takes_little_room(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    with Engine(light) as engine:
        nice, threads, waiting, torch = engine.value(Surroundings())
    assert nice >= min(19, os.nice(0) + 5)
    assert int(threads) == max(1, os.cpu_count() - 1)
    assert waiting == "PASSIVE"
    assert not torch, "a stand-in loads nothing"


def test_threads_that_were_asked_for_go_before_the_environment():
    with Engine(light, threads=3) as engine:
        assert engine.value(Surroundings())[1] == "3"


def test_closed_it_leaves_no_process_thread_or_file():
    threads, folders = set(threading.enumerate()), set(EXCHANGE.iterdir()) if EXCHANGE.exists() else set()
    engine = Engine(light)
    assert engine.state is EngineState.OFF
    running, waiting = engine.submit(LongSteps(10_000)), engine.submit(LongSteps(1))
    engine.do(Large(300))
    engine.ear.first(JobPartial, running)
    pid = engine.ear.pid()
    asked = time.monotonic()
    engine.close()
    assert time.monotonic() - asked < 4
    assert gone(pid, 1)
    assert engine.state is EngineState.OFF
    assert set(threading.enumerate()) == threads
    assert set(EXCHANGE.iterdir()) == folders
    for number in (running, waiting):
        assert isinstance(engine.ear.end(number, 1), JobCancelled)
    with pytest.raises(SegLeakError, match="closed"):
        engine.submit(Echo())
    engine.close()


def test_nothing_is_started_before_it_is_needed():
    engine = Engine(light)
    engine.cancel(1)
    engine.kill()
    engine.close()
    assert engine.ear.events == []


# ---------------------------------------------------------------- the gate


def test_the_gate_lets_only_lower_lanes_overtake():
    gate = Gate()
    passed = []

    def walk(number, lane):
        with gate.at_work(number, lane):
            gate.wait(number, lane, lambda: False)
            passed.append(number)

    with gate.at_work(1, Lane.BRIEF):
        walk(2, Lane.BRIEF)
        walk(3, Lane.LOOK)
        held = threading.Thread(target=walk, args=(4, Lane.LONG))
        held.start()
        held.join(0.1)
        assert passed == [2, 3]
    held.join(5)
    assert passed == [2, 3, 4]


def test_a_held_job_hears_that_it_is_cancelled():
    gate = Gate()
    progress = GatedProgress(1, Lane.LONG, gate, lambda _: None)
    raised = []

    def work():
        try:
            progress.start("held", 1)
        except Cancelled:
            raised.append(True)

    with gate.at_work(2, Lane.LOOK):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.05)
        assert not raised
        progress.cancel()
        thread.join(5)
    assert raised


def test_the_things_used_last_are_kept():
    recent, made = Recent(2), []

    def make(key):
        made.append(key)
        return key.upper()

    for key in "abacab":
        assert recent.get(key, lambda key=key: make(key)) == key.upper()
    assert made == ["a", "b", "c", "b"]
