"""Taking an audit folder for writing."""

import contextlib
from pathlib import Path

from core.audit.lock import FolderLock, holder
from core.errors import StoreError

LOCK_NAME = "running.lock"


def take_folder(folder: Path, results: str) -> FolderLock:
    """Make the folder if needed and keep other runs out of it until the lock is released.

    Raises `StoreError` where a run writes to it, where it may not be written to, and where it holds something other
    than an audit, whose results are in the file called `results`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_things(folder, results)
        lock = FolderLock(folder / LOCK_NAME)
    except OSError as error:
        raise unwritable(folder, error) from error
    _sweep(folder, results)
    return lock


def writer_of(folder: Path) -> int | None:
    """Number of the process that writes to an audit folder, 0 where it is not known; None where none does."""
    return holder(folder / LOCK_NAME)


def unwritable(folder: Path, error: Exception) -> StoreError:
    """What to say where writing failed: a full disk, missing rights."""
    reason = getattr(error, "strerror", None) or str(error)
    return StoreError(
        f"{folder}: cannot be written to ({reason}).",
        "What is finished is kept. Make room or check the rights, then give the same command again.",
    )


def _refuse_other_things(folder: Path, results: str) -> None:
    """Never spread an audit over a folder in which a person keeps something else."""
    names = {p.name for p in folder.iterdir() if not p.name.startswith(".")} - {LOCK_NAME}
    if names and results not in names:
        raise StoreError(f"{folder}: is no audit, and not empty.", "Choose a new folder with --out.")


def _sweep(folder: Path, results: str) -> None:
    """Remove the unfinished maps of a run that was killed; it has left its log behind."""
    if (folder / f"{results}-wal").exists():
        for path in (folder / "maps").glob("*/.part-*"):
            with contextlib.suppress(OSError):
                path.unlink()
