"""Training images at training size: decoded once into memory where they fit, decoded again in threads where not."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from core.attacks.base import VOID
from core.data.images import opened_file, read_image_bytes
from core.data.labels import read_label, settle_encoding
from core.data.samples import ImageSet, Sample
from core.errors import DataError
from core.files import sha256_of_bytes
from core.progress import Progress
from core.training.half import Halves

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme

THREADS = 4
MEMORY_BUDGET = 4 << 30
"""Bytes of decoded images kept; the machine's memory is shared with the model's."""

ASPECT_TOLERANCE = 0.01

Labelled = tuple[Sample, str]
"""A sample and how its label map is stored."""


def settled_encoding(images: ImageSet, scheme: "ClassScheme") -> str:
    """How a set's label maps are stored; "auto" is settled for all of them together."""
    labels = [s.label for s in images.samples if s.label is not None]
    return settle_encoding(labels, scheme) if images.encoding == "auto" and labels else images.encoding


def read_hashed(path: Path) -> tuple[npt.NDArray[np.uint8], str]:
    """An image `(H, W, 3)` uint8 RGB and the SHA-256 of the very bytes it was decoded from."""
    with opened_file(path) as stream:
        data = stream.read()
    return read_image_bytes(data, path), sha256_of_bytes(data)


def labelled_samples(sets: Iterable[ImageSet], scheme: "ClassScheme") -> list[Labelled]:
    """All images of the sets. Raises `DataError` naming the first one without a label map, or where there are none."""
    found = []
    for images in sets:
        encoding = settled_encoding(images, scheme)
        found += [(sample, encoding) for sample in images.samples]
    if not found:
        raise DataError("There are no images to train on.", "Give a folder of images with their label maps.")
    bare = [sample for sample, _ in found if sample.label is None]
    if bare:
        raise DataError(
            f"{bare[0].image}: has no label map ({len(bare)} of {len(found)} images have none).",
            "Training needs a label map for every image: add them, or leave those images out.",
        )
    return found


class TrainingImages:
    """Images and label maps of one size.

    Parameters
    ----------
    samples
        As `labelled_samples` gives them.
    scheme
        The class scheme of the label maps.
    size
        Height and width all are resized to: images with the antialiased bilinear filter of the target's
        pre-processing, label maps to the nearest pixel.
    budget
        Bytes that may stay in memory; beyond it the images are decoded again each time.
    halves
        Where given, the labels of the blocks that do not teach are void.

    Attributes
    ----------
    sha256
        SHA-256 of the image files, in the order of the samples; filled by `load`.
    """

    def __init__(
        self,
        samples: Sequence[Labelled],
        scheme: "ClassScheme",
        size: tuple[int, int],
        budget: int = MEMORY_BUDGET,
        halves: Halves | None = None,
    ) -> None:
        self._samples = samples
        self._scheme = scheme
        self._size = size
        self._halves = halves
        self._keep = len(samples) * size[0] * size[1] * 4 <= budget
        self._kept: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.sha256: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self._samples)

    def load(self, progress: Progress, stage: str) -> None:
        """Read every image once: hash it, prove that it decodes, keep it where memory allows."""
        hashes = []
        pool = ThreadPoolExecutor(THREADS)
        try:
            for sha256, image, label in progress.over(stage, pool.map(self._decode, self._samples), len(self)):
                hashes.append(sha256)
                if self._keep:
                    self._kept.append((image, label))
        finally:
            pool.shutdown(cancel_futures=True)  # who stops does not wait for images that nobody wants any more
        self.sha256 = tuple(hashes)

    def batch(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Images `(N, 3, h, w)` uint8 RGB and label maps `(N, h, w)` uint8 train ids."""
        if self._keep:
            pairs = [self._kept[i] for i in indices]
        else:
            with ThreadPoolExecutor(THREADS) as pool:
                pairs = [found[1:] for found in pool.map(self._decode, [self._samples[i] for i in indices])]
        return torch.stack([image for image, _ in pairs]), torch.stack([label for _, label in pairs])

    def _decode(self, item: Labelled) -> tuple[str, torch.Tensor, torch.Tensor]:
        sample, encoding = item
        image, sha256 = read_hashed(sample.image)
        label = label_of(sample, self._scheme, encoding, (image.shape[0], image.shape[1]))
        return sha256, _resized(image, self._size), self._taught(_nearest(label, self._size), sha256)

    def _taught(self, label: torch.Tensor, sha256: str) -> torch.Tensor:
        """A label map without what does not teach."""
        if self._halves is None:
            return label
        return label.where(torch.from_numpy(self._halves.mask(sha256, self._size)), VOID)


def label_of(sample: Sample, scheme: "ClassScheme", encoding: str, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The label map of a sample as train ids `(H, W)`.

    It may have another size than the image (half, say), but not another shape. Raises `DataError` otherwise, and
    where no pixel is labelled.
    """
    if sample.label is None:
        raise DataError(f"{sample.image}: has no label map.", "Add it, or leave the image out.")
    label = read_label(sample.label, scheme, encoding).train_ids
    if abs((size[1] / size[0]) / (label.shape[1] / label.shape[0]) - 1) > ASPECT_TOLERANCE:
        raise DataError(
            f"{sample.label}: is {label.shape[1]}x{label.shape[0]} px, its image {size[1]}x{size[0]} px.",
            "They must show the same field of view.",
        )
    if (label == VOID).all():
        raise DataError(
            f"{sample.label}: no pixel belongs to a class of the scheme '{scheme.name}'.",
            "Check the class scheme and how the label maps are stored (encoding), or leave the image out.",
        )
    return label


def _resized(image: npt.NDArray[np.uint8], size: tuple[int, int]) -> torch.Tensor:
    values = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    if image.shape[:2] == size:
        return values.contiguous()
    small = functional.interpolate(values[None].float(), size, mode="bilinear", antialias=True, align_corners=False)
    return small[0].round().clamp(0, 255).to(torch.uint8)


def _nearest(label: npt.NDArray[np.uint8], size: tuple[int, int]) -> torch.Tensor:
    values = torch.from_numpy(np.ascontiguousarray(label))
    return functional.interpolate(values[None, None], size, mode="nearest-exact")[0, 0]
