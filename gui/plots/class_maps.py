"""What a map says of each class: its mean over the label's pixels. Called from threads; knows nothing of Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.samples import Role
from core.data.scheme import VOID
from core.errors import SegLeakError
from core.metrics.roc import FloatArray
from core.progress import Progress
from gui.document import AuditDocument
from gui.ranges import Map

MOST = 48
"""Images of each role that are read: means of classes move little after that, and it takes seconds."""


@dataclass(frozen=True, eq=False)
class ClassMeans:
    """Means of a map by class.

    Attributes
    ----------
    values
        `(C,)` by chain id; NaN for a class that none of the images has.
    images, of
        How many were read, and how many there are.
    """

    values: dict[str, FloatArray]
    images: int
    of: int


def sample_of(document: AuditDocument, role: Role) -> tuple[list[int], int]:
    """Evenly spread finished images of a role, without excluded ones, and how many there are."""
    out = document.excluded
    found = [row.id for row in document.rows if row.role is role and row.state == "done" and row.id not in out]
    return found[:: max(1, -(-len(found) // MOST))], len(found)


def class_means(
    document: AuditDocument,
    chains: Sequence[str],
    attack: str,
    layer: str,
    role: Role,
    progress: Progress,
) -> ClassMeans:
    """The mean of a map over the pixels of each class: of each image first, then over images, which count alike.

    Images without a label map or without this map are passed over. Raises `Cancelled` where it was stopped.
    """
    images, total = sample_of(document, role)
    classes = len(document.class_names)
    found: dict[str, list[FloatArray]] = {chain: [] for chain in chains}
    read = 0
    for image in progress.over("Reading maps", images, len(images)):
        label = _label(document, image)
        means = {chain: _of_image(document, image, chain, attack, layer, label, classes) for chain in chains}
        read += any(mean is not None for mean in means.values())
        for chain, mean in means.items():
            if mean is not None:
                found[chain].append(mean)
    return ClassMeans({chain: _mean(parts) for chain, parts in found.items() if parts}, read, total)


def _label(document: AuditDocument, image: int) -> npt.NDArray[np.uint8] | None:
    try:
        return document.label(image)
    except SegLeakError:
        return None  # the browser says why


def _of_image(
    document: AuditDocument,
    image: int,
    chain: str,
    attack: str,
    layer: str,
    label: npt.NDArray[np.uint8] | None,
    classes: int,
) -> FloatArray | None:
    if label is None:
        return None
    values = document.maps(image, chain, attack).get(layer)
    return None if values is None else means_by_class(values, at_grid(label, values.shape), classes)


def at_grid(label: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """The label map `(H, W)` at the points of a map of `shape`: those of the attack grid, floor(i * H / h)."""
    rows, cols = (np.arange(n) * size // n for n, size in zip(shape, label.shape, strict=True))
    points: npt.NDArray[np.uint8] = label[rows[:, None], cols[None, :]]
    return points


def means_by_class(values: Map, label: npt.NDArray[np.uint8], classes: int) -> FloatArray:
    """The mean of a map `(h, w)` over the pixels of each class, `(C,)`; NaN for a class without any."""
    known = ~np.isnan(values) & (label != VOID) & (label < classes)
    ids = label[known]
    counts = np.bincount(ids, minlength=classes)
    sums = np.bincount(ids, values[known].astype(np.float64), minlength=classes)
    means: FloatArray = np.divide(sums, counts, out=np.full(classes, np.nan), where=counts > 0)
    return means


def _mean(parts: Sequence[FloatArray]) -> FloatArray:
    """The mean over images of those that have the class."""
    stacked = np.stack(parts)
    counts = (~np.isnan(stacked)).sum(axis=0)
    mean: FloatArray = np.divide(
        np.nansum(stacked, axis=0), counts, out=np.full(stacked.shape[1], np.nan), where=counts > 0
    )
    return mean
