"""What a job is. Imports no torch: the window makes jobs, the engine does them."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from core.audit.spec import AuditSpec, parse_spec, read_spec
from core.audit.store import SPEC_NAME
from core.engine.gate import Lane
from core.progress import Progress

if TYPE_CHECKING:
    from core.engine.models import Models


@dataclass(frozen=True)
class Desk:
    """What a job finds in the engine.

    Attributes
    ----------
    progress
        Steps, and where it may be stopped or overtaken.
    models
        Opened targets, attack networks and audits, kept from job to job.
    partial
        Sends a part of the value ahead.
    """

    progress: Progress
    models: "Models"
    partial: Callable[[object], None]


@dataclass(frozen=True)
class Gentler:
    """How to try again with less memory, and what to tell a person about it."""

    job: "Job"
    words: str


@dataclass(frozen=True)
class Job:
    """Work for the engine: a frozen dataclass that pickles.

    Attributes
    ----------
    device
        "auto", "cpu" or "cuda:N".
    trusted
        SHA-256 of model files with code that somebody trusts, besides those in the list of consents.
    """

    lane: ClassVar[Lane] = Lane.BRIEF
    device: str = field(default="auto", kw_only=True)
    trusted: frozenset[str] = field(default=frozenset(), kw_only=True)

    @abstractmethod
    def run(self, desk: Desk) -> object:
        """Do it, in the engine. Raises `SegLeakError` where it cannot be done, `Cancelled` where it was stopped."""

    def gentler(self) -> Gentler | None:
        """What to try when memory ran out; None where nothing is left."""
        return None if self.device == "cpu" else Gentler(self.on_cpu(), "It will be tried on the CPU.")

    def on_cpu(self) -> Self:
        """The same job on the CPU."""
        return replace(self, device="cpu")


@dataclass(frozen=True)
class SpecTable:
    """A spec that is in no file yet.

    Attributes
    ----------
    table
        As the TOML document.
    folder
        Where its relative paths begin.
    """

    table: Mapping[str, Any]
    folder: Path


SpecSource = Path | SpecTable
"""An audit folder, a spec file, or a spec in no file."""


def spec_of(source: SpecSource) -> AuditSpec:
    """The spec. Raises `SpecError` naming the file and key."""
    if isinstance(source, SpecTable):
        return parse_spec(source.table, source.folder)
    return read_spec(source / SPEC_NAME if source.is_dir() else source)
