"""A look at a target before an audit: one image, and the likely cause where the result is bad."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from core.data.scheme import ClassScheme
from core.errors import TargetError
from core.metrics.segmentation import confusion, miou
from core.targets.base import Target
from core.targets.inference import run_images, run_with_note
from core.targets.output import prediction
from core.targets.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing

LabelMap = npt.NDArray[np.uint8]
Remedy = Preprocessing | None
"""What would mend a cause, where that is a matter of pre-processing."""
Tried = tuple[float, str, Remedy]
"""The mIoU of a variant, what it is, and its pre-processing where that is what varies."""

LOW = 0.5
"""Below this mIoU causes are looked for: wrong channels or statistics often cost a target only half of it."""

GAIN = 0.1
"""How much better a variant must be before it is named."""

SAME = 0.02
"""Differences in mIoU that do not count: then the smaller change is named."""

VOID = 255

NORMALISATIONS = {
    "ImageNet's mean and std": (IMAGENET_MEAN, IMAGENET_STD, 255.0),
    "values 0 to 1 without mean and std": ((0.0,) * 3, (1.0,) * 3, 255.0),
    "values -1 to 1 (mean and std 0.5)": ((0.5,) * 3, (0.5,) * 3, 255.0),
    "values 0 to 255 without mean and std": ((0.0,) * 3, (1.0,) * 3, 1.0),
    "values 0 to 255 less ImageNet's mean": (tuple(255 * m for m in IMAGENET_MEAN), (1.0,) * 3, 1.0),
}


@dataclass(frozen=True)
class TargetCheck:
    """What one image shows of a target.

    Attributes
    ----------
    classes
        Number of classes it gives.
    gives
        "posteriors" or "labels".
    output_kind
        "logits", "probabilities" or "labels".
    output_size
        Rows and columns of its output, padding included.
    value_range
        Lowest and highest value of its output.
    predicted
        Train ids it predicts somewhere in the image.
    miou
        Mean IoU on the image, 0 to 1; None without a label map.
    causes
        Likely causes of a bad result, the most likely first.
    remedies
        By cause, where another pre-processing would mend it: the keys of `Preprocessing` that are to be other ones.
    notes
        What had to be assumed.
    """

    classes: int
    gives: str
    output_kind: str
    output_size: tuple[int, int]
    value_range: tuple[float, float]
    predicted: tuple[int, ...]
    miou: float | None
    causes: tuple[str, ...]
    remedies: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def check_target(
    target: Target, image: npt.NDArray[np.uint8], label: LabelMap | None = None, scheme: ClassScheme | None = None
) -> TargetCheck:
    """Run one image and say what comes out, how good it is, and what is probably wrong where it is bad.

    Parameters
    ----------
    image
        `(H, W, 3)` uint8 RGB.
    label
        Train ids `(H, W)`, 255 = void.
    scheme
        The label map's classes.

    Raises
    ------
    TargetError
        Where the target cannot run the image or gives nothing usable.
    """
    output, note = run_with_note(target, image)
    size = (image.shape[0], image.shape[1]) if label is None else (label.shape[0], label.shape[1])
    predicted = prediction(output, size)
    causes: dict[str, Remedy] = {} if scheme is None else dict.fromkeys(_class_count(output.classes, scheme))
    found = None
    if label is not None and bool((label != VOID).any()):
        found = _miou(label, predicted)
        if found < LOW:
            causes |= _causes(target, image, label, predicted, scheme, found)
    return TargetCheck(
        classes=output.classes,
        gives="labels" if output.kind == "labels" else "posteriors",
        output_kind=output.kind,
        output_size=(int(output.values.shape[-2]), int(output.values.shape[-1])),
        value_range=(float(output.values.min()), float(output.values.max())),
        predicted=tuple(np.unique(predicted).tolist()),
        miou=found,
        causes=tuple(causes),
        remedies={words: _changed(target.preprocessing, mended) for words, mended in causes.items() if mended},
        notes=(note,) if note else (),
    )


def _miou(label: LabelMap, predicted: LabelMap) -> float:
    """Mean IoU; a prediction of 255, void, counts as wrong."""
    return miou(_counts(label, predicted))


def _counts(label: LabelMap, predicted: LabelMap) -> npt.NDArray[np.int64]:
    return confusion(label, predicted, 1 + max(int(label[label != VOID].max()), int(predicted.max())))


def _changed(before: Preprocessing, after: Preprocessing) -> dict[str, Any]:
    """The keys that differ, with their new values."""
    old = before.to_mapping()
    return {key: value for key, value in after.to_mapping().items() if value != old.get(key)}


def _class_count(classes: int, scheme: ClassScheme) -> Iterator[str]:
    """What a wrong number of classes means."""
    if classes == scheme.classes:
        return
    hint = "Another scheme is needed, or another model."
    if classes == scheme.classes + 1:
        hint = "One more class is often a background class, first or last."
    elif classes == len({entry.id for entry in scheme.entries}):
        hint = "It has one output per label id: it was probably trained on ids, not on train ids."
    yield f"The model gives {classes} classes; the scheme '{scheme.name}' has {scheme.classes}. {hint}"


def _causes(
    target: Target,
    image: npt.NDArray[np.uint8],
    label: LabelMap,
    predicted: LabelMap,
    scheme: ClassScheme | None,
    found: float,
) -> dict[str, Remedy]:
    """Sentences for the variants that would be clearly better, the best first, with what would make them so."""
    tried: list[Tried] = []
    for words, variant in _variants(target):
        value = _variant_miou(target, image, label, variant)
        tried += [] if np.isnan(value) else [(value, words, variant)]
    tried = _simplest_of_the_best(tried)
    tried += _simplest_of_the_best([(_miou(label, ids), words, None) for words, ids in _renamed(predicted, scheme)])
    best = max((value for value, _, _ in tried), default=found)
    reordered = _reordered(label, predicted)
    if reordered > max(best, found) + GAIN:
        tried.append((reordered, "With the classes in another order", None))
    good = sorted((t for t in tried if t[0] > found + GAIN), key=lambda t: t[:2], reverse=True)
    return {f"{words} the mIoU would be {value:.2f} instead of {found:.2f}.": mended for value, words, mended in good}


def _simplest_of_the_best(tried: list[Tried]) -> list[Tried]:
    """The first, and so smallest, change that is as good as the best one."""
    best = max((value for value, _, _ in tried), default=0.0)
    return [next(t for t in tried if t[0] >= best - SAME)] if tried else []


def _variants(target: Target) -> Iterator[tuple[str, Preprocessing]]:
    """Other ways to prepare the image, those with one change first."""
    current = target.preprocessing
    other = "rgb" if current.channels == "bgr" else "bgr"
    in_order = f"With channels in {other.upper()}"
    yield in_order, replace(current, channels=other, mean=current.mean[::-1], std=current.std[::-1])
    if current.mean != current.mean[::-1] or current.std != current.std[::-1]:
        yield f"{in_order} and mean and std in the order given", replace(current, channels=other)
    for words, (mean, std, divide) in NORMALISATIONS.items():
        for channels in (current.channels, other):
            turn = -1 if channels == "bgr" else 1
            variant = replace(current, channels=channels, mean=mean[::turn], std=std[::turn], divide=divide)
            if variant != current:
                yield (f"With {words}" if channels == current.channels else f"{in_order} and {words}"), variant


def _variant_miou(target: Target, image: npt.NDArray[np.uint8], label: LabelMap, preprocessing: Preprocessing) -> float:
    """Mean IoU with another pre-processing; NaN where the model's output is unusable then."""
    try:
        (output,) = run_images(target, [image], preprocessing)
    except TargetError:
        return float("nan")
    return _miou(label, prediction(output, (label.shape[0], label.shape[1])))


def _renamed(predicted: LabelMap, scheme: ClassScheme | None) -> Iterator[tuple[str, LabelMap]]:
    """The prediction with other meanings of its ids. An id without a meaning becomes one that no label has."""
    wide = predicted.astype(np.int64)
    yield "If the model's first class were background (its ids count from 1)", _as_ids(wide - 1)
    yield "If the scheme's first class were missing in the model", _as_ids(wide + 1)
    if scheme is not None:
        yield "If the model gave label ids instead of train ids", _as_ids(scheme.from_ids[wide].astype(np.int64))


def _as_ids(values: npt.NDArray[np.int64]) -> LabelMap:
    return np.where((values < 0) | (values >= VOID), VOID - 1, values).astype(np.uint8)


def _reordered(label: LabelMap, predicted: LabelMap) -> float:
    """The best mean IoU that any one-to-one renaming of the classes could give (assignment on the IoU matrix)."""
    counts = _counts(label, predicted)
    union = counts.sum(0)[None, :] + counts.sum(1)[:, None] - counts
    rows, cols = linear_sum_assignment(counts / np.maximum(union, 1), maximize=True)
    renamed = np.zeros_like(counts)
    renamed[:, rows] = counts[:, cols]
    return miou(renamed)
