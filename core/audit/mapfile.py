"""Membership maps on disk: one .npz per image, defense and attack."""

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.attacks.base import AttackResult
from core.errors import StoreError
from core.files import atomic_writer

WINDOWS = "windows"

SAMPLES, SAMPLE = 8, 1024
"""So many pieces of so many bytes are compressed to see whether that pays."""

WORTH = 0.75
"""Share of its size that an array must be compressed to, for it to pay."""


def write(path: Path, result: AttackResult) -> None:
    """Write the maps and visited patches of a result atomically."""
    arrays: dict[str, npt.NDArray[np.float32]] = dict(result.maps)
    if result.windows is not None:
        arrays[WINDOWS] = result.windows
    with atomic_writer(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, values in arrays.items():
            data = _npy(np.asarray(values, np.float32))
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), data, _packing(data))


def _npy(values: npt.NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _packing(data: bytes) -> int:
    """Deflate where it pays. Floats that differ from pixel to pixel lose a sixth, for most of the time a map takes."""
    step = max(1, len(data) // SAMPLES)
    sample = b"".join(data[at : at + SAMPLE] for at in range(0, len(data), step))
    pays = len(zlib.compress(sample, 1)) < WORTH * len(sample)
    return zipfile.ZIP_DEFLATED if pays else zipfile.ZIP_STORED


def read(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read what `write` wrote. Raises `StoreError` naming the file if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"{path}: the map cannot be read ({error}).", "Run the audit again for this image.") from error
