"""One writer at a time: a lock on a file, which the system lifts when its process ends, however it ends."""

import contextlib
import os
import sys
import time
from pathlib import Path

from core.errors import StoreError

ONE_BYTE_FAR_OUT = 1 << 20
"""Where Windows locks: what is locked cannot be read by others, and they want to read who holds the lock."""


LOOKS, LOOK = 3, 0.02
"""How often a lock that somebody has is asked for again, after so many seconds: `holder` has it for a moment."""


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


def holder(path: Path) -> int | None:
    """Number of the process that has the lock of a file, 0 where it has not been written yet; None where nobody has."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return int(os.read(handle, 20) or 0) if _is_locked(handle) else None
    except (OSError, ValueError):
        return 0
    finally:
        os.close(handle)


def _opened(path: Path) -> int | None:
    """The locked file; None where its last holder removed it while it was being opened."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    kept = False
    try:
        _lock_soon(handle)
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


def _lock_soon(handle: int) -> None:
    for _ in range(LOOKS):
        with contextlib.suppress(BlockingIOError, PermissionError):
            return _lock(handle)
        time.sleep(LOOK)
    return _lock(handle)


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        os.lseek(handle, ONE_BYTE_FAR_OUT, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(handle, 0, os.SEEK_SET)

    def _is_locked(handle: int) -> bool:
        try:
            _lock(handle)
        except PermissionError:
            return True
        os.lseek(handle, ONE_BYTE_FAR_OUT, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        return False

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _is_locked(handle: int) -> bool:
        """It is locked for the moment until the file is closed, beside others who look."""
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
