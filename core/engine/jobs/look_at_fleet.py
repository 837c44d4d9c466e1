"""A look before references are trained: whether the images allow it, what the folder holds, how large they are."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.plan import PlannedSet
from core.engine.jobs.base import Desk, Job
from core.engine.jobs.look_at_images import ImagesAsked
from core.engine.jobs.train_references import together
from core.errors import DataError, SegLeakError
from core.training.membership import random_halves
from core.training.standing import Standing, standing

if TYPE_CHECKING:
    from core.data.samples import ImageSet, Sample

LEAST = 2
"""Images that a reference learns from, and others that it does not: its partner's."""


@dataclass(frozen=True)
class FoundFleet:
    """What was found.

    Attributes
    ----------
    problem, remedy
        Why nothing can be trained on these images or into this folder, and what to do; both empty where it can be.
    images, classes
        How many images there are, and classes in their scheme.
    standing
        What the folder holds.
    same_images
        Whether what it holds was begun on these images; True where nothing was begun.
    free
        Bytes free where the folder is or will be.
    """

    problem: str = ""
    remedy: str = ""
    images: int = 0
    classes: int = 0
    standing: Standing = field(default_factory=Standing)
    same_images: bool = True
    free: int = 0


@dataclass(frozen=True)
class LookAtFleet(Job):
    """Find the images and look into the folder; the value is a `FoundFleet`.

    Image files are read only where the folder holds references, to know whether they belong to these images.
    """

    asked: ImagesAsked
    out: Path
    exchange: str = "images"

    def run(self, desk: Desk) -> FoundFleet:
        """Look; what is wrong with images or folder is part of what was found."""
        try:
            planned = self.asked.planned()
            sets, scheme = together(planned)
            _check_labels(sets)
            _check_number(planned, self.exchange)
            _check_folder(self.out)
            there = standing(self.out)
            if there.other:
                raise DataError(
                    f"{self.out}: holds other files, such as {there.other}.", "Choose a new or empty folder."
                )
        except SegLeakError as error:
            return FoundFleet(error.message, error.remedy)
        except OSError as error:
            return FoundFleet(f"{self.out}: cannot be read ({error.strerror}).", "Choose another folder.")
        images = sum(len(one.samples) for one in sets)
        same = not there.count or self._hashes(sets, desk) == there.images
        free = shutil.disk_usage(_nearest(self.out)).free
        return FoundFleet("", "", images, scheme.classes, there, same, free)

    def _hashes(self, sets: "list[ImageSet]", desk: Desk) -> frozenset[str]:
        from core.training.fleet import hashes_of

        return frozenset(hashes_of(sets, desk.progress).values())


@dataclass(frozen=True)
class FoundArchitecture:
    """How many weights a model has, or why it cannot be built."""

    problem: str = ""
    remedy: str = ""
    weights: int = 0


@dataclass(frozen=True)
class LookAtArchitecture(Job):
    """Build a model without making room for its weights; the value is a `FoundArchitecture`."""

    architecture: str
    encoder: str
    norm: str
    classes: int

    def run(self, desk: Desk) -> FoundArchitecture:
        """Build it."""
        import torch

        from core.targets.architectures import build

        arguments = {} if self.norm == "batch" else {"norm": self.norm}
        try:
            with torch.device("meta"):
                made = build(self.architecture, self.encoder, self.classes, arguments)
        except SegLeakError as error:
            return FoundArchitecture(error.message, error.remedy)
        return FoundArchitecture(weights=sum(weight.numel() for weight in made.parameters()))


def _check_labels(sets: "list[ImageSet]") -> None:
    samples = [sample for one in sets for sample in one.samples]
    bare = [sample for sample in samples if sample.label is None]
    if bare:
        raise DataError(
            f"{len(bare):,} of {len(samples):,} images have no label map, such as {bare[0].image.name}.",
            "References learn from label maps: add them, or leave these images out of the audit.",
        )


def _check_number(planned: "list[PlannedSet]", exchange: str) -> None:
    """Both of each pair must learn from enough images. Where they have halves of these, a group stays together."""
    samples: list[Sample] = [sample for one in planned for sample in one.images.samples]
    halves = random_halves([sample.group or str(sample.image) for sample in samples], 2, 0).sum(axis=0)
    if min(halves, default=0) >= LEAST or (exchange == "blocks" and len(samples) >= LEAST):
        return
    groups = {sample.group for sample in samples} - {None}
    if groups and len(samples) >= 2 * LEAST:
        raise DataError(
            f"The {len(samples):,} images are of {len(groups)} group{'' if len(groups) == 1 else 's'}, and a group is "
            "not divided: there are no two halves.",
            "Add images of other groups, or mend the pattern that finds the group.",
        )
    raise DataError(
        f"{len(samples)} image{'' if len(samples) == 1 else 's'} are too few: each reference learns from one half.",
        f"Add images: at least {2 * LEAST}, better hundreds.",
    )


def _check_folder(out: Path) -> None:
    """Raise `DataError` where the folder cannot take references. What it holds is another question."""
    nearest = _nearest(out)
    if not nearest.is_dir():
        raise DataError(f"{nearest}: is a file.", "Choose a folder for the references.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise DataError(f"{nearest}: cannot be written to.", "Choose another folder for the references.")


def _nearest(path: Path) -> Path:
    """The path, or the nearest above it that is there."""
    return next((one for one in (path, *path.parents) if one.exists()), path)
