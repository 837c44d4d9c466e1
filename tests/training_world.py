"""Small trainings: written street images, and a `Fit` over images made by hand."""

import cv2
import torch
from safetensors.torch import load_file

from core.data.samples import ImageSet, Sample
from core.data.scheme import ClassEntry, ClassScheme
from core.progress import Progress
from core.training.fit import Fit
from core.training.settings import TargetTraining
from tests.world import CLASSES

SCHEME = ClassScheme(
    "street4",
    "Street, 4 classes",
    tuple(ClassEntry(name, i, i, (i, 60 * i, 0)) for i, name in enumerate(CLASSES)),
)
TINY = TargetTraining(
    architecture="torchvision:lraspp_mobilenet_v3_large", size=(64, 64), epochs=2, batch=2, learning_rate=3e-3
)


def write_street(folder, street_like, count, first=0, size=(48, 64)):
    """`count` labelled images; the seed of each is its name."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    for seed in range(first, first + count):
        image, label = street_like(size, seed)
        paths = folder / f"{seed}.png", folder / f"{seed}_label.png"
        cv2.imwrite(str(paths[0]), image[..., ::-1])
        cv2.imwrite(str(paths[1]), label)
        samples.append(Sample(paths[0].name, *paths))
    return ImageSet(tuple(samples), "list", "made for a test", encoding="train-id")


def same_weights(one, other):
    first, second = load_file(one), load_file(other)
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


class InMemory:
    """Stands for `TrainingImages`: pixels (N, 3, h, w) uint8, labels (N, h, w) uint8."""

    def __init__(self, pixels, labels, name="image"):
        self.pixels, self.labels = pixels, labels
        self.sha256 = tuple(f"{name}-{i}" for i in range(len(pixels)))

    def __len__(self):
        return len(self.pixels)

    def batch(self, indices):
        return self.pixels[list(indices)], self.labels[list(indices)]


def fit_of(model, images, references=None, classes=4, **settings):
    """A `Fit` in float32 on the CPU, without augmentation unless asked for."""
    chosen = {"size": (64, 64), "augment": "none", "precision": "float32", "schedule": "constant"} | settings
    return Fit(model, images, references, TargetTraining(**chosen), classes, "cpu", Progress())
