"""A shadow that leaks on purpose, for tests of attack training."""

import cv2
import numpy as np
import torch

from core.data.samples import ImageSet, Sample
from core.data.scheme import ClassEntry, ClassScheme
from core.files import sha256_of_file
from core.targets.base import Output, Target, TargetInfo
from core.targets.preprocessing import Preprocessing
from core.training.settings import AttackTraining
from core.training.shadows import ShadowData

SCHEME = ClassScheme("street4", "Street", tuple(ClassEntry(f"class {i}", i, i, (i, i, i)) for i in range(4)))
SIZE = (96, 104)
QUICK = AttackTraining(network="small", width=0.25, iterations=12, batch=8, patch=40, precision="float32")


def changed(**values):
    """The quick training with other values."""
    return AttackTraining(**{**vars(QUICK), **values})


class Leaky(Target):
    """Knows every label map; sure of members, less so of the others, by patches."""

    def __init__(self, path, classes=4):
        path.write_bytes(b"weights of " + path.name.encode())
        info = TargetInfo(path, "test", sha256_of_file(path), classes=classes)
        super().__init__(info, Preprocessing(), "cpu")
        self.known = {}
        self.queries = 0

    def forward(self, batch):
        raise NotImplementedError

    def outputs(self, images):
        self.queries += len(images)
        return [self._output(image) for image in images]

    def _output(self, image):
        label, member = self.known[image.tobytes()]
        draws = np.random.default_rng(int(image[0, 0, 0]) + 256 * int(image[0, 0, 1]))
        sure = 6 if member else 2
        classes = self.info.classes
        logits = draws.normal(0, 1, (classes, *label.shape)).astype(np.float32)
        logits += sure * (np.minimum(label, classes - 1)[None] == np.arange(classes)[:, None, None])
        return Output(torch.from_numpy(logits), "logits", label.shape, classes)


def leaky_shadow(folder, street_like, members=10, non_members=10, name="shadow", classes=4, size=SIZE, first=0):
    """A shadow with members and non-members in groups of two; `first` is the first image's seed."""
    target = Leaky(folder / f"{name}.bin", classes)
    sets = []
    for count, start, member in ((members, first, True), (non_members, first + 500, False)):
        samples = []
        for seed in range(start, start + count):
            image, label = street_like(size, seed)
            paths = folder / f"{name}{seed}.png", folder / f"{name}{seed}_label.png"
            cv2.imwrite(str(paths[0]), image[..., ::-1])
            cv2.imwrite(str(paths[1]), label)
            target.known[image.tobytes()] = label, member
            samples.append(Sample(paths[0].name, *paths, group=f"{member}{seed // 2}"))
        sets.append(ImageSet(tuple(samples), "list", "", encoding="train-id"))
    return ShadowData(target, *sets, SCHEME)
