"""Cityscapes: leftImg8bit/SPLIT/CITY/*_leftImg8bit.png with gtFine/SPLIT/CITY/*_gtFine_labelIds.png."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from core.data.layouts.base import LAYOUTS, Layout, image_set
from core.data.layouts.naming import label_suffix
from core.data.layouts.walk import Found, image_files
from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.parameters import param

IMAGES = "leftImg8bit"
LABEL_FILES = {"labelIds": "id", "labelTrainIds": "train-id", "color": "colour"}
"""Ending of label map names -> encoding, in the order of preference."""


@LAYOUTS.register
@dataclass(frozen=True)
class Cityscapes(Layout):
    """The dataset's folder, or a folder inside its leftImg8bit/ (a split or a city). Groups are recording sequences."""

    name: ClassVar[str] = "cityscapes"
    title: ClassVar[str] = "Cityscapes"
    split: str = param("all", "which images", choices=("all", "train", "val", "test", "train_extra"))
    annotation: str = param("gtFine", "which annotation", choices=("gtFine", "gtCoarse"))
    labels: str = param("auto", "which label maps; auto: the first kind there is", choices=("auto", *LABEL_FILES))

    def recognise(self, path: Path) -> str | None:
        """A leftImg8bit/ inside the folder or above it."""
        root = _root(path)
        if root is None:
            return None
        where = "there is" if root == path else "it lies in"
        return f"Cityscapes, because {where} {IMAGES}/"

    def find(self, path: Path) -> ImageSet:
        """All images below the folder, of the chosen split."""
        root = _root(path)
        if root is None:
            raise DataError(f"{path} is no Cityscapes folder: there is no {IMAGES}/.", "Name the folder that holds it.")
        images = root / IMAGES if root == path else path
        below = images.relative_to(root / IMAGES).parts
        kind, labels = self._labels(root / self.annotation, below)
        samples, missing, used = [], [], set()
        for found in self._images(images, below):
            place = (*below, *found.folders, _base(found.stem))
            label = labels.get(place)
            used.add(place)
            if label is None and (root / self.annotation).is_dir():
                missing.append(found.path)
            key = f"{IMAGES}/{found.key}" if root == path else found.key
            samples.append(Sample(key, found.path, label, _sequence(found.stem)))
        why = f"{self.recognise(path)}, split {self.split}"
        orphans = (label for place, label in labels.items() if place not in used)
        return image_set(
            self,
            path,
            f"{why}, label maps {kind}" if labels else why,
            samples,
            encoding=LABEL_FILES[kind],
            scheme="cityscapes19",
            missing=missing,
            orphans=orphans,
        )

    def _images(self, images: Path, below: tuple[str, ...]) -> list[Found]:
        return [
            found
            for found in image_files(images)
            if self._in_split((*below, *found.folders)) and found.stem.endswith(f"_{IMAGES}")
        ]

    def _in_split(self, folders: tuple[str, ...]) -> bool:
        return self.split == "all" or folders[:1] == (self.split,)

    def _labels(self, annotation: Path, below: tuple[str, ...]) -> tuple[str, dict[tuple[str, ...], Path]]:
        """The kind of label maps taken, and folders plus base name -> label map."""
        kinds: dict[str, dict[tuple[str, ...], Path]] = {kind: {} for kind in LABEL_FILES}
        folder = annotation.joinpath(*below)
        for found in image_files(folder) if folder.is_dir() else ():
            suffix = label_suffix(found.stem)
            kind = found.stem.rpartition("_")[2]
            if suffix and kind in kinds and self._in_split((*below, *found.folders)):
                kinds[kind][(*below, *found.folders, suffix[0])] = found.path
        first = next((kind for kind, found_labels in kinds.items() if found_labels), "labelIds")
        chosen = first if self.labels == "auto" else self.labels
        return chosen, kinds[chosen]


def _root(path: Path) -> Path | None:
    if (path / IMAGES).is_dir():
        return path
    return next((folder.parent for folder in (path, *path.parents) if folder.name == IMAGES), None)


def _base(stem: str) -> str:
    return stem.removesuffix(f"_{IMAGES}")


def _sequence(stem: str) -> str:
    """City and sequence number: neighbouring frames of one drive share them."""
    return _base(stem).rpartition("_")[0]
