"""Images on disk, with what is known of them. Nothing is decoded here."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Role(StrEnum):
    """What is known of an image: trained on, not trained on, or the question."""

    MEMBER = "member"
    NON_MEMBER = "non-member"
    SUSPECT = "suspect"


@dataclass(frozen=True)
class Sample:
    """One image.

    Attributes
    ----------
    key
        Unique within its image set: the image's path relative to the set's folder, with forward slashes.
    image
        Path of the image file.
    label
        Path of its label map, or None.
    group
        What images share that are not independent of each other (drive, patient, city), or None.
    """

    key: str
    image: Path
    label: Path | None = None
    group: str | None = None


@dataclass(frozen=True)
class ImageSet:
    """The images of one folder or list, as a layout found them.

    Attributes
    ----------
    samples
        In a fixed order: sorted by key, or as in the list file.
    layout
        Name of the layout that was recognised.
    sentence
        What was recognised and why, for a person.
    encoding
        How this layout stores label maps: one of `core.data.labels.ENCODINGS`.
    scheme
        Name of the class scheme the layout implies, or None.
    missing
        Images whose label map was expected and not found.
    orphans
        Label maps without an image.
    calibrates
        Whether these non-members calibrate verdicts, and others do not.
    """

    samples: tuple[Sample, ...]
    layout: str
    sentence: str
    encoding: str = "auto"
    scheme: str | None = None
    missing: tuple[Path, ...] = field(default=())
    orphans: tuple[Path, ...] = field(default=())
    calibrates: bool = False
