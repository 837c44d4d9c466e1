"""BDD100K semantic segmentation, in the layout of 2018 and the one since 2020."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from core.data.layouts.base import LAYOUTS, SPLITS, Layout, image_set
from core.data.layouts.walk import image_files, key_of, subfolders
from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.parameters import param


class _Version(NamedTuple):
    title: str
    images: str
    labels: str
    ending: str


VERSIONS = (
    _Version("new layout", "images/10k", "labels/sem_seg/masks", ""),
    _Version("2018 layout", "seg/images", "seg/labels", "_train_id"),
)


@LAYOUTS.register
@dataclass(frozen=True)
class Bdd100k(Layout):
    """The folder bdd100k/ or the one that holds it, or a split's folder of images. Groups are drives."""

    name: ClassVar[str] = "bdd100k"
    title: ClassVar[str] = "BDD100K"
    split: str = param("all", "which images", choices=SPLITS)

    def recognise(self, path: Path) -> str | None:
        """The version's folder of images inside the folder or above it."""
        place = _place(path)
        return place and f"BDD100K, {place[1].title}, because of {place[1].images}/"

    def find(self, path: Path) -> ImageSet:
        """All images of the chosen split."""
        place = _place(path)
        if place is None:
            raise DataError(
                f"{path} is no BDD100K folder: there is neither images/10k/ nor seg/images/.",
                "Name the folder bdd100k/.",
            )
        root, version = place
        samples: list[Sample] = []
        missing: list[Path] = []
        orphans: list[Path] = []
        for split in self._splits(path, root / version.images):
            labels = dict(_labels(root / version.labels / split, version.ending))
            images = root / version.images / split
            prefix = images.relative_to(path).parts
            for found in image_files(images, deep=False):
                label = labels.pop(found.stem, None)
                if label is None and (root / version.labels / split).is_dir():
                    missing.append(found.path)
                key = key_of((*prefix, found.path.name))
                samples.append(Sample(key, found.path, label, found.stem.partition("-")[0]))
            orphans.extend(labels.values())
        why = f"{self.recognise(path)}, split {self.split}"
        return image_set(
            self,
            path,
            why,
            samples,
            encoding="train-id",
            scheme="cityscapes19",
            missing=missing,
            orphans=orphans,
        )

    def _splits(self, path: Path, images: Path) -> list[str]:
        there = [path.name] if path.parent == images else subfolders(images)
        return [split for split in there if self.split in ("all", split)]


def _place(path: Path) -> tuple[Path, _Version] | None:
    """The folder bdd100k/ (whatever its name) and the version of its layout."""
    for root in (path, path / "bdd100k", *path.parents[:3]):
        for version in VERSIONS:
            images = root / version.images
            if images.is_dir() and (root in (path, path / "bdd100k") or images in (path, path.parent)):
                return root, version
    return None


def _labels(folder: Path, ending: str) -> Iterator[tuple[str, Path]]:
    for found in image_files(folder, deep=False) if folder.is_dir() else ():
        if found.stem.endswith(ending):
            yield found.stem.removesuffix(ending), found.path
