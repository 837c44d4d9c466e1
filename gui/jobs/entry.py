"""One piece of long work and its log. Knows nothing of Qt."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from gui.jobs.words import duration, speed, time_left

MOST_LINES = 2000
"""Lines of a log; the oldest give way."""


class State(StrEnum):
    """How far work is."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing happens any more."""
        return self in {State.DONE, State.STOPPED, State.FAILED}

    @property
    def at_work(self) -> bool:
        """Whether its turn has come and it has not ended."""
        return self in {State.RUNNING, State.PAUSED}


@dataclass(frozen=True)
class Step:
    """Where work is, as `core.engine.events.JobProgress` has it; a total of 0 means that nobody knows.

    Attributes
    ----------
    percent
        Whether a share says more than the count of steps.
    aside
        What it waits for, which stands in the place of its speed.
    """

    stage: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    rate: float | None = None
    seconds_left: float | None = None
    percent: bool = False
    aside: str = ""

    def held(self, aside: str) -> "Step":
        """The same, waiting for something; empty: no longer."""
        return replace(self, aside=aside)

    @property
    def count(self) -> str:
        """The stage and how many of its steps are done."""
        count = f" {self.done}/{self.total}" if self.total else ""
        if self.percent and self.total:
            count = f", {100 * self.done // self.total} %"
        return f"{self.stage or 'Waiting for the engine'}{count}"

    @property
    def pace(self) -> str:
        """Speed and time left, as far as they are known."""
        if self.aside:
            return self.aside
        return ", ".join(filter(None, (speed(self.rate, self.stage), time_left(self.seconds_left))))


@dataclass(frozen=True)
class Controls:
    """What a person can do about work; None: it cannot be done.

    `pause` takes whether to hold the work; `again` begins what has not ended well once more.
    """

    stop: Callable[[], object] | None = None
    pause: Callable[[bool], object] | None = None
    again: Callable[[], object] | None = None


@dataclass(eq=False)
class Entry:
    """A line in the list of jobs.

    Attributes
    ----------
    title
        What it is called, such as "Audit Streets".
    controls
        What can be done about it.
    state, step
        How far it is.
    outcome
        How it ended, in a sentence; empty before.
    log
        What it said, each with its time.
    lasting
        Whether closing the window is worth a question while it goes on.
    later
        What becomes of it where the window is closed, in a sentence; empty where that is said already.
    """

    title: str
    controls: Controls = Controls()
    state: State = State.WAITING
    step: Step = Step()
    outcome: str = ""
    log: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    begun: float = 0.0
    lasting: bool = True
    later: str = ""

    def note(self, text: str) -> None:
        """Add lines to the log."""
        when = datetime.now().strftime("%H:%M:%S")
        self.log.extend(f"{when}  {line}" for line in text.splitlines() if line.strip())

    def begin(self) -> None:
        """Its turn has come."""
        self.state, self.step, self.outcome, self.begun = State.RUNNING, Step(), "", time.monotonic()
        self.note("Begun.")

    def advance(self, step: Step) -> None:
        """Take in where it is; stages and messages go to the log, single steps do not."""
        if step.stage != self.step.stage:
            self.note(f"{step.stage}: {step.total}." if step.total and not step.percent else f"{step.stage}.")
        if step.message and step.message != self.step.message:
            self.note(f"{step.message[:1].upper()}{step.message[1:]}.")
        self.step = step

    def hold(self, paused: bool) -> None:
        """It is held, or goes on."""
        self.state = State.PAUSED if paused else State.RUNNING
        self.note("Paused." if paused else "Goes on.")

    def end(self, state: State, outcome: str, details: str = "") -> None:
        """It has ended."""
        self.state, self.outcome = state, outcome
        self.note(f"{outcome} It took {duration(time.monotonic() - self.begun)}." if self.begun else outcome)
        self.note(details)

    @property
    def words(self) -> str:
        """How far it is, in one line."""
        if self.state.ended:
            return self.outcome
        if self.state is State.WAITING:
            return "Waits for its turn"
        pace = "paused" if self.state is State.PAUSED else self.step.pace
        return ", ".join(filter(None, (self.step.count, pace)))
