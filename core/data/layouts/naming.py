"""What file names of label maps say: which image they belong to, and how they are encoded."""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Suffix(NamedTuple):
    """An ending of label map names (without extension), the encoding and the class scheme it stands for."""

    ending: str
    encoding: str = "auto"
    scheme: str | None = None


LABEL_SUFFIXES = (
    Suffix("_gtFine_labelTrainIds", "train-id", "cityscapes19"),
    Suffix("_gtFine_labelIds", "id", "cityscapes19"),
    Suffix("_gtCoarse_labelTrainIds", "train-id", "cityscapes19"),
    Suffix("_gtCoarse_labelIds", "id", "cityscapes19"),
    Suffix("_labelTrainIds", "train-id"),
    Suffix("_train_id", "train-id"),
    Suffix("_labelIds", "id"),
    Suffix("_mask"),
    Suffix("_masks"),
    Suffix("_label"),
    Suffix("_labels"),
    Suffix("_groundtruth"),
    Suffix("_ground_truth"),
    Suffix("_annotation"),
    Suffix("_segmentation"),
    Suffix("_semantic"),
    Suffix("_seg"),
    Suffix("_gt"),
    Suffix("_L"),
    Suffix("_gtFine_color", "colour", "cityscapes19"),
    Suffix("_gtCoarse_color", "colour", "cityscapes19"),
    Suffix("_train_color", "colour"),
    Suffix("_color", "colour"),
)
"""In the order of preference: of several label maps for one image the first is taken."""

OTHER_SUFFIXES = ("_gtFine_instanceIds", "_gtCoarse_instanceIds", "_instanceIds", "_instance")
"""Files that belong to an image and are neither images nor label maps."""

IMAGE_SUFFIXES = ("_leftImg8bit", "_image", "_img", "_rgb", "_sat")
"""Endings of image names that their label maps do not share."""


_BY_ENDING = {suffix.ending.lower(): suffix for suffix in LABEL_SUFFIXES}


def _ending(endings: Iterable[str]) -> re.Pattern[str]:
    """Finds the longest of the endings in any case, behind at least one character; `_L` in capitals alone."""
    words = "|".join(f"(?-i:{ending})" if ending == "_L" else ending for ending in endings)
    return re.compile(f"(?<=.)(?:{words})$", re.IGNORECASE)


_LABEL = _ending(suffix.ending for suffix in LABEL_SUFFIXES)
_OTHER = _ending(OTHER_SUFFIXES)
_IMAGE = _ending(IMAGE_SUFFIXES)


def label_suffix(stem: str) -> tuple[str, Suffix] | None:
    """The image's stem and the longest label ending that `stem` has, or None."""
    match = _LABEL.search(stem)
    return (stem[: match.start()], _BY_ENDING[match[0].lower()]) if match else None


def other_base(stem: str) -> str | None:
    """The image's stem, if `stem` names a file such as an instance map."""
    match = _OTHER.search(stem)
    return stem[: match.start()] if match else None


def image_base(stem: str) -> str:
    """The stem without an ending such as `_leftImg8bit`."""
    return _IMAGE.sub("", stem)


def common_encoding(suffixes: Iterable[Suffix | None]) -> tuple[str, str | None]:
    """Encoding and scheme that all label names agree on; "auto" and None otherwise."""
    kinds = {(suffix.encoding, suffix.scheme) if suffix else ("auto", None) for suffix in suffixes}
    return kinds.pop() if len(kinds) == 1 else ("auto", None)
