"""Mapillary Vistas 1.1, 1.2 and 2.0: training|validation|testing/images/*.jpg with labels of the chosen version."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from core.data.layouts.base import LAYOUTS, SPLITS, Layout, image_set
from core.data.layouts.walk import Found, image_files, key_of
from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.parameters import param

SPLIT_FOLDERS = {
    "training": "train",
    "train": "train",
    "validation": "val",
    "val": "val",
    "testing": "test",
    "test": "test",
}
"""Folder -> split; the short names are those of converted copies."""

LABEL_FOLDERS = {"1.1": "labels", "1.2": "v1.2/labels", "2.0": "v2.0/labels"}
"""Version -> folder of label maps inside a split, in the order in which "auto" looks for them.

1.x goes first: its labels are the ones mapped to Cityscapes in the published experiments.
"""

SCHEMES = {
    ("native", "1"): "mapillary65",
    ("native", "2"): "mapillary124",
    ("cityscapes", "1"): "mapillary-cityscapes19",
    ("cityscapes", "2"): "mapillary2-cityscapes19",
}


@LAYOUTS.register
@dataclass(frozen=True)
class Mapillary(Layout):
    """The dataset's folder or one of its splits. Label maps are palette images: indices are read, never colours."""

    name: ClassVar[str] = "mapillary"
    title: ClassVar[str] = "Mapillary Vistas"
    split: str = param("all", "which images", choices=SPLITS)
    version: str = param("auto", "which label maps; auto: the lowest there is", choices=("auto", *LABEL_FOLDERS))
    classes: str = param("native", "the dataset's own classes, or Cityscapes' 19", choices=("native", "cityscapes"))

    def recognise(self, path: Path) -> str | None:
        """Splits with images/ and label folders, and a config of the dataset or a versioned label folder."""
        splits = list(_splits(path))
        version = _first_version(splits)
        if version is None or not (version != "1.1" or _has_config(path)):
            return None
        return f"Mapillary Vistas, because there are {splits[0].name}/images/ and {LABEL_FOLDERS[version]}/"

    def find(self, path: Path) -> ImageSet:
        """All images of the chosen split, with the label maps of the chosen version."""
        every = list(_splits(path))
        splits = [folder for folder in every if self.split in ("all", SPLIT_FOLDERS[folder.name])]
        version = self.version if self.version != "auto" else _first_version(every) or "1.1"
        samples: list[Sample] = []
        missing: list[Path] = []
        orphans: list[Path] = []
        for folder in splits:
            labels = {found.stem: found.path for found in _files(folder / LABEL_FOLDERS[version])}
            expected = bool(labels)
            prefix = (folder / "images").relative_to(path).parts
            for found in _files(folder / "images"):
                label = labels.pop(found.stem, None)
                if label is None and expected:
                    missing.append(found.path)
                samples.append(Sample(key_of((*prefix, found.path.name)), found.path, label))
            orphans.extend(labels.values())
        if self.version != "auto" and not any((folder / LABEL_FOLDERS[version]).is_dir() for folder in every):
            raise DataError(
                f"{path} has no label maps of version {version} ({LABEL_FOLDERS[version]}/).",
                "Choose another version.",
            )
        why = self.recognise(path) or "Mapillary Vistas, as asked for"
        return image_set(
            self,
            path,
            f"{why}, split {self.split}, labels of version {version}, {self.classes} classes",
            samples,
            encoding="id",
            scheme=SCHEMES[self.classes, version[0]],
            missing=missing,
            orphans=orphans,
        )


def _splits(path: Path) -> Iterator[Path]:
    """The folders of splits: inside the folder, or the folder itself."""
    candidates = (path,) if path.name in SPLIT_FOLDERS else (path / name for name in SPLIT_FOLDERS)
    return (folder for folder in candidates if (folder / "images").is_dir())


def _first_version(splits: list[Path]) -> str | None:
    return next((v for v, labels in LABEL_FOLDERS.items() if any((s / labels).is_dir() for s in splits)), None)


def _has_config(path: Path) -> bool:
    """Other datasets have training/images and training/labels too; only this one has a config.json beside them."""
    return any((folder / "config.json").is_file() for folder in (path, path.parent))


def _files(folder: Path) -> Iterator[Found]:
    return image_files(folder, deep=False) if folder.is_dir() else iter(())
