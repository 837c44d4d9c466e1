"""What runs in the engine process. Imports no torch until it has begun."""

import faulthandler
import os
import signal
import sys
import threading
import traceback
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NoReturn

from core.engine.commands import Cancel, Close, Command, Pause, Resume, Submit
from core.engine.death import CANNOT_START, CRASH_NAME, FAILED
from core.engine.lanes import Lanes
from core.engine.outbox import Outbox

NICENESS = 5
BELOW_NORMAL_WINDOWS = 0x4000
GRACE = 1.0
"""Seconds that running jobs get to stop when the process is to end; what they write survives a kill anyway."""


def serve(commands: Connection, events: Connection, exchange: Path, threads: int) -> None:
    """Do jobs until told to close, or until the window is gone.

    Parameters
    ----------
    commands, events
        The pipes from and to the window.
    exchange
        The folder for arrays.
    threads
        How many threads torch may use; 0: as OMP_NUM_THREADS says, or one less than there are cores.
    """
    _settle(exchange, threads)
    outbox = Outbox(events, exchange)
    lanes = Lanes(outbox)
    threading.Thread(target=_warm_up, args=(outbox, lanes), name="warm-up", daemon=True).start()
    try:
        _obey(commands, lanes)
    except BaseException:
        _fail(outbox, FAILED)
    lanes.stop(GRACE)
    os._exit(0)  # without waiting for threads that are deep in a library


def _settle(exchange: Path, threads: int) -> None:
    """Take little room: below normal priority, a core left to the window. Before anything loads torch."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the window decides
    exchange.mkdir(parents=True, exist_ok=True)  # it is part of the cache, which may be deleted at any time
    faulthandler.enable((exchange / CRASH_NAME).open("w", encoding="utf-8"))
    _lower_priority()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in main.py
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    else:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) - 1)))


def _lower_priority() -> None:
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), BELOW_NORMAL_WINDOWS)
    else:
        os.nice(NICENESS)


def _warm_up(outbox: Outbox, lanes: Lanes) -> None:
    """Load the libraries, then let the jobs begin. A process that cannot do that has no use."""
    try:
        from core.engine.warm import warm_up

        outbox.send(warm_up())
    except BaseException:
        _fail(outbox, CANNOT_START)
    lanes.open()


def _fail(outbox: Outbox, code: int) -> NoReturn:
    """End the process with the trace of the exception that is being handled."""
    outbox.last_words(traceback.format_exc())
    os._exit(code)


def _obey(commands: Connection, lanes: Lanes) -> None:
    """Hand commands on until there are no more."""
    parent = parent_process()
    gone = [parent.sentinel] if parent is not None else []
    while True:
        ready = wait([commands, *gone])
        try:
            command: Command = commands.recv() if commands in ready else Close()
        except (EOFError, OSError):
            return
        match command:
            case Submit(number, job):
                lanes.submit(number, job)
            case Cancel(number):
                lanes.cancel(number)
            case Pause(number):
                lanes.gate.pause(number)
            case Resume(number):
                lanes.gate.resume(number)
            case Close():
                return
