"""The table of settings. The dialog, the file and their checks are generated from it. Knows nothing of Qt.

Adding a setting is adding a line here; who needs it reads it from `Preferences`.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import ClassVar

from core.parameters import Choice, param
from gui.colour_names import SEQUENTIAL


@dataclass(frozen=True)
class Look(Choice):
    """How the window looks."""

    name: ClassVar[str] = "look"
    title: ClassVar[str] = "Look"
    theme: str = param("system", "light or dark, or as the system is", choices=("system", "light", "dark"))
    font_scale: float = param(1.0, "size of all texts against the system's", low=0.7, high=2.5)
    restore: bool = param(True, "open the last audit again when the program starts")
    colours: str = param(SEQUENTIAL[0], "colour map of scores and losses, until another is chosen", choices=SEQUENTIAL)


@dataclass(frozen=True)
class Computing(Choice):
    """Where audits are computed."""

    name: ClassVar[str] = "computing"
    title: ClassVar[str] = "Computing"
    device: str = param(
        "auto",
        "what computes; auto: the first NVIDIA GPU, else the processor",
        choices=("auto", "cpu", "cuda:0", "cuda:1", "cuda:2", "cuda:3"),
    )
    threads: int = param(0, "processor threads, from the next start on; 0: all but one core", low=0, high=256)
    cache_folder: str = param("", "where the cache is, from the next start on; empty: where the system keeps caches")


@dataclass(frozen=True)
class NewAudits(Choice):
    """What audits that are begun in the window may use. None of it changes what is asked."""

    name: ClassVar[str] = "new_audits"
    title: ClassVar[str] = "New audits"
    batch: int = param(4, "images per forward pass of the target; fewer need less memory", low=1, high=256)
    cache_gb: float = param(10.0, "room for cached posteriors of all audits; 0: no cache", unit="GB", low=0, high=10000)
    pixel_limit: int = param(200_000_000, "larger images are refused before they are decoded", unit="px", low=1)


@dataclass(frozen=True)
class Preferences:
    """All settings."""

    look: Look = field(default_factory=Look)
    computing: Computing = field(default_factory=Computing)
    new_audits: NewAudits = field(default_factory=NewAudits)


SECTIONS: tuple[type[Choice], ...] = (Look, Computing, NewAudits)
"""In the order of the dialog; each is the field of `Preferences` that has its name."""


def sections_of(preferences: Preferences) -> dict[str, Choice]:
    """The sections by name."""
    return {f.name: getattr(preferences, f.name) for f in dataclasses.fields(preferences)}
