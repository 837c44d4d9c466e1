"""Tell images from label maps, and which belong together, by the names of folders and files."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from core.data.layouts.naming import LABEL_SUFFIXES, Suffix, image_base, label_suffix, other_base
from core.data.layouts.walk import Found

IMAGE_FOLDERS = frozenset(("images", "image", "imgs", "img", "jpegimages", "rgb", "frames", "leftimg8bit", "inputs"))
LABEL_FOLDERS = frozenset(
    (
        *("labels", "label", "masks", "mask", "annotations", "annotation", "gt", "gts", "groundtruth"),
        *("ground_truth", "gtfine", "gtcoarse", "segmentation", "segmentations", "segmentationclass"),
        *("seg", "targets"),
    )
)
OTHER_FOLDERS = frozenset(
    ("instances", "instance", "segmentationobject", "panoptic", "polygons", "colormaps", "color_labels")
)
"""Names of folders in lower case. Those of images and label maps are left out when places are compared."""

_CONTENT_FOLDERS = IMAGE_FOLDERS | LABEL_FOLDERS

_TWIN = re.compile(r"(.+?)_?(?:annot|annotations?|labels?|masks?|gt)", re.IGNORECASE)
"""A folder of label maps named after its folder of images: trainannot, train_labels."""

_LOSSY = frozenset((".jpg", ".jpeg", ".jfif"))

Folders = tuple[str, ...]
Place = tuple[Folders, str]
"""Folders, without those named for their content, and stem: images and label maps with one place belong together."""


class Label(NamedTuple):
    """A label map and the places whose image it describes."""

    found: Found
    places: tuple[Place, ...]
    suffix: Suffix | None

    @property
    def rank(self) -> int:
        """Order of preference among the label maps of one image, lowest first."""
        return LABEL_SUFFIXES.index(self.suffix) if self.suffix else -1


def image_places(found: Found) -> tuple[Place, ...]:
    """The places at which an image looks for its label map."""
    folders = _plain(found.folders)
    base = image_base(found.stem)
    exact = (folders, found.stem)
    return (exact,) if base == found.stem else (exact, (folders, base))


def label_in_folder(found: Found, folders: Folders) -> Label:
    """A label map that its folder gives away; its name may be the image's or have an ending."""
    plain = _plain(folders)
    named = label_suffix(found.stem)
    if named is None:
        return Label(found, ((plain, found.stem),), None)
    return Label(found, ((plain, found.stem), (plain, named[0])), named[1])


def sort_files(files: Iterable[Found]) -> tuple[list[Found], list[Label]]:
    """Images and label maps among the files of a folder; instance maps and the like are left out."""
    rest: dict[Folders, list[Found]] = defaultdict(list)
    for found in files:
        rest[found.folders].append(found)
    known = {folders[:depth] for folders in rest for depth in range(1, len(folders) + 1)}
    images: list[Found] = []
    labels: list[Label] = []
    for folders, members in rest.items():
        lowered = {folder.lower() for folder in folders}
        if lowered & OTHER_FOLDERS:
            continue
        place = _label_folders(folders, known)
        if place is not None:
            labels.extend(label_in_folder(found, place) for found in members if other_base(found.stem) is None)
        else:
            for item in _by_name(members):
                if isinstance(item, Label):
                    labels.append(item)
                else:
                    images.append(item)
    return images, labels


def _label_folders(folders: Folders, known: set[Folders]) -> Folders | None:
    """The folders' names with a twin's replaced by that of its images, if they are folders of label maps."""
    for depth, folder in enumerate(folders):
        if folder.lower() in LABEL_FOLDERS:
            return folders
        match = _TWIN.fullmatch(folder)
        if match and (*folders[:depth], match[1]) in known:
            return (*folders[:depth], match[1], *folders[depth + 1 :])
    return None


@lru_cache
def _plain(folders: Folders) -> Folders:
    return tuple(name for name in folders if name.lower() not in _CONTENT_FOLDERS)


def _by_name(members: list[Found]) -> Iterator[Found | Label]:
    """What the files of one folder are: an image, a label map beside its image, or nothing."""
    stems = {found.stem for found in members}
    stems |= {image_base(stem) for stem in stems}
    lossy = {found.stem for found in members if found.suffix in _LOSSY}
    named = [label_suffix(found.stem) for found in members]
    # An ending that pairs elsewhere in the folder marks a label map even where its image is gone.
    in_use = {name[1] for name in named if name and name[0] in stems}
    for found, name in zip(members, named, strict=True):
        if name and name[1] in in_use:
            yield Label(found, ((_plain(found.folders), name[0]),), name[1])
        elif found.stem in lossy and found.suffix not in _LOSSY:
            yield Label(found, ((_plain(found.folders), found.stem),), None)
        elif other_base(found.stem) not in stems:
            yield found
