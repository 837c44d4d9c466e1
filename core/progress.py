"""What long work tells its caller, and how the caller stops it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from core.errors import Cancelled

T = TypeVar("T")

RATE_WINDOW = 20
"""Steps over which the rate is measured: long enough to be calm, short enough to follow a change."""


class Progress:
    """Counts steps, estimates the time left, carries messages and a request to stop.

    Safe to use from several threads. `listener` is called after every change, in the thread that made it.
    """

    def __init__(self, listener: Callable[["Progress"], None] | None = None) -> None:
        self._listener = listener
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._times: deque[tuple[float, int]] = deque(maxlen=RATE_WINDOW)
        self.stage = ""
        self.message = ""
        self.done = 0
        self.total = 0

    def start(self, stage: str, total: int, done: int = 0) -> None:
        """Begin a stage of `total` steps, `done` of them before now. Raises `Cancelled` if a stop was asked for."""
        self.check()
        with self._lock:
            self.stage, self.total, self.done, self.message = stage, total, done, ""
        self.begin_pace()
        self._tell()

    def step(self, message: str = "", steps: int = 1) -> None:
        """Report `steps` finished. Raises `Cancelled` if a stop was asked for."""
        with self._lock:
            self.done += steps
            self.message = message
            self._times.append((time.monotonic(), self.done))
        self._tell()
        self.check()

    def skip(self, steps: int) -> None:
        """Count steps that were finished before: they say nothing of the speed. Raises as `step`."""
        with self._lock:
            self.done += steps
        self.begin_pace()
        self._tell()
        self.check()

    def begin_pace(self) -> None:
        """Measure the speed anew from now on, as after a pause."""
        with self._lock:
            self._times.clear()
            self._times.append((time.monotonic(), self.done))

    def say(self, message: str) -> None:
        """Show a message without finishing a step."""
        self.message = message
        self._tell()

    def over(self, stage: str, items: Iterable[T], total: int) -> Iterator[T]:
        """Yield each item, one step after each."""
        self.start(stage, total)
        for item in items:
            yield item
            self.step()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether a stop was asked for."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if a stop was asked for."""
        if self._cancelled.is_set():
            raise Cancelled

    @property
    def rate(self) -> float | None:
        """Steps per second over the last steps, or None before two of them."""
        with self._lock:
            if len(self._times) < 2:
                return None
            (t0, n0), (t1, n1) = self._times[0], self._times[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 and n1 > n0 else None

    @property
    def seconds_left(self) -> float | None:
        """Time left in this stage, or None while unknown."""
        rate = self.rate
        return (self.total - self.done) / rate if rate else None

    def _tell(self) -> None:
        if self._listener is not None:
            self._listener(self)
