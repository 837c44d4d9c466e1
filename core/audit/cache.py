"""The posterior cache: what a target gave on the attack grid, kept apart from the audits and deletable at any time.

Keyed by hashes of target, image, label map, pre-processing and grid. Full-resolution posteriors are never kept (80 MB
each on Cityscapes); an entry takes about 1.4 MB there.
"""

import contextlib
import io
import os
import shutil
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.audit.observe import Recorded
from core.files import sha256_of_bytes, write_bytes
from core.places import cache_folder


@dataclass(frozen=True)
class CacheEntry:
    """Undefended posteriors of one image and, where it has a label map, the confusion counts `(C, C)` int64."""

    recorded: Recorded
    confusion: npt.NDArray[np.int64] | None


def cache_key(*parts: str) -> str:
    """One key from the hashes and settings an entry depends on."""
    return sha256_of_bytes("\0".join(parts).encode())


class PosteriorCache:
    """A folder of entries with a quota; the entries used longest ago go first. Safe to use from several threads."""

    def __init__(self, folder: Path, quota_bytes: int) -> None:
        self.folder = folder
        self.quota = quota_bytes
        self._lock = threading.Lock()
        self._size: int | None = None

    @classmethod
    def default(cls, quota_gb: float) -> "PosteriorCache":
        """The cache in the user's cache folder."""
        return cls(cache_folder() / "posteriors", int(quota_gb * 1e9))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"

    def get(self, key: str) -> CacheEntry | None:
        """The entry, or None. A damaged entry counts as absent and is removed."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            entry = _decode(data)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):  # a read-only cache still serves
            os.utime(path)
        return entry

    def put(self, key: str, entry: CacheEntry) -> None:
        """Keep an entry, unless the quota is too small for it or the folder cannot be written to.

        A cache only saves time: a full or read-only disk must not end the audit.
        """
        data = _encode(entry)
        if len(data) > self.quota:
            return
        with self._lock, contextlib.suppress(OSError):
            self._make_room(len(data))
            write_bytes(self._path(key), data)
            self._size = (self._size or 0) + len(data)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(size for _, size, _ in self._entries())

    def purge(self) -> int:
        """Delete every entry; returns the bytes freed."""
        with self._lock:
            freed = self.size()
            shutil.rmtree(self.folder, ignore_errors=True)
            self._size = 0
        return freed

    def _entries(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.glob("*/*.npz"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found

    def _make_room(self, needed: int) -> None:
        if self._size is None:
            self._size = self.size()
        if self._size + needed <= self.quota:
            return
        # Down to nine tenths, so that a full cache is not scanned again for each entry.
        target = int(self.quota * 0.9) - needed
        for _, size, path in sorted(self._entries(), key=lambda e: e[:2]):
            if self._size <= target:
                break
            path.unlink(missing_ok=True)
            self._size -= size


def _encode(entry: CacheEntry) -> bytes:
    recorded = entry.recorded
    arrays: dict[str, Any] = {
        "log_posteriors": recorded.log_posteriors,
        "hard": np.array(recorded.hard),
    }
    if recorded.label is not None and recorded.true_log_probability is not None:
        arrays |= {"label": recorded.label, "true_log_probability": recorded.true_log_probability}
    if entry.confusion is not None:
        arrays["confusion"] = entry.confusion
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _decode(data: bytes) -> CacheEntry:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        recorded = Recorded(
            log_posteriors=file["log_posteriors"],
            true_log_probability=file.get("true_log_probability"),
            label=file.get("label"),
            hard=bool(file["hard"]),
        )
        return CacheEntry(recorded, file.get("confusion"))
