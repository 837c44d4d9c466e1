"""One writer at a time: a lock on a file, which the system lifts when its process ends, however it ends."""

import contextlib
import os
import sys
from pathlib import Path

from core.errors import StoreError

ONE_BYTE_FAR_OUT = 1 << 20
"""Where Windows locks: what is locked cannot be read by others, and they want to read who holds the lock."""


class FolderLock:
    """Held from construction to `release`. Raises `StoreError` where somebody else, or this process, has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        handle = None
        while handle is None:
            handle = _opened(path)
        self._handle = handle
        with contextlib.suppress(OSError):  # the number is for messages only; a full disk may refuse it
            os.truncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())

    def release(self) -> None:
        """Let others in, and remove the file."""
        # Windows removes no open file; elsewhere a file that is closed may be somebody else's already.
        if sys.platform == "win32":
            os.close(self._handle)
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        if sys.platform != "win32":
            os.close(self._handle)


def _opened(path: Path) -> int | None:
    """The locked file; None where its last holder removed it while it was being opened."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    kept = False
    try:
        _lock(handle)
        kept = os.path.samestat(os.fstat(handle), path.stat())
    except (BlockingIOError, PermissionError) as error:
        holder = os.read(handle, 20).decode("ascii", "replace")
        raise StoreError(
            f"{path.parent}: another run (process {holder}) is writing to it.", "Wait for it, or stop it first."
        ) from error
    except FileNotFoundError:
        kept = False
    finally:
        if not kept:
            os.close(handle)
    return handle if kept else None


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        os.lseek(handle, ONE_BYTE_FAR_OUT, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
