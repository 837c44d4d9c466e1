"""What a layout is: a way in which people lay out images and label maps on disk."""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.parameters import Choice, Registry

SPLITS = ("all", "train", "val", "test")


@dataclass(frozen=True)
class Layout(Choice):
    """A way to find images and their label maps. Only names are read; nothing is decoded."""

    @abstractmethod
    def recognise(self, path: Path) -> str | None:
        """What was recognised and why, such as "Cityscapes, because there is leftImg8bit/"; None if nothing."""

    @abstractmethod
    def find(self, path: Path) -> ImageSet:
        """List the images of a folder (or list file). Raises `DataError` when there are none."""


LAYOUTS: Registry[Layout] = Registry("layout")


def image_set(
    layout: Layout,
    path: Path,
    why: str,
    samples: Iterable[Sample],
    *,
    in_order: bool = False,
    encoding: str = "auto",
    scheme: str | None = None,
    missing: Iterable[Path] = (),
    orphans: Iterable[Path] = (),
    asked_groups: bool = False,
) -> ImageSet:
    """Put together what a layout found, sorted by key unless `in_order`, with the counts added to the sentence.

    `asked_groups`: somebody said where groups stand, so that it matters where none was found.
    """
    found = tuple(samples if in_order else sorted(samples, key=lambda sample: sample.key))
    if not found:
        raise DataError(
            f"{path}: no images were found ({why}).",
            "Check the folder, the layout and its split, or name another.",
        )
    labelled = sum(sample.label is not None for sample in found)
    counts = f"{_count(len(found))}, {labelled:,} with a label map{_groups(found, asked=asked_groups)}"
    sentence = f"{why[:1].upper()}{why[1:]}; {counts}."
    return ImageSet(found, layout.name, sentence, encoding, scheme, tuple(missing), tuple(sorted(orphans)))


def _count(images: int) -> str:
    return "1 image" if images == 1 else f"{images:,} images"


def _groups(samples: tuple[Sample, ...], *, asked: bool) -> str:
    """How many groups there are, and how many images have none; empty where nobody spoke of groups."""
    groups = {sample.group for sample in samples} - {None}
    if not groups:
        return ", none with a group" if asked else ""
    without = sum(sample.group is None for sample in samples)
    rest = f", {without:,} in none" if without else ""
    return f", in {len(groups):,} group{'' if len(groups) == 1 else 's'}{rest}"
