"""What a snapshot is to contain and how: typed choices, from which flags, forms and profiles are made."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import tomli_w

from core.errors import SpecError, StoreError
from core.files import write_text
from core.parameters import Choice, param
from core.places import config_folder

SECTIONS: dict[str, str] = {
    "cover": "First page",
    "suspects": "Suspects",
    "images": "Image pages",
    "curves": "ROC curves",
    "histograms": "Score histograms",
    "classes": "Segmentation by class",
    "utility": "Privacy against utility",
    "checks": "Data check",
    "review": "Review log",
    "method": "Method",
    "provenance": "Provenance and settings",
    "limits": "Limits",
    "glossary": "Glossary",
}
"""Names and titles of the sections, in their order."""

ALWAYS = ("cover", "limits")
"""Sections that cannot be left out: a finding is never given without what it does not prove."""


@dataclass(frozen=True)
class Heading(Choice):
    """What stands on the first page."""

    name: ClassVar[str] = "heading"
    title: ClassVar[str] = "First page"
    caption: str = param("", "title; empty: the audit's name")
    organisation: str = param("", "organisation that issues the snapshot")
    examiner: str = param("", "who examined and signs")
    case: str = param("", "case or file number")
    notes: str = param("", "remarks printed on the first page")
    logo: str = param("", "picture file shown at the top of the first page", file="Pictures (*.png *.jpg *.jpeg *.bmp)")


@dataclass(frozen=True)
class Contents(Choice):
    """What is in it."""

    name: ClassVar[str] = "contents"
    title: ClassVar[str] = "Contents"
    sections: tuple[str, ...] = param((), "sections, separated by commas; empty: all")
    defenses: tuple[str, ...] = param((), "ids of the defenses; empty: all")
    top: int = param(12, "image pages for the highest-scoring suspects", unit="images", low=0, high=10_000)
    flagged: bool = param(True, "image pages for the flagged images")
    picked: tuple[int, ...] = param((), "numbers of further images that get a page")
    predictions: bool = param(True, "on the image pages what the target predicts; it is asked again")


@dataclass(frozen=True)
class Privacy(Choice):
    """What is left out to protect the people in the images."""

    name: ClassVar[str] = "privacy"
    title: ClassVar[str] = "Personal data"
    redact: bool = param(False, "leave out paths, file names and who reviewed; hashes of images are keyed")
    pictures: str = param("show", "what becomes of the images", choices=("show", "blur", "omit"))


@dataclass(frozen=True)
class Form(Choice):
    """How it looks."""

    name: ClassVar[str] = "form"
    title: ClassVar[str] = "Paper"
    paper: str = param("A4", "paper size", choices=("A4", "Letter"))
    lossless: bool = param(False, "keep photographs without loss; the file is several times larger")


PARTS: tuple[type[Choice], ...] = (Heading, Contents, Privacy, Form)


@dataclass(frozen=True)
class SnapshotChoices:
    """All choices of a snapshot."""

    heading: Heading = field(default_factory=Heading)
    contents: Contents = field(default_factory=Contents)
    privacy: Privacy = field(default_factory=Privacy)
    form: Form = field(default_factory=Form)

    def __post_init__(self) -> None:
        unknown = [name for name in self.contents.sections if name not in SECTIONS]
        if unknown:
            raise SpecError(f"There is no section '{unknown[0]}'.", f"Choose from: {', '.join(SECTIONS)}.")

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections that are printed, in order."""
        asked = self.contents.sections or tuple(SECTIONS)
        return tuple(name for name in SECTIONS if name in asked or name in ALWAYS)

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any]) -> Self:
        """Choices from tables by part. Raises `SpecError` naming the key."""
        unknown = set(table) - {part.name for part in PARTS}
        if unknown:
            raise SpecError(f"unknown table '{min(unknown)}'.", f"Allowed: {', '.join(p.name for p in PARTS)}.")
        made = {part.name: part.from_mapping(table.get(part.name, {})) for part in PARTS}
        return cls(**made)  # type: ignore[arg-type]

    def to_mapping(self) -> dict[str, Any]:
        """Tables by part, in plain TOML values."""
        return {part.name: getattr(self, part.name).to_mapping() for part in PARTS}


def profile_path() -> Path:
    """Where the choices of the last snapshot are."""
    return config_folder() / "snapshot.toml"


def read_profile(path: Path) -> SnapshotChoices:
    """Choices that were kept. Raises `SpecError` naming the file and key."""
    try:
        return SnapshotChoices.from_mapping(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror}).", "Give the path of a profile.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: is not valid TOML ({error}).", "Mend the line named.") from error
    except SpecError as error:
        raise SpecError(f"{path}: {error.message}", error.remedy) from error


def last_choices() -> SnapshotChoices:
    """The choices of the last export; the usual ones where they cannot be read."""
    try:
        return read_profile(profile_path())
    except SpecError:
        return SnapshotChoices()


def write_profile(choices: SnapshotChoices, path: Path) -> None:
    """Keep choices for the next snapshot, without the images and defenses, which are another audit's next time.

    Raises `StoreError` where the file cannot be written.
    """
    tables = choices.to_mapping()
    for key in ("defenses", "picked"):
        tables["contents"].pop(key, None)
    try:
        write_text(path, tomli_w.dumps(tables))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}).", "Check the rights.") from error


def described(choices: SnapshotChoices) -> dict[str, Any]:
    """The choices for the record, without empty texts."""
    return {
        name: {k: v for k, v in asdict(getattr(choices, name)).items() if v not in ("", ())}
        for name in (part.name for part in PARTS)
    }
