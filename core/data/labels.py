"""Read label maps of any encoding into train ids."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.data.images import PIXEL_LIMIT, opened, opened_file
from core.data.scheme import ID_COUNT, VOID, ClassScheme
from core.errors import DataError, SpecError

ENCODINGS = ("auto", "train-id", "id", "palette", "colour")
"""How label maps are stored.

train-id: values are train ids, 255 is void. id: values are the scheme's ids. palette: indices of a palette image
are ids; other files are refused. colour: colours stand for labels. auto: see `read_label`.
"""

SAMPLED_LABELS = 24
"""Label maps looked at by `settle_encoding`: enough to meet the ids that tell the encodings apart."""


_IDENTITY = np.arange(ID_COUNT).clip(max=VOID).astype(np.uint8)
"""The table of a map that holds train ids already."""


ASPECT_TOLERANCE = 0.01


@dataclass(frozen=True)
class LabelMap:
    """A label map in train ids.

    Attributes
    ----------
    train_ids
        `(H, W)` uint8, 255 = void.
    unknown
        Values outside the scheme, each with its number of pixels (which are void in `train_ids`). Colours are
        written as the number 0xRRGGBB.
    encoding
        How the file was read; never "auto".
    """

    train_ids: npt.NDArray[np.uint8]
    unknown: dict[int, int] = field(default_factory=dict)
    encoding: str = "train-id"


@dataclass(frozen=True)
class _Raw:
    """A decoded label file: values `(H, W)` 0..65535, or colours `(H, W, 3)` uint8."""

    array: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    is_palette: bool

    @property
    def is_colour(self) -> bool:
        return self.array.ndim == 3


def read_label(path: Path, scheme: ClassScheme, encoding: str = "auto", pixel_limit: int = PIXEL_LIMIT) -> LabelMap:
    """Read a label map file.

    With "auto", a file whose colour channels differ is read as "colour". Other files, palette images by their
    indices, are read as "train-id" when every value is a train id or 255, else as "id". A file that shows few
    classes can fool this rule: for a set of files ask `settle_encoding` once and pass on its answer.

    In a map of ids the value 255 is void even where the scheme does not list it. EXIF orientation is ignored.

    Raises `DataError` naming the file when it is missing, broken, over `pixel_limit`, compressed with loss, or
    does not fit the encoding.
    """
    with opened_file(path) as stream:
        return _read(stream, path, scheme, encoding, pixel_limit)


def read_label_bytes(
    data: bytes,
    name: Path,
    scheme: ClassScheme,
    encoding: str = "auto",
    pixel_limit: int = PIXEL_LIMIT,
) -> LabelMap:
    """Decode the bytes of a label map like `read_label`; `name` is used in messages only."""
    return _read(io.BytesIO(data), name, scheme, encoding, pixel_limit)


def same_view(image_size: tuple[int, int], label_size: tuple[int, int]) -> bool:
    """Whether an image and a label map of these sizes (height, width) can show the same field of view.

    A label map may have another size than its image (half, say), but not another shape: 1 % is allowed for rounding.
    """
    ratio = (image_size[1] / image_size[0]) / (label_size[1] / label_size[0])
    return abs(ratio - 1) <= ASPECT_TOLERANCE


def settle_encoding(paths: Sequence[Path], scheme: ClassScheme, pixel_limit: int = PIXEL_LIMIT) -> str:
    """The encoding that fits a set of label maps: the rule of "auto", applied to a sample of the files together.

    Files that cannot be read are passed over: reading them says why. Raises `DataError` when some files are
    colour-coded and others are not.
    """
    step = max(1, len(paths) // SAMPLED_LABELS)
    guesses = {path: _guessed(path, scheme, pixel_limit) for path in paths[::step]}
    found = {path: guess for path, guess in guesses.items() if guess}
    in_colour = [path for path, encoding in found.items() if encoding == "colour"]
    if in_colour and len(in_colour) < len(found):
        other = next(path for path in found if path not in in_colour)
        raise DataError(
            f"{in_colour[0]} is colour-coded and {other} is not.", "Keep label maps of one encoding together."
        )
    return next((e for e in ("colour", "id", "train-id") if e in found.values()), "auto")


def _guessed(path: Path, scheme: ClassScheme, pixel_limit: int) -> str | None:
    try:
        with opened_file(path) as stream:
            return _auto(_decode(stream, path, pixel_limit, in_colour=False), scheme)
    except DataError:
        return None


def _read(stream: BinaryIO, name: Path, scheme: ClassScheme, encoding: str, pixel_limit: int) -> LabelMap:
    if encoding not in ENCODINGS:
        raise SpecError(f"There is no label encoding '{encoding}'.", f"Choose one of: {', '.join(ENCODINGS)}.")
    raw = _decode(stream, name, pixel_limit, in_colour=encoding == "colour")
    chosen = _auto(raw, scheme) if encoding == "auto" else encoding
    if chosen == "colour":
        return _from_colours(raw.array, scheme, name)
    if raw.is_colour:
        raise DataError(f"{name} is colour-coded, not a map of values.", "Set the encoding to 'colour'.")
    if chosen == "palette" and not raw.is_palette:
        raise DataError(f"{name} is not a palette image.", "Set the encoding to 'id' or 'auto'.")
    if chosen == "train-id":
        return _from_values(raw.array, _IDENTITY, scheme.known_train_ids, chosen)
    return _from_values(raw.array, scheme.from_ids, scheme.known_ids, chosen)


def _decode(stream: BinaryIO, name: Path, pixel_limit: int, in_colour: bool) -> _Raw:
    """Values of a grey or palette file (or of equal colour channels); else, or if asked for, colours."""
    with opened(stream, name, pixel_limit) as image:
        _refuse_lossy(image, stream, name)
        if in_colour:
            return _Raw(np.asarray(image.convert("RGB")), image.mode == "P")
        if image.mode in ("RGB", "RGBA"):
            return _Raw(_without_equal_channels(np.asarray(image)[..., :3]), False)
        if image.mode == "1":
            return _Raw(np.asarray(image).astype(np.uint8), False)
        if image.mode in ("L", "P", "LA", "PA"):
            array = np.asarray(image)
            return _Raw(array[..., 0] if array.ndim == 3 else array, image.mode in ("P", "PA"))
        if image.mode.startswith("I"):
            return _Raw(_as_uint16(np.asarray(image), name), False)
        raise DataError(
            f"{name} is not a label map: its pixels are of the kind {image.mode}.",
            "Label maps are grey, palette or RGB images with whole numbers.",
        )


def _refuse_lossy(image: Image.Image, stream: BinaryIO, name: Path) -> None:
    """Lossy compression smears ids across borders, and nothing can tell which pixels are still right."""
    lossy = image.format in ("JPEG", "MPO") or "jpeg" in str(image.info.get("compression", ""))
    if image.format == "WEBP":
        place = stream.tell()
        stream.seek(0)
        lossy = b"VP8L" not in stream.read()
        stream.seek(place)
    if lossy:
        raise DataError(
            f"{name} is compressed with loss, which changes the ids in a label map.",
            "Use the original label map, saved as PNG.",
        )


def _as_uint16(array: npt.NDArray[np.generic], name: Path) -> npt.NDArray[np.uint16]:
    values = array.astype(np.int64)
    if values.size and (values.min() < 0 or values.max() >= ID_COUNT):
        raise DataError(f"{name} holds ids outside 0 to 65535.", "Label ids are whole numbers 0 to 65535.")
    return values.astype(np.uint16)


def _without_equal_channels(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    red = rgb[..., 0]
    grey = np.array_equal(red, rgb[..., 1]) and np.array_equal(red, rgb[..., 2])
    return red if grey else rgb


def _auto(raw: _Raw, scheme: ClassScheme) -> str:
    if raw.is_colour:
        return "colour"
    present = np.flatnonzero(np.bincount(raw.array.ravel()))
    return "train-id" if scheme.known_train_ids[present].all() else "id"


def _from_values(
    values: npt.NDArray[np.uint8] | npt.NDArray[np.uint16],
    table: npt.NDArray[np.uint8],
    known: npt.NDArray[np.bool_],
    encoding: str,
) -> LabelMap:
    counts = np.bincount(values.ravel(), minlength=1)
    outside = np.flatnonzero(counts * ~known[: len(counts)])
    unknown = {int(value): int(counts[value]) for value in outside}
    return LabelMap(np.where(known, table, VOID).astype(np.uint8)[values], unknown, encoding)


def _codes(rgb: npt.NDArray[np.generic]) -> npt.NDArray[np.int32]:
    """Colours `(..., 3)` uint8 as numbers 0xRRGGBB."""
    wide = rgb.astype(np.int32)
    codes: npt.NDArray[np.int32] = (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
    return codes


def _from_colours(rgb: npt.NDArray[np.generic], scheme: ClassScheme, name: Path) -> LabelMap:
    if rgb.ndim == 2:  # equal channels
        rgb = np.repeat(rgb[..., None], 3, axis=2)
    table = _colour_table(scheme)
    known = np.array(sorted(table), dtype=np.int32)
    codes = _codes(rgb)
    places = np.searchsorted(known, codes).clip(max=len(known) - 1)
    hit = known[places] == codes
    classes = np.array([min(table[code], default=VOID) for code in known.tolist()], dtype=np.uint8)
    for code in known[np.unique(places[hit])].tolist():
        if len(table[code]) > 1:
            raise DataError(
                f"{name}: the colour #{code:06x} stands for several classes of '{scheme.name}'.",
                "Use label maps of ids, or a scheme whose colours differ.",
            )
    values, counts = np.unique(codes[~hit], return_counts=True)
    unknown = dict(zip(values.tolist(), counts.tolist(), strict=True))
    return LabelMap(np.where(hit, classes[places], VOID).astype(np.uint8), unknown, "colour")


def _colour_table(scheme: ClassScheme) -> dict[int, set[int]]:
    """Colour -> the train ids it stands for; empty for void. A class goes before a void label of the same colour."""
    table: dict[int, set[int]] = {}
    for entry in scheme.entries:
        red, green, blue = entry.colour
        train_ids = table.setdefault(red << 16 | green << 8 | blue, set())
        if entry.train_id is not None:
            train_ids.add(entry.train_id)
    return table
