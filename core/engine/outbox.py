"""The engine's side of the events: sends them in order, from any thread. Imports no torch."""

import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from core.engine.arrays import pack
from core.engine.death import LastWords
from core.engine.events import Event, JobProgress
from core.progress import Progress

BETWEEN = 0.05
"""Seconds between two reports of progress of a stage."""


class Outbox:
    """Sends events to the window. Where nobody listens any more, they are lost: the process is about to end.

    Parameters
    ----------
    events
        The pipe.
    exchange
        The folder for large arrays.
    """

    def __init__(self, events: Connection, exchange: Path) -> None:
        self._events, self._exchange = events, exchange
        self._lock = threading.Lock()

    def send(self, event: Event) -> None:
        """Send an event. Raises `OSError` where an array cannot be written."""
        parcel = pack(event, self._exchange)
        self._put(parcel)

    def last_words(self, text: str) -> None:
        """Say why the process is about to end."""
        self._put(LastWords(text))

    def _put(self, message: object) -> None:
        with self._lock:
            try:
                self._events.send(message)
            except BrokenPipeError:
                return


class Reporter:
    """Turns a job's progress into events, not too many of them."""

    def __init__(self, number: int, outbox: Outbox) -> None:
        self._number, self._outbox = number, outbox
        self._stage = ""
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Report, unless the last report of this stage is very young and this is not its end."""
        now = time.monotonic()
        young = progress.stage == self._stage and now - self._last < BETWEEN
        if young and progress.done < progress.total:
            return
        self._stage, self._last = progress.stage, now
        rate, left = progress.rate, progress.seconds_left
        at = (progress.stage, progress.done, progress.total, progress.message)
        self._outbox.send(JobProgress(self._number, *at, rate, left))
