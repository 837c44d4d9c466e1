"""What the tests of layouts share."""

import numpy as np

from core.data.labels import read_label
from core.data.scheme import load_scheme


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def keys(images):
    return [sample.key for sample in images.samples]


def labels(images):
    return [sample.label and sample.label.name for sample in images.samples]


def pairs(images):
    return {sample.image.name: sample.label and sample.label.name for sample in images.samples}


def groups(images):
    return [sample.group for sample in images.samples]


def train_ids(images, index):
    label = read_label(images.samples[index].label, load_scheme(images.scheme), images.encoding)
    assert label.unknown == {}
    return set(np.unique(label.train_ids).tolist())


# Cityscapes


def cityscapes(folder, kinds=("labelIds", "labelTrainIds", "color", "instanceIds")):
    for split, city, frames in (("train", "aachen", (19, 20)), ("val", "ulm", (19,)), ("test", "bonn", (19,))):
        for frame in frames:
            stem = f"{city}_000003_0000{frame}"
            touch(folder, f"leftImg8bit/{split}/{city}/{stem}_leftImg8bit.png")
            if split != "test":
                touch(folder, *(f"gtFine/{split}/{city}/{stem}_gtFine_{kind}.png" for kind in kinds))
    return folder
