"""Small pictures of images, kept on disk between runs. Knows nothing of Qt."""

import contextlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.data.images import read_image
from core.errors import DataError
from core.files import sha256_of_bytes, write_bytes
from core.places import cache_folder

SIDE = 192
"""Longer side of a thumbnail, in pixels."""

QUALITY = 85
QUOTA = 200_000_000
"""Bytes on disk; about 25,000 thumbnails."""

KEPT_SHARE = 0.8
"""Share of the quota that stays when the oldest thumbnails go."""

Picture = npt.NDArray[np.uint8]


class ThumbnailStore:
    """Thumbnails in a folder, by path, size and time of the image file. Safe to use from several threads."""

    def __init__(self, folder: Path, quota: int = QUOTA) -> None:
        self._folder = folder
        self._quota = quota

    @classmethod
    def default(cls) -> "ThumbnailStore":
        """The one in the user's cache folder."""
        return cls(cache_folder() / "thumbnails")

    def picture(self, path: Path, pixel_limit: int) -> Picture:
        """The thumbnail `(h, w, 3)` uint8 RGB of an image, made where it is not kept. Raises `DataError`."""
        kept = self._path(path)
        found = _read(kept)
        if found is None:
            found = shrunk(read_image(path, pixel_limit))
            _write(kept, found)
        return found

    def prune(self) -> None:
        """Delete the oldest thumbnails where they take more than the quota."""
        found = [(file, stat) for file in self._folder.rglob("*.jpg") if (stat := _stat(file)) is not None]
        size = sum(stat.st_size for _, stat in found)
        if size <= self._quota:
            return
        for file, stat in sorted(found, key=lambda pair: pair[1].st_mtime):
            if size <= KEPT_SHARE * self._quota:
                break
            file.unlink(missing_ok=True)
            size -= stat.st_size

    def _path(self, path: Path) -> Path:
        stat = _stat(path)
        if stat is None:
            raise DataError(f"{path} cannot be opened: there is no such file.", "Check that it is still there.")
        name = sha256_of_bytes(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0{SIDE}".encode("utf-8", "surrogateescape"))
        return self._folder / name[:2] / f"{name[:32]}.jpg"


def shrunk(image: Picture) -> Picture:
    """The image with a longer side of at most `SIDE`; each pixel is the mean of those it stands for."""
    from core.data._cv import cv2

    height, width = image.shape[:2]
    factor = SIDE / max(height, width)
    if factor >= 1:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _read(path: Path) -> Picture | None:
    """A kept thumbnail; None where there is none or it is damaged."""
    from core.data._cv import cv2

    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    found = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    return None if found is None else np.ascontiguousarray(found[..., ::-1])


def _write(path: Path, picture: Picture) -> None:
    """Keep a thumbnail, where there is room for it."""
    from core.data._cv import cv2

    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if done:
        with contextlib.suppress(OSError):
            write_bytes(path, data.tobytes())
