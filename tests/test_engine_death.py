import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.engine import death
from core.engine.client import EngineState
from core.engine.death import MemoryKills, judge
from core.engine.events import Death, EngineDied, EngineStarted, JobCancelled, JobDone, JobFailed, JobPartial
from core.engine.exchange import ExchangeFolder
from core.places import cache_folder
from tests.engine_world import (
    ENDS,
    Die,
    Echo,
    Engine,
    GivesUnreadable,
    Large,
    LongSteps,
    Raise,
    Unreadable,
    alive,
    cannot_import,
    deaf,
    gone,
    light,
    stillborn,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes by signals")

ROOT = Path(__file__).parents[1]
EXCHANGE = cache_folder() / "engine"


@pytest.fixture
def engine():
    with Engine(light) as engine:
        yield engine
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (-signal.SIGKILL, Death.KILLED, "from outside"),
        (-signal.SIGSEGV, Death.CRASHED, "SIGSEGV"),
        (5, Death.CRASHED, "exit code 5"),
    ],
)
def test_a_death_is_told_in_words_its_job_ends_and_the_next_job_starts_another_engine(engine, code, reason, words):
    waiting = engine.submit(LongSteps(10_000))
    end = engine.do(Die(code))
    (died,) = engine.ear.count(EngineDied, 1)
    assert (died.exit_code, died.reason) == (code, reason)
    assert words in died.message
    assert isinstance(end, JobFailed)
    assert end.message == died.message
    assert end.again == Die(code)
    assert engine.ear.end(waiting).again == LongSteps(10_000)
    assert engine.state is EngineState.OFF
    assert engine.value(Echo("again")) == "again"
    if code == -signal.SIGSEGV:
        assert "Segmentation fault" in died.details
        assert "faulthandler._sigsegv" in died.details or "in run" in died.details


def test_a_kill_for_memory_is_told_from_others_and_makes_the_next_try_gentler(engine, monkeypatch):
    counts = iter([3, 4])
    monkeypatch.setattr(MemoryKills, "now", classmethod(lambda cls: cls(next(counts))))
    end = engine.do(Die(-signal.SIGKILL))
    assert engine.ear.count(EngineDied, 1)[0].reason is Death.OUT_OF_MEMORY
    assert end.again == Echo("gentler")
    assert end.remedy == "It will be smaller."
    monkeypatch.setattr(MemoryKills, "now", classmethod(lambda cls: cls(None)))
    assert engine.value(end.again) == "gentler"


@pytest.mark.parametrize("reason", list(Death))
def test_every_reason_has_words(reason):
    codes = {Death.CLOSED: 0, Death.KILLED: -signal.SIGTERM, Death.OUT_OF_MEMORY: -signal.SIGKILL, Death.CRASHED: -6}
    died = judge(codes[reason], reason is Death.OUT_OF_MEMORY, asked=reason is Death.CLOSED)
    assert died.reason is reason
    assert died.message.endswith(".")


def test_windows_says_by_its_exit_code_that_memory_ran_out():
    assert judge(0xC0000017, False, asked=False).reason is Death.OUT_OF_MEMORY


def test_the_systems_count_of_memory_kills_is_read_where_there_is_one(monkeypatch):
    if sys.platform == "linux":
        assert MemoryKills.now().count >= 0
    assert MemoryKills(4).risen_since(MemoryKills(3))
    assert not MemoryKills(3).risen_since(MemoryKills(3))
    assert not MemoryKills(None).risen_since(MemoryKills(3))


def test_a_graphics_card_that_gives_only_errors_ends_the_engine_after_the_job_has_its_error(engine):
    other = engine.submit(LongSteps(10_000))
    end = engine.do(Raise("gpu broken"))
    assert "illegal memory access" in end.message
    assert "graphics card" in engine.ear.count(EngineDied, 1)[0].message
    assert engine.ear.end(other).again == LongSteps(10_000)


def test_an_engine_whose_libraries_are_damaged_says_which(monkeypatch):
    with Engine(cannot_import) as engine:
        end = engine.do(Echo())
        (died,) = engine.ear.count(EngineDied, 1)
        assert died.exit_code == death.CANNOT_START
        assert "cannot start" in died.message
        assert "torch" in died.details
        assert end.details == died.details


def test_an_engine_that_dies_at_once_is_told_and_not_started_for_ever():
    with Engine(stillborn) as engine:
        engine.start()
        assert engine.ear.count(EngineDied, 1)[0].exit_code == 3
        assert isinstance(engine.do(Echo()), JobFailed)
        time.sleep(0.2)
        assert len(engine.ear.of(EngineDied)) == 2


@pytest.mark.parametrize("job", [Unreadable(), GivesUnreadable()], ids=["asked", "answered"])
def test_what_cannot_be_read_ends_the_engine_and_not_the_window(engine, job):
    end = engine.do(job)
    assert isinstance(end, JobFailed)
    assert "invalid literal for int()" in end.details
    assert engine.value(Echo(3)) == 3


def test_the_cache_may_be_deleted_under_a_running_engine(engine):
    assert engine.value(Echo(1)) == 1
    shutil.rmtree(EXCHANGE)
    assert engine.value(Large(300))["ones"].sum() == 90_000
    shutil.rmtree(EXCHANGE)
    assert isinstance(engine.do(Die(5)), JobFailed)
    assert engine.value(Large(300))["ones"].sum() == 90_000


def test_killed_on_request_its_jobs_end_as_cancelled(engine):
    numbers = [engine.submit(LongSteps(10_000)) for _ in range(3)]
    engine.ear.first(JobPartial, numbers[0])
    pid = engine.ear.pid()
    engine.kill()
    assert all(isinstance(engine.ear.end(n), JobCancelled) for n in numbers)
    assert engine.ear.count(EngineDied, 1)[0].reason is Death.CLOSED
    assert gone(pid, 1)
    assert engine.value(Echo(2)) == 2


def test_an_engine_that_does_not_listen_is_ended_by_force():
    engine = Engine(deaf)
    number = engine.submit(Echo())
    pid = engine.ear.pid()
    engine.close(patience=0.2)
    assert gone(pid, 1)
    assert isinstance(engine.ear.end(number, 1), JobCancelled)


def test_jobs_submitted_while_engines_die_each_end_exactly_once(engine):
    draw = random.Random(1)
    numbers, over = [], threading.Event()

    def submit():
        while not over.is_set():
            numbers.append(engine.submit(draw.choice([Echo(1), Large(120), LongSteps(3, 0.001)])))
            time.sleep(0.002)

    thread = threading.Thread(target=submit)
    thread.start()
    for deaths in (1, 2, 3):
        engine.ear.count(EngineStarted, deaths)
        if deaths > 1:  # the first dies before it is warm
            engine.ear.count(JobDone, len(engine.ear.of(JobDone)) + 1)
        time.sleep(draw.uniform(0, 0.3))
        os.kill(engine.ear.pid(), signal.SIGKILL)
        engine.ear.count(EngineDied, deaths)
    over.set()
    thread.join()
    for number in numbers:
        engine.ear.end(number)
    engine.do(Echo())
    ends = [event.job for event in engine.ear.of(ENDS)]
    assert sorted(ends) == sorted({*numbers, max(ends)})
    assert not list(EXCHANGE.rglob("*.arrays"))


WINDOW = """
import sys, time
from tests.engine_world import Engine, LongSteps, light
if __name__ == "__main__":
    engine = Engine(light)
    number = engine.submit(LongSteps(100_000))
    from core.engine.events import JobPartial
    engine.ear.first(JobPartial, number)
    print(engine.ear.pid(), flush=True)
    time.sleep(600)
"""


def test_the_engine_ends_with_the_window_however_that_ends_and_its_folder_is_swept(tmp_path):
    script = tmp_path / "window.py"
    script.write_text(WINDOW)
    command = [sys.executable, str(script)]
    window = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True)
    pid = int(window.stdout.readline())
    assert alive(pid)
    left = set(EXCHANGE.glob("*/"))
    assert left
    window.send_signal(signal.SIGKILL)
    window.wait()
    window.stdout.close()
    assert gone(pid, 10)
    ExchangeFolder().close()
    assert not left & set(EXCHANGE.iterdir())
