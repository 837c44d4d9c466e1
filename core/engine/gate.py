"""Who goes first in the engine: work that somebody is waiting for holds up the rest between two steps."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum

from core.progress import Progress


class Lane(IntEnum):
    """Where a job runs: one at a time in each lane, a lower one overtakes a higher one."""

    LOOK = 0  # the image in view: it should follow a slider
    BRIEF = 1  # seconds to minutes, somebody waits for it
    LONG = 2  # an audit
    TRAIN = 3  # hours: audits that are begun meanwhile go first


class Gate:
    """Holds jobs while one of a lower lane is at work, or while they are paused. Used from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work: dict[int, Lane] = {}
        self._paused: set[int] = set()

    @contextmanager
    def at_work(self, number: int, lane: Lane) -> Iterator[None]:
        """Inside the block, the job holds up those of higher lanes."""
        with self._changed:
            self._at_work[number] = lane
        try:
            yield
        finally:
            with self._changed:
                del self._at_work[number]
                self._paused.discard(number)
                self._changed.notify_all()

    def wait(self, number: int, lane: Lane, stopped: Callable[[], bool]) -> bool:
        """Return when the job may go on, or has been stopped; says whether it had to wait."""
        with self._changed:
            held = self._held(number, lane)
            self._changed.wait_for(lambda: stopped() or not self._held(number, lane))
        return held

    def _held(self, number: int, lane: Lane) -> bool:
        # A paused job waits itself, so that nothing has to wait for it.
        return number in self._paused or any(
            other < lane for n, other in self._at_work.items() if n not in self._paused
        )

    def pause(self, number: int) -> None:
        """Hold a job from its next step on."""
        with self._changed:
            self._paused.add(number)
            self._changed.notify_all()

    def resume(self, number: int) -> None:
        """Let a paused job go on."""
        with self._changed:
            self._paused.discard(number)
            self._changed.notify_all()

    def wake(self) -> None:
        """Let everybody look again whether they were stopped."""
        with self._changed:
            self._changed.notify_all()


class GatedProgress(Progress):
    """Progress of a job whose steps pass the gate. What the work computes does not depend on it."""

    def __init__(self, number: int, lane: Lane, gate: Gate, listener: Callable[[Progress], None]) -> None:
        super().__init__(listener)
        self._number = number
        self._lane = lane
        self._gate = gate

    def check(self) -> None:
        """Wait for those who go first. Raises `Cancelled` if a stop was asked for."""
        if self._gate.wait(self._number, self._lane, lambda: self.cancelled):
            self.begin_pace()
        super().check()

    def check_layer(self) -> None:
        """As `check`, between two layers of a model.

        Only long jobs wait there: the others hold the lock of the models, which those who go first want to have.
        """
        if self._lane >= Lane.LONG:
            self.check()
        else:
            super().check()

    def cancel(self) -> None:
        """Ask the work to stop at its next step, also where it is held."""
        super().cancel()
        self._gate.wake()
