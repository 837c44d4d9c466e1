"""The engine's events as Qt signals."""

import threading

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QCoreApplication, QThread

from core.engine.client import EngineState
from core.engine.events import EngineDied, EngineStarted, EngineWarm, JobCancelled, JobDone, JobFailed, JobProgress
from gui.engine import EngineClient
from tests.engine_world import Die, Echo, Large, LongSteps, Raise, Steps, light

SIGNALS = [
    "engine_started",
    "engine_warm",
    "engine_died",
    "started",
    "progressed",
    "partial",
    "done",
    "failed",
    "cancelled",
]


@pytest.fixture
def client(qtbot):
    client = EngineClient(entry=light)
    client.heard = []
    for name in SIGNALS:
        getattr(client, name).connect(lambda event, name=name: client.heard.append((name, event)))
    yield client
    client.close()


@pytest.fixture
def wait(qtbot, client):
    """Wait until a signal of a name came for a job; returns its event."""

    def heard(name, job=None):
        return [e for n, e in client.heard if n == name and job in {None, getattr(e, "job", None)}]

    def wait(name, job=None):
        qtbot.waitUntil(lambda: bool(heard(name, job)), timeout=240_000)
        return heard(name, job)[0]

    return wait


def test_each_event_has_its_signal_in_the_threads_order(client, wait):
    threads = set()
    client.done.connect(lambda _: threads.add(QThread.currentThread()))
    number = client.submit(Steps(30))
    assert client.state is EngineState.STARTING
    assert client.heard == [], "a number is known before its events arrive"
    assert isinstance(wait("done", number), JobDone)
    assert [type(wait(name)) for name in ("engine_started", "engine_warm")] == [EngineStarted, EngineWarm]
    assert isinstance(wait("progressed", number), JobProgress)
    names = [name for name, _ in client.heard]
    assert names[:3] == ["engine_started", "engine_warm", "started"]
    assert names[-1] == "done"
    assert names.count("partial") == 30
    assert client.state is EngineState.WARM
    assert threads == {QCoreApplication.instance().thread()}


def test_failures_cancels_and_deaths_arrive(client, wait):
    assert wait("failed", client.submit(Raise("known"))).remedy == "Mend it."
    number = client.submit(LongSteps(10_000))
    wait("partial", number)
    client.pause(number)
    client.resume(number)
    client.cancel(number)
    assert isinstance(wait("cancelled", number), JobCancelled)
    failed = wait("failed", client.submit(Die(5)))
    assert isinstance(failed, JobFailed)
    assert isinstance(wait("engine_died"), EngineDied)
    assert wait("done", client.submit(Echo(7))).value == 7
    client.kill()


def test_arrays_arrive_and_closing_leaves_no_thread(qtbot, client, wait):
    assert wait("done", client.submit(Large(400))).value["ones"].sum() == 160_000
    client.close()
    assert not [t for t in threading.enumerate() if t.name == "engine-events"]
    assert client.state is EngineState.OFF
