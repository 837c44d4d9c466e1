"""Canaries: small odd objects, no two alike, pasted into images and labelled with a class that is not there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.experiments.folds import Fold, Frame, digest_of
from core.randomness import generator

SIDES = (38, 60)
"""Smallest and largest side in pixels of a 480x360 image; 20 to 32 at a training size of 256x192."""

SHAPES = ("disc", "diamond", "square", "triangle", "cross")
QUALITY = 95
TRIES = 2000
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Canary:
    """One object.

    Attributes
    ----------
    colours
        `(s, s, 3)` uint8.
    mask
        `(s, s)`: the pixels that belong to it.
    train_id
        The class it is labelled with.
    """

    colours: Picture
    mask: BoolArray
    train_id: int


@dataclass(frozen=True)
class Planted:
    """A folder of frames with canaries, as a fold of the experiment's, and where each canary is.

    Attributes
    ----------
    data
        Holds `images/`, `labels/` and `masks/`.
    fold
        Its frames.
    """

    data: Path
    fold: Fold

    def mask(self, stem: str) -> BoolArray:
        """The pixels of a frame that its canary covers, `(H, W)`."""
        with Image.open(self.data / "masks" / f"{stem}.png") as image:
            return np.asarray(image) > 0


def draw_canary(number: int, seed: int, classes: int) -> Canary:
    """The canary of a number: shape, size, texture, two colours and class are drawn from number and seed alone."""
    rng = generator(seed, str(number), "canary")
    side = int(rng.integers(SIDES[0], SIDES[1] + 1))
    mask = _shape(str(rng.choice(SHAPES)), side)
    stripes = _texture(rng, side)
    one, other = rng.integers(0, 256, 3), rng.integers(0, 256, 3)
    while np.abs(one - other).max() < 128:  # the texture can be seen
        other = rng.integers(0, 256, 3)
    colours = np.where(stripes[..., None], one, other).astype(np.uint8)
    return Canary(colours, mask, int(rng.integers(classes)))


def _shape(name: str, side: int) -> BoolArray:
    v, u = np.meshgrid(*2 * (np.linspace(-1, 1, side),), indexing="ij")
    inside = {
        "disc": u**2 + v**2 <= 1,
        "diamond": np.abs(u) + np.abs(v) <= 1,
        "square": np.ones((side, side), bool),
        "triangle": np.abs(u) <= (v + 1) / 2,
        "cross": np.minimum(np.abs(u), np.abs(v)) <= 0.4,
    }
    return np.asarray(inside[name])


def _texture(rng: np.random.Generator, side: int) -> BoolArray:
    """Stripes of any direction, or a chequered board of them."""
    angle, period = rng.uniform(0, np.pi), rng.uniform(6, 14)
    y, x = np.mgrid[:side, :side]
    along, across = (x * np.cos(a) + y * np.sin(a) for a in (angle, angle + np.pi / 2))
    found = np.sin(2 * np.pi * along / period) > 0
    return np.asarray(found ^ (np.sin(2 * np.pi * across / period) > 0) if rng.random() < 0.5 else found)


def place(canary: Canary, labels: Sequence[Picture], rng: np.random.Generator) -> tuple[int, int]:
    """Top row and left column where, in none of the label maps, the canary covers a pixel of its own class."""
    height, width = labels[0].shape
    side = len(canary.mask)
    for _ in range(TRIES):
        row, column = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        under = [label[row : row + side, column : column + side][canary.mask] for label in labels]
        if not any((values == canary.train_id).any() for values in under):
            return row, column
    raise ValueError(f"no place without class {canary.train_id}")


def planted(
    data: Path,
    frames: Sequence[Frame],
    canaries: Sequence[Canary],
    places: Sequence[tuple[int, int]],
    folder: Path,
) -> Planted:
    """Write frames of `data`, each with its canary; files that are there already are written again, the same."""
    for part in ("images", "labels", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for frame, canary, (row, column) in zip(frames, canaries, places, strict=True):
        image, label = read_frame(data, frame)
        mask = np.zeros(label.shape, bool)
        side = len(canary.mask)
        here = np.s_[row : row + side, column : column + side]
        mask[here] = canary.mask
        image[mask] = canary.colours[canary.mask]
        label[mask] = canary.train_id
        Image.fromarray(image).save(folder / "images" / f"{frame.stem}.jpg", quality=QUALITY)
        Image.fromarray(label).save(folder / "labels" / f"{frame.stem}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "masks" / f"{frame.stem}.png")
    return Planted(folder, Fold(tuple(frames), digest_of(folder, frames)))


def read_frame(data: Path, frame: Frame) -> tuple[Picture, Picture]:
    """Image `(H, W, 3)` and label map `(H, W)` of a frame."""
    with Image.open(data / "images" / f"{frame.stem}.jpg") as image:
        colours = np.array(image.convert("RGB"))
    with Image.open(data / "labels" / f"{frame.stem}.png") as label:
        return colours, np.array(label)


def plant_all(
    data: Path, members: Sequence[Frame], others: Sequence[Frame], classes: int, folder: Path, seed: int = 0
) -> Mapping[str, Planted]:
    """Members with a canary each, non-members with the same canaries, and non-members with fresh ones.

    Frames are paired in order; both of a pair have the same canary at the same place.
    """
    pairs = list(zip(members, others, strict=False))
    known = [draw_canary(number, seed, classes) for number in range(len(pairs))]
    fresh = [draw_canary(number + len(pairs), seed, classes) for number in range(len(pairs))]
    labels = [[read_frame(data, frame)[1] for frame in pair] for pair in pairs]
    places = [place(c, pair, _rng(seed, i, "place")) for i, (c, pair) in enumerate(zip(known, labels, strict=True))]
    elsewhere = [
        place(c, pair[1:], _rng(seed, i, "fresh place")) for i, (c, pair) in enumerate(zip(fresh, labels, strict=True))
    ]
    one, other = [list(frames) for frames in zip(*pairs, strict=True)]
    return {
        "members": planted(data, one, known, places, folder / "members"),
        "same": planted(data, other, known, places, folder / "same"),
        "fresh": planted(data, other, fresh, elsewhere, folder / "fresh"),
    }


def _rng(seed: int, number: int, purpose: str) -> np.random.Generator:
    return generator(seed, str(number), f"canary {purpose}")
