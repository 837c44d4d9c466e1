"""Whether two sets of images look different for reasons that have nothing to do with memory.

Where members and non-members differ in size, camera, format or colour, an attack can tell them apart without the target
remembering anything (blind baselines: Das, Zhang, Tramèr 2024). Every warning needs both a large effect and a small
p-value, so that neither large sets with tiny differences nor small sets with chance differences cause one.
"""

import io
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.data._cv import cv2
from core.data.images import PIXEL_LIMIT, opened
from core.metrics.intervals import Groups, unit_numbers
from core.metrics.roc import FloatArray, auc, roc_curve
from core.randomness import generator

ALPHA = 0.002
"""Chance of a false warning per kind of difference, shared by its tests."""

LARGE_AUC = 0.65
"""From here on a feature by itself tells the two sets apart well enough to matter beside an attack."""

LARGE_SHARE = 0.2
"""Difference between the shares of one camera, size or format that matters."""

FOLDS = 5
HELD_OUT_SPREAD = 1.4
"""How much more the AUC of held-out scores varies than that of independent ones: between random halves of 40 to 200
images its standard deviation was measured as 1.3 to 1.4 times as large."""

FEWEST_FOR_LOOKS = 20
"""Images on each side below which no classifier is tried."""

COLOURS = (
    "brightness",
    "green-red balance",
    "blue-yellow balance",
    "contrast",
    "green-red spread",
    "blue-yellow spread",
)
_MAKE, _MODEL = 0x010F, 0x0110


@dataclass(frozen=True, eq=False)
class Appearance:
    """What an image looks like, apart from what it shows.

    Attributes
    ----------
    size
        Height and width of the upright image, in pixels.
    camera
        Make and model from its EXIF data, or "".
    format
        Such as "JPEG".
    compression
        How coarsely a JPEG file is quantised, or "".
    colours
        `(6,)` mean and standard deviation of L*, a* and b*, in the order of `COLOURS`.
    layout
        `(48,)` mean L*, a* and b* of 4 x 4 tiles.
    """

    size: tuple[int, int]
    camera: str
    format: str
    compression: str
    colours: FloatArray
    layout: FloatArray


@dataclass(frozen=True)
class Difference:
    """One way in which two sets differ.

    Attributes
    ----------
    kind
        "size", "camera", "format", "compression", "colour" or "looks".
    sentence
        What differs, after "They differ in".
    effect
        AUC of telling the sets apart by this alone (0.5 to 1); for cameras and the like the difference of shares.
    p_value
        Chance of such a difference between random halves of one set, for one test.
    """

    kind: str
    sentence: str
    effect: float
    p_value: float


def appearance(data: bytes, name: Path, image: npt.NDArray[np.uint8], pixel_limit: int = PIXEL_LIMIT) -> Appearance:
    """Describe an image from its file's bytes and its decoded pixels `(H, W, 3)` uint8 RGB."""
    with opened(io.BytesIO(data), name, pixel_limit) as file:
        exif = Image.Image.getexif(file)
        camera = " ".join(_plain(exif[tag]) for tag in (_MAKE, _MODEL) if tag in exif)
        kind = file.format or ""
        tables: dict[int, Any] = getattr(file, "quantization", {})
    compression = f"mean quantisation step {np.mean(tables[0]):.1f}" if tables.get(0) else ""
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float64)
    colours = np.concatenate([lab.mean(axis=(0, 1)), lab.std(axis=(0, 1))])
    layout = lab.reshape(4, 16, 4, 16, 3).mean(axis=(1, 3)).ravel()
    height, width = image.shape[:2]
    return Appearance((height, width), camera, kind, compression, colours, layout)


def _plain(value: object) -> str:
    """Text from a file's metadata, safe to show in a sentence."""
    return "".join(letter for letter in str(value)[:80] if letter.isprintable()).strip()


def differences(
    first: Sequence[Appearance],
    second: Sequence[Appearance],
    first_groups: Groups = None,
    second_groups: Groups = None,
) -> tuple[Difference, ...]:
    """What sets two image sets apart, strongest kinds of evidence first; nothing for random halves of one set.

    Groups (one per image, or None) keep images that are not independent out of the classifier's own test.
    """
    if not first or not second:
        return ()
    kinds: list[tuple[str, Callable[[Appearance], str]]] = [
        ("size", lambda a: f"{a.size[1]} x {a.size[0]} pixels"),
        ("camera", lambda a: a.camera or "no camera named"),
        ("format", lambda a: a.format),
        ("compression", lambda a: a.compression or "no JPEG compression"),
    ]
    found = [_by_share(kind, [get(a) for a in first], [get(a) for a in second]) for kind, get in kinds]
    if found[0] is None:
        found[0] = _by_rank("size", ("pixels", "shape"), _sizes(first), _sizes(second))
    found.append(_by_rank("colour", COLOURS, _stack(first, "colours"), _stack(second, "colours")))
    found.append(_looks(first, second, first_groups, second_groups))
    return tuple(difference for difference in found if difference is not None)


def _stack(images: Sequence[Appearance], field: str) -> FloatArray:
    return np.stack([getattr(image, field) for image in images])


def _sizes(images: Sequence[Appearance]) -> FloatArray:
    height, width = np.array([image.size for image in images], dtype=np.float64).T
    return np.column_stack([height * width, width / height])


def _by_share(kind: str, first: Sequence[str], second: Sequence[str]) -> Difference | None:
    """The value whose share differs most, if it differs much."""
    here, there = Counter(first), Counter(second)
    shares = {value: (here[value] / len(first), there[value] / len(second)) for value in sorted(here | there)}
    value, (a, b) = max(shares.items(), key=lambda item: abs(item[1][0] - item[1][1]))
    p_value = rank_test(np.array([v == value for v in first]), np.array([v == value for v in second]))[1]
    if abs(a - b) < LARGE_SHARE or p_value > ALPHA / len(shares):
        return None
    return Difference(kind, f"{kind} ({value}: {a:.0%} against {b:.0%})", abs(a - b), p_value)


def _by_rank(kind: str, names: Sequence[str], first: FloatArray, second: FloatArray) -> Difference | None:
    """The features `(images, features)` that tell the sets apart, each by itself."""
    tests = {name: rank_test(first[:, i], second[:, i]) for i, name in enumerate(names)}
    told = {
        name: (max(area, 1 - area), p_value)
        for name, (area, p_value) in tests.items()
        if max(area, 1 - area) >= LARGE_AUC and p_value <= ALPHA / len(names)
    }
    if not told:
        return None
    best = max(told, key=lambda name: told[name][0])
    listed = ", ".join(sorted(told, key=lambda name: -told[name][0]))
    effect, p_value = told[best]
    return Difference(kind, f"{kind} ({listed}: {best} alone tells them apart with AUC {effect:.2f})", effect, p_value)


def rank_test(first: npt.ArrayLike, second: npt.ArrayLike, spread: float = 1.0) -> tuple[float, float]:
    """The AUC of `first` above `second`, and its two-sided p-value (Mann-Whitney, normal approximation with ties).

    `spread` widens the distribution of the AUC where values are not independent.
    """
    area = float(auc(roc_curve(first, second)))
    a, b = np.size(first), np.size(second)
    total = a + b
    ties = np.unique(np.concatenate([first, second]), return_counts=True)[1].astype(np.float64)
    variance = (total + 1 - np.sum(ties**3 - ties) / (total * (total - 1))) / (12 * a * b)
    return area, math.erfc(abs(area - 0.5) / math.sqrt(2 * variance) / spread) if variance > 0 else 1.0


def _looks(
    first: Sequence[Appearance], second: Sequence[Appearance], first_groups: Groups, second_groups: Groups
) -> Difference | None:
    """Whether a linear classifier on thumbnails tells images apart that it was not fitted on."""
    if min(len(first), len(second)) < FEWEST_FOR_LOOKS:
        return None
    images = [*first, *second]
    features = np.hstack([_stack(images, "colours"), _stack(images, "layout")])
    is_first = np.arange(len(images)) < len(first)
    groups = [*(first_groups or [None] * len(first)), *(second_groups or [None] * len(second))]
    scores = _held_out_scores(features, is_first, _folds(groups))
    if scores is None:
        return None
    count = len(first)
    area = rank_test(scores[:count], scores[count:])[0]
    # The images of a group are one observation: a few scenes on each side always look different.
    one, other = _group_means(scores[:count], groups[:count]), _group_means(scores[count:], groups[count:])
    p_value = rank_test(one, other, HELD_OUT_SPREAD)[1]
    if area < LARGE_AUC or p_value > ALPHA:
        return None
    sentence = f"looks (a linear classifier on tiny thumbnails tells unseen ones apart with AUC {area:.2f})"
    return Difference("looks", sentence, area, p_value)


def _group_means(scores: FloatArray, groups: Sequence[str | None]) -> FloatArray:
    """One mean score per group; an image without a group stands for itself."""
    units = unit_numbers(groups)
    return np.asarray(np.bincount(units, weights=scores) / np.bincount(units), dtype=np.float64)


def _folds(groups: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """A fold per image, the same for all images of a group."""
    units = unit_numbers(groups)
    shuffled = generator(0, "", "shift folds").permutation(int(units.max()) + 1)
    return np.asarray(shuffled[units] % FOLDS, dtype=np.int64)


def _held_out_scores(
    features: FloatArray, is_first: npt.NDArray[np.bool_], folds: npt.NDArray[np.int64]
) -> FloatArray | None:
    """Ridge regression on the other folds; None where those lack one of the sets, as with very few groups."""
    scores = np.zeros(len(features))
    for fold in np.unique(folds):
        held, fitted = folds == fold, folds != fold
        if not 0 < np.count_nonzero(is_first[fitted]) < np.count_nonzero(fitted):
            return None
        mean, spread = features[fitted].mean(axis=0), features[fitted].std(axis=0) + 1e-6
        x, y = (features[fitted] - mean) / spread, np.where(is_first[fitted], 1.0, -1.0)
        penalty = features.shape[1] * np.eye(features.shape[1])
        weights = np.linalg.solve(x.T @ x + penalty, x.T @ (y - y.mean()))
        scores[held] = (features[held] - mean) / spread @ weights
    return scores
