"""What the window asks of the engine process. Imports no torch."""

from dataclasses import dataclass

from core.engine.jobs.base import Job


@dataclass(frozen=True)
class Submit:
    """Do a job."""

    number: int
    job: Job


@dataclass(frozen=True)
class Cancel:
    """Stop a job, or forget it where it waits."""

    number: int


@dataclass(frozen=True)
class Pause:
    """Hold a job between two steps."""

    number: int


@dataclass(frozen=True)
class Resume:
    """Let a held job go on."""

    number: int


@dataclass(frozen=True)
class Close:
    """Stop everything and end."""


Command = Submit | Cancel | Pause | Resume | Close
