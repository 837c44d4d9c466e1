"""What the engine process tells the window. Imports no torch.

Every job ends with exactly one of `JobDone`, `JobFailed` and `JobCancelled`, also when the engine dies under it.
Arrays inside of values may be mapped from a file: they can be read, not written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.engine.jobs.base import Job


class Death(StrEnum):
    """Why an engine process ended."""

    CLOSED = "closed"  # it was asked to
    KILLED = "killed"  # by the system or by somebody, not by this program
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"


@dataclass(frozen=True)
class EngineStarted:
    """A process was started; it is not warm yet."""

    process: int


@dataclass(frozen=True)
class EngineWarm:
    """The libraries are loaded.

    Attributes
    ----------
    device
        What "auto" means here: "cpu" or "cuda:N".
    describe
        The device in words, such as "cpu (1 thread)".
    versions
        As `core.versions.versions`.
    """

    device: str
    describe: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class EngineDied:
    """The process has ended. Whatever was in work follows, each with an ending of its own.

    Attributes
    ----------
    exit_code
        As the system gave it; negative: the signal.
    reason, message, remedy
        Why, in a word and in sentences, and what happens now.
    details
        What the process said at last, for a report; may be empty.
    """

    exit_code: int | None
    reason: Death
    message: str
    remedy: str
    details: str = ""


@dataclass(frozen=True)
class JobStarted:
    """The job's turn has come."""

    job: int


@dataclass(frozen=True)
class JobProgress:
    """Where a job is; at most some twenty a second. As `core.progress.Progress`."""

    job: int
    stage: str
    done: int
    total: int
    message: str
    rate: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class JobPartial:
    """A part of a job's value, ahead of its end; each job says what it sends."""

    job: int
    value: object


@dataclass(frozen=True)
class JobDone:
    """The job has ended well."""

    job: int
    value: object


@dataclass(frozen=True)
class JobFailed:
    """The job has ended in an error, or with its process.

    Attributes
    ----------
    message, remedy
        What went wrong, and what to do or what will be tried.
    details
        The trace of the error, for a report.
    again
        What to submit to try again, gentler where memory ran out; None where it would fail again.
    trust
        SHA-256 of a file whose code may run only after somebody has said that they trust it; or empty.
    """

    job: int
    message: str
    remedy: str = ""
    details: str = ""
    again: "Job | None" = None
    trust: str = ""


@dataclass(frozen=True)
class JobCancelled:
    """The job has ended because somebody asked for it. What it had finished is kept."""

    job: int


JobEnd = JobDone | JobFailed | JobCancelled
JobEvent = JobStarted | JobProgress | JobPartial | JobEnd
Event = EngineStarted | EngineWarm | EngineDied | JobEvent
