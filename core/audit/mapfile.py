"""Membership maps on disk: one compressed .npz per image, defense and attack."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.attacks.base import AttackResult
from core.errors import StoreError
from core.files import atomic_writer

WINDOWS = "windows"


def write(path: Path, result: AttackResult) -> None:
    """Write the maps and visited patches of a result atomically."""
    arrays: dict[str, npt.NDArray[np.float32]] = dict(result.maps)
    if result.windows is not None:
        arrays[WINDOWS] = result.windows
    plain: dict[str, Any] = {k: np.asarray(v, np.float32) for k, v in arrays.items()}
    with atomic_writer(path) as stream:
        np.savez_compressed(stream, **plain)


def read(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read what `write` wrote. Raises `StoreError` naming the file if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"{path}: the map cannot be read ({error}).", "Run the audit again for this image.") from error
