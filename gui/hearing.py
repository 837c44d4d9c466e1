"""What the engine says of one job, among all that it says."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SignalInstance

from core.engine import events


def hear_ours(number: Callable[[], int | None], *pairs: tuple[SignalInstance, Callable[[Any], object]]) -> None:
    """Connect signals of the engine with what hears them, where the event is of one's own job.

    `number` gives that of the job that is under way; None: none is.
    """
    for signal, hear in pairs:
        signal.connect(_only(number, hear))


def _only(number: Callable[[], int | None], hear: Callable[[Any], object]) -> Callable[[events.JobEvent], None]:
    def check(event: events.JobEvent) -> None:
        if event.job == number():
            hear(event)

    return check
