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
) -> ImageSet:
    """Put together what a layout found, sorted by key unless `in_order`, with the counts added to the sentence."""
    found = tuple(samples if in_order else sorted(samples, key=lambda sample: sample.key))
    if not found:
        raise DataError(
            f"{path}: no images were found ({why}).",
            "Check the folder, the layout and its split, or name another.",
        )
    labelled = sum(sample.label is not None for sample in found)
    sentence = f"{why[:1].upper()}{why[1:]}; {_count(len(found))}, {labelled:,} with a label map."
    return ImageSet(found, layout.name, sentence, encoding, scheme, tuple(missing), tuple(sorted(orphans)))


def _count(images: int) -> str:
    return "1 image" if images == 1 else f"{images:,} images"
