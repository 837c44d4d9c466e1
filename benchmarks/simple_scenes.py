"""Boxes for houses, cars and people, with label maps in CamVid's 11 classes: street scenes drawn in milliseconds."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SCHEME = "camvid11"
CLASSES = 11
SKY, BUILDING, POLE, ROAD, PAVEMENT, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST = range(CLASSES)
VOID = 255

COLOURS = np.random.default_rng(0).integers(40, 216, (CLASSES + 1, 3))
"""RGB of each class, and of void."""

Bytes = npt.NDArray[np.uint8]


def scene(size: tuple[int, int], seed: int) -> tuple[Bytes, Bytes]:
    """An image `(H, W, 3)` RGB and its label map `(H, W)`: houses, trees, road, cars, people; void at the bottom."""
    rng = np.random.default_rng(seed)
    label = _layout(size, rng)
    colours = COLOURS + rng.normal(0, 30, COLOURS.shape)  # each scene's own light: something to remember
    index = np.where(label == VOID, CLASSES, label)
    coarse = rng.normal(0, 14, (size[0] // 8 + 1, size[1] // 8 + 1, 3)).repeat(8, 0).repeat(8, 1)
    image = colours[index] + coarse[: size[0], : size[1]] + rng.normal(0, 5, (*size, 3))
    return np.clip(image, 0, 255).astype(np.uint8), label


def _layout(size: tuple[int, int], rng: np.random.Generator) -> Bytes:
    height, width = size
    label = np.full(size, SKY, np.uint8)
    horizon = int(height * rng.uniform(0.4, 0.6))
    label[horizon:] = ROAD
    label[horizon : horizon + height // 10, : int(width * rng.uniform(0.2, 0.8))] = PAVEMENT
    for thing, count, tall, wide in (
        (BUILDING, 5, (0.3, 0.9), (0.1, 0.3)),
        (TREE, 3, (0.3, 0.7), (0.05, 0.2)),
        (FENCE, 2, (0.05, 0.15), (0.1, 0.3)),
        (POLE, 4, (0.4, 0.9), (0.008, 0.015)),
        (SIGN, 3, (0.1, 0.2), (0.02, 0.05)),
    ):
        _put(label, rng, thing, count, horizon, tall, wide)
    for thing, count, tall, wide in (
        (CAR, 3, (0.1, 0.35), (0.06, 0.2)),
        (PEDESTRIAN, 3, (0.15, 0.4), (0.015, 0.04)),
        (BICYCLIST, 2, (0.15, 0.35), (0.02, 0.06)),
    ):
        _put(label, rng, thing, count, int(rng.uniform(horizon, height)), tall, wide)
    label[-(height // 16) :] = VOID
    return label


def _put(
    label: Bytes,
    rng: np.random.Generator,
    thing: int,
    count: int,
    foot: int,
    tall: tuple[float, float],
    wide: tuple[float, float],
) -> None:
    """Draw boxes of a class that stand on row `foot`; sizes are shares of the rows above it and of the width."""
    for _ in range(count):
        high = max(2, int(foot * rng.uniform(*tall)))
        across = max(2, int(label.shape[1] * rng.uniform(*wide)))
        left = int(rng.integers(0, label.shape[1] - across))
        label[max(foot - high, 0) : foot, left : left + across] = thing


def write_scenes(folder: Path, count: int, first_seed: int, size: tuple[int, int]) -> Path:
    """Write `NNN.jpg` with label maps `NNN_mask.png` of train ids; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        image, label = scene(size, first_seed + number)
        Image.fromarray(image).save(folder / f"{number:03d}.jpg", quality=92)
        Image.fromarray(label).save(folder / f"{number:03d}_mask.png")
    return folder
