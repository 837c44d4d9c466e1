"""What the tests of the engine share: a listener that can be waited for, small jobs, processes that load no torch."""

import os
import signal
import sys
import threading
import time
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from core.engine.client import Client
from core.engine.events import EngineStarted, EngineWarm, JobCancelled, JobDone, JobFailed, JobPartial
from core.engine.gate import Lane
from core.engine.jobs import Job
from core.engine.jobs.base import Gentler
from core.engine.process import serve
from core.errors import SegLeakError, TrustNeededError

PATIENCE = 240
"""Seconds until a test gives up waiting: a busy machine takes a minute to load torch."""

ENDS = (JobDone, JobFailed, JobCancelled)


class Ear:
    """A listener that keeps every event and can be waited on."""

    def __init__(self):
        self.events = []
        self._changed = threading.Condition()

    def __call__(self, event):
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait(self, test, patience=PATIENCE):
        """The first event that passes the test, now or later."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(test, self.events)), patience), "it was never heard of"
            return next(filter(test, self.events))

    def of(self, kind, job=None):
        return [e for e in list(self.events) if isinstance(e, kind) and job in {None, getattr(e, "job", None)}]

    def first(self, kind, job=None, patience=PATIENCE):
        return self.wait(lambda e: isinstance(e, kind) and job in {None, getattr(e, "job", None)}, patience)

    def end(self, job, patience=PATIENCE):
        return self.wait(lambda e: isinstance(e, ENDS) and e.job == job, patience)

    def pid(self):
        return self.count(EngineStarted, 1)[-1].process

    def count(self, kind, count):
        """All events of a kind, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.of(kind)) >= count, PATIENCE), "it was never heard of"
        return self.of(kind)


class Engine(Client):
    """A client with its ear."""

    def __init__(self, entry=serve, threads=0):
        self.ear = Ear()
        super().__init__(self.ear, threads, entry)

    def do(self, job):
        """Submit a job and wait for its end."""
        return self.ear.end(self.submit(job))

    def value(self, job):
        end = self.do(job)
        assert isinstance(end, JobDone), f"{end}\n{getattr(end, 'details', '')}"
        return end.value


# ---------------------------------------------------------------- processes


def light(commands, events, exchange, threads):
    """The engine, loading nothing."""
    warm = types.ModuleType("core.engine.warm")
    warm.warm_up = lambda: EngineWarm("cpu", "cpu (stand-in)", {})
    sys.modules["core.engine.warm"] = warm
    import core.engine.models

    core.engine.models.give_back_memory = lambda: None  # it loads torch
    serve(commands, events, exchange, threads)


def cannot_import(commands, events, exchange, threads):
    """An engine whose libraries are damaged."""
    sys.modules["torch"] = None
    serve(commands, events, exchange, threads)


def stillborn(commands, events, exchange, threads):
    os._exit(3)


def deaf(commands, events, exchange, threads):
    """An engine that hears nothing and does not end by itself."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


# ---------------------------------------------------------------- jobs


@dataclass(frozen=True)
class Echo(Job):
    value: Any = None

    def run(self, desk):
        return self.value


@dataclass(frozen=True)
class Large(Job):
    """Gives an array of ones, and sends one ahead."""

    side: int

    def run(self, desk):
        desk.partial({"ahead": np.full((self.side, self.side), 2, np.float32)})
        return {"ones": np.ones((self.side, self.side), np.float32), "few": np.arange(3)}


@dataclass(frozen=True)
class Steps(Job):
    """Steps with pauses; sends the time of each."""

    count: int
    seconds: float = 0.01

    def run(self, desk):
        for i in desk.progress.over("Stepping", range(self.count), self.count):
            time.sleep(self.seconds)
            desk.partial((i, time.monotonic()))
        return self.count


@dataclass(frozen=True)
class LongSteps(Steps):
    lane: ClassVar[Lane] = Lane.LONG


@dataclass(frozen=True)
class LookSteps(Steps):
    lane: ClassVar[Lane] = Lane.LOOK


@dataclass(frozen=True)
class ManyLayers(Job):
    """One forward pass of many slow layers, without a step; sends the time of each layer."""

    lane: ClassVar[Lane] = Lane.LONG

    def run(self, desk):
        import torch

        class Slow(torch.nn.Module):
            def forward(self, x):
                time.sleep(0.01)
                desk.partial(("layer", time.monotonic()))
                return x + 1

        model = torch.nn.Sequential(*(Slow() for _ in range(3000)))
        return model(torch.zeros(1)).item()


@dataclass(frozen=True)
class BriefLayers(ManyLayers):
    lane: ClassVar[Lane] = Lane.BRIEF


@dataclass(frozen=True)
class Raise(Job):
    kind: str

    def run(self, desk):
        errors = {
            "known": SegLeakError("a.png: is broken.", "Mend it."),
            "trust": TrustNeededError("a.pt: is code.", "Say that you trust it.", "ab" * 32),
            "memory": MemoryError(),
            "gpu memory": RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
            "gpu broken": RuntimeError("CUDA error: an illegal memory access was encountered"),
            "disk": OSError(28, "No space left on device", "/a/b"),
            "bug": ZeroDivisionError("division by zero"),
        }
        raise errors[self.kind]


@dataclass(frozen=True)
class Die(Job):
    """Ends its process by a signal (negative) or an exit code."""

    code: int

    def run(self, desk):
        if self.code >= 0:
            os._exit(self.code)
        if self.code == -signal.SIGSEGV:
            import faulthandler

            faulthandler._sigsegv()
        os.kill(os.getpid(), -self.code)
        time.sleep(60)

    def gentler(self):
        return Gentler(Echo("gentler"), "It will be smaller.")


@dataclass(frozen=True)
class Unreadable(Job):
    """Cannot be read by the other side."""

    def __reduce__(self):
        return int, ("not a number",)

    def run(self, desk):
        raise NotImplementedError


@dataclass(frozen=True)
class GivesUnreadable(Job):
    def run(self, desk):
        return Unreadable()


@dataclass(frozen=True)
class Surroundings(Job):
    def run(self, desk):
        return os.nice(0), os.environ["OMP_NUM_THREADS"], os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules


def times_of(ear, job):
    return [event.value[1] for event in ear.of(JobPartial, job)]


def alive(pid):
    """Whether a process runs; one that has ended and waits to be asked is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)
