"""Reading the audit's images: bytes, hashes, pixels and label maps, ahead of the target."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.audit.store import ImageRow
from core.data.images import opened_file, read_image_bytes
from core.data.labels import read_label_bytes, same_view
from core.data.scheme import ClassScheme
from core.errors import DataError
from core.files import sha256_of_bytes


@dataclass(frozen=True)
class Loaded:
    """One image in memory.

    Attributes
    ----------
    row
        The image's entry in the store.
    image
        `(H, W, 3)` uint8 RGB.
    label
        `(H', W')` uint8 train ids, 255 = void; None without a label map.
    sha256, label_sha256
        Hashes of the files' bytes; the very bytes that were decoded.
    """

    row: ImageRow
    image: npt.NDArray[np.uint8]
    label: npt.NDArray[np.uint8] | None
    sha256: str
    label_sha256: str | None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the label grid: the label map's, or the image's where there is none."""
        source = self.image if self.label is None else self.label
        return source.shape[0], source.shape[1]


def load(row: ImageRow, scheme: ClassScheme | None, encoding: str, pixel_limit: int) -> Loaded:
    """Read one image and its label map, if it has one and there is a scheme. Raises `DataError` naming the file."""
    try:
        return _load(row, scheme, encoding, pixel_limit)
    except MemoryError as error:
        raise DataError(f"{row.path}: there is not enough memory to decode it.", "Use a smaller image.") from error


def _load(row: ImageRow, scheme: ClassScheme | None, encoding: str, pixel_limit: int) -> Loaded:
    path = Path(row.path)
    data = _bytes_of(path)
    image = read_image_bytes(data, path, pixel_limit)
    if row.label_path is None or scheme is None:
        return Loaded(row, image, None, sha256_of_bytes(data), None)
    label_path = Path(row.label_path)
    label_data = _bytes_of(label_path)
    label = read_label_bytes(label_data, label_path, scheme, encoding, pixel_limit).train_ids
    _check_shape(path, image.shape[:2], label.shape)
    return Loaded(row, image, label, sha256_of_bytes(data), sha256_of_bytes(label_data))


def _bytes_of(path: Path) -> bytes:
    try:
        with opened_file(path) as stream:
            return stream.read()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).", "Check that the file is still there.") from error


def _check_shape(path: Path, image: tuple[int, ...], label: tuple[int, ...]) -> None:
    if not same_view((image[0], image[1]), (label[0], label[1])):
        raise DataError(
            f"{path}: the image is {image[1]}x{image[0]} and its label map {label[1]}x{label[0]}.",
            "They must show the same field of view.",
        )
