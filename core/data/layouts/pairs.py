"""Plain folders: images and label maps that belong together by their names."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from core.data.layouts.base import LAYOUTS, Layout, image_set
from core.data.layouts.groups import grouping
from core.data.layouts.matching import (
    IMAGE_FOLDERS,
    LABEL_FOLDERS,
    Label,
    Place,
    image_places,
    label_in_folder,
    sort_files,
)
from core.data.layouts.naming import Suffix, common_encoding, other_base
from core.data.layouts.walk import Found, image_files, subfolders
from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.parameters import param


@LAYOUTS.register
@dataclass(frozen=True)
class Pairs(Layout):
    """Images beside label maps of the same stem or with an ending such as `_mask`; images/ and labels/.

    In one folder, of `a.jpg` and `a.png` the second is the label map. Images without a label map are fine.
    Instance maps are left out.
    """

    name: ClassVar[str] = "pairs"
    title: ClassVar[str] = "Folder pairs"
    labels: str | None = param(None, "folder of label maps, relative to the images' folder; absent: found by name")
    groups: str | None = param(None, "table of key and group (.tsv or .csv), relative to the images' folder")
    group_pattern: str | None = param(None, "regular expression that finds the group in the key")

    def recognise(self, path: Path) -> str | None:
        """Any folder."""
        return "plain folders, because no known dataset was recognised" if path.is_dir() else None

    def find(self, path: Path) -> ImageSet:
        """All images below the folder, paired with label maps by folder and stem."""
        outside = self._label_folder(path)
        images, labels = _sorted_files(path, outside)
        by_place: dict[Place, Label] = {}
        for label in sorted(labels, key=lambda label: label.rank, reverse=True):
            by_place.update(dict.fromkeys(label.places, label))
        group_of = grouping(path, self.groups, self.group_pattern)
        samples, missing = [], []
        suffixes: set[Suffix | None] = set()
        places: set[Place] = set()
        for found in images:
            own = image_places(found)
            places.update(own)
            label_map = next((by_place[place] for place in own if place in by_place), None)
            if label_map is None:
                missing.append(found.path)
            else:
                suffixes.add(label_map.suffix)
            key = found.key
            samples.append(Sample(key, found.path, label_map and label_map.found.path, group_of(key)))
        encoding, scheme = common_encoding(suffixes)
        return image_set(
            self,
            path,
            _why(bool(suffixes), outside),
            samples,
            encoding=encoding,
            scheme=scheme,
            missing=missing if suffixes else (),
            orphans=[label.found.path for label in labels if places.isdisjoint(label.places)],
            asked_groups=bool(self.groups or self.group_pattern),
        )

    def _label_folder(self, path: Path) -> Path | None:
        """The folder of label maps apart from the folder of images, if there is one."""
        if self.labels is None:
            return _sibling(path)
        folder = Path(os.path.normpath(path / self.labels))
        if not folder.is_dir():
            raise DataError(f"There is no folder of label maps {folder}.", "Correct 'labels'.")
        return folder


def _sibling(path: Path) -> Path | None:
    """For .../images/train the folder .../labels/train, with any of the usual names."""
    for ancestor in (path, *path.parents[:2]):
        if ancestor.name.lower() in IMAGE_FOLDERS:
            for name in subfolders(ancestor.parent):
                inside = ancestor.parent / name / path.relative_to(ancestor)
                if name.lower() in LABEL_FOLDERS and inside.is_dir():
                    return inside
    return None


def _sorted_files(path: Path, outside: Path | None) -> tuple[list[Found], list[Label]]:
    if outside is None:
        return sort_files(image_files(path))
    maps = (found for found in image_files(outside) if other_base(found.stem) is None)
    images = [found for found in image_files(path) if not found.path.is_relative_to(outside)]
    return images, [label_in_folder(found, found.folders) for found in maps]


def _why(paired: bool, outside: Path | None) -> str:
    if not paired:
        return "plain folders, images without label maps"
    where = f" in {outside.name}/" if outside is not None else ""
    return f"plain folders, images paired by name with label maps{where}"
