"""The folder through which arrays pass. It belongs to one client and goes with it, at the latest at the next start."""

import contextlib
import secrets
import shutil
from pathlib import Path

from core.audit.lock import FolderLock
from core.errors import StoreError
from core.places import cache_folder


class ExchangeFolder:
    """A folder of its own for each client, under the cache folder.

    A lock beside it, which the system lifts when its owner ends in whatever way, tells living clients from dead ones:
    what dead ones have left is removed here.

    Attributes
    ----------
    path
        The folder.
    """

    def __init__(self, root: Path | None = None) -> None:
        root = root or cache_folder() / "engine"
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        name = secrets.token_hex(8)
        # The lock first: a folder without its lock is one to sweep.
        self._lock = FolderLock(root / f"{name}.lock")
        self.path = root / name
        self.path.mkdir(mode=0o700)

    def clear(self) -> None:
        """Remove what a process has left behind."""
        for file in self.path.glob("*"):
            with contextlib.suppress(OSError):
                file.unlink()

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def _sweep(root: Path) -> None:
    for lock in root.glob("*.lock"):
        with contextlib.suppress(StoreError, OSError):
            held = FolderLock(lock)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            held.release()
    for folder in root.iterdir():
        if folder.is_dir() and not folder.with_suffix(".lock").exists():
            shutil.rmtree(folder, ignore_errors=True)
