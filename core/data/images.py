"""Decode still images into RGB, safely: the size is checked in the header before a pixel is decoded."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from core.errors import DataError

PIXEL_LIMIT = 200_000_000
"""Largest image decoded unless a setting says otherwise, in pixels."""

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
"""Pillow's names of the formats that are opened; the list keeps decoders that run other programs out."""

EXTENSIONS = frozenset((".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif"))
"""File name extensions of images, in lower case."""

# Pillow warns from 89 and refuses from 179 megapixels; `opened` checks the limit of the audit instead.
Image.MAX_IMAGE_PIXELS = None

_ORIENTATION_TAG = 0x0112
_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANAR_CONFIGURATION = 258, 262, 284
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = (5, 6, 7, 8)


def read_image(path: Path, pixel_limit: int = PIXEL_LIMIT) -> npt.NDArray[np.uint8]:
    """Read an image file as `(H, W, 3)` uint8 RGB, turned upright as its EXIF orientation says.

    16-bit channels keep their high byte. Alpha is dropped and the colour beneath kept as stored. Of several frames
    or pages the first is read. Colour profiles are not applied.

    Raises `DataError` naming the file when it is missing, broken, over `pixel_limit` (in pixels), or without a
    fixed value range (32-bit and floating-point files).
    """
    with opened_file(path) as stream:
        return _read(stream, path, pixel_limit)


def read_image_bytes(data: bytes, name: Path, pixel_limit: int = PIXEL_LIMIT) -> npt.NDArray[np.uint8]:
    """Decode the bytes of an image file like `read_image`; `name` is used in messages only."""
    return _read(io.BytesIO(data), name, pixel_limit)


def image_size(path: Path, pixel_limit: int = PIXEL_LIMIT) -> tuple[int, int]:
    """Height and width of the upright image in pixels, from the header alone. Raises like `read_image`."""
    with opened_file(path) as stream, opened(stream, path, pixel_limit) as image:
        width, height = image.size
        return (width, height) if _orientation(image) in _SWAPS_SIDES else (height, width)


@contextmanager
def opened_file(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading; `DataError` names the file where that fails."""
    try:
        # A pipe or device among the images would block the run for ever.
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is not a file.", "Name an image file.")
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} cannot be opened: {reason}.", "Check the path and its permissions.") from error
    with stream:
        yield stream


@contextmanager
def opened(stream: BinaryIO, name: Path, pixel_limit: int) -> Iterator[Image.Image]:
    """A Pillow image whose header was read and whose size is within the limit; nothing is decoded yet.

    Whatever a decoder raises inside the block on a broken file leaves it as a `DataError` naming the file.
    """
    try:
        with Image.open(stream, formats=FORMATS) as image:
            _check_size(image.size, name, pixel_limit)
            _refuse_deep_planes(image, name)
            yield image
    except (DataError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise DataError(
            f"{name} is not an image that can be read: its header is broken or of an unknown kind.",
            "Supported are PNG, JPEG, WebP, TIFF, BMP and GIF with 8 or 16 bits a channel.",
        ) from error
    except Exception as error:  # decoders raise anything from OSError to struct.error on broken files
        raise DataError(
            f"{name} is broken and cannot be decoded: {error}.", "Replace the file or leave it out."
        ) from error


def _check_size(size: tuple[int, int], name: Path, pixel_limit: int) -> None:
    width, height = size
    if width * height > pixel_limit:
        raise DataError(
            f"{name} has {width} x {height} pixels, more than the limit of {pixel_limit:,}.",
            "Raise the pixel limit or make the image smaller.",
        )
    if min(width, height) < 1:
        raise DataError(f"{name} has no pixels.", "Replace the file or leave it out.")


def _refuse_deep_planes(image: Image.Image, name: Path) -> None:
    """16-bit TIFF with one plane per channel decodes to wrong values without an error."""
    if isinstance(image, TiffImageFile):
        depths = image.tag_v2.get(_BITS_PER_SAMPLE, ())
        if image.tag_v2.get(_PLANAR_CONFIGURATION) == 2 and max(depths, default=8) > 8:
            raise DataError(
                f"{name} keeps its 16-bit channels in separate planes, which is not supported.",
                "Save it again with interleaved channels, or as PNG.",
            )


def _read(stream: BinaryIO, name: Path, pixel_limit: int) -> npt.NDArray[np.uint8]:
    with opened(stream, name, pixel_limit) as image:
        turn = _TURNS.get(_orientation(image))
        rgb = _as_rgb(image, name)
        upright = rgb if turn is None else rgb.transpose(turn)
        return np.array(upright, dtype=np.uint8)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8 as the header states it; 1 where Pillow turns the image by itself (TIFF)."""
    if image.format == "TIFF":
        return 1
    # The PNG class's own method decodes the whole file to look for EXIF data behind the pixels.
    orientation = Image.Image.getexif(image).get(_ORIENTATION_TAG, 1)
    return orientation if isinstance(orientation, int) else 1


def _as_rgb(image: Image.Image, name: Path) -> Image.Image:
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        # Pillow turns TIFF's "white is zero" round for 8 bits only.
        white_is_zero = isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == 0
        return Image.fromarray(~grey if white_is_zero else grey).convert("RGB")
    if image.mode in ("I", "F"):
        kind = "32-bit" if image.mode == "I" else "floating-point"
        raise DataError(
            f"{name} holds {kind} values, which have no fixed range.", "Save it with 8 or 16 bits a channel."
        )
    if image.mode in ("RGBa", "La"):  # stored multiplied by alpha
        return image.convert("RGBA" if image.mode == "RGBa" else "LA").convert("RGB")
    return image.convert("RGB")
