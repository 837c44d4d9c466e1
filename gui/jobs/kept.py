"""Queues on disk: audits that ran or waited in a window when it ended, however it ended. Knows nothing of Qt.

Each window has a file of its own, locked while it lives, so that no window writes over what another one has to do. What
a window leaves behind is taken over by the next one that starts.
"""

import contextlib
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from core.audit.lock import FolderLock
from core.engine.jobs import RunAudit, SpecTable
from core.errors import StoreError
from core.files import write_text
from core.places import config_folder

ENDING = ".toml"


def queue_folder() -> Path:
    """Where the queues of all windows are."""
    return config_folder() / "queues"


class Queue:
    """What one window has to do. Its file is made with the first job. Used by one thread at a time.

    Attributes
    ----------
    path
        Its file.
    """

    def __init__(self) -> None:
        self.path = queue_folder() / f"{uuid.uuid4().hex}{ENDING}"
        self._lock: FolderLock | None = None

    def write(self, jobs: Iterable[RunAudit]) -> bool:
        """Keep these jobs, the next one first; whether that was possible. Where not, it is not worth a message."""
        jobs = list(jobs)
        if not jobs and self._lock is None:
            return True
        with contextlib.suppress(OSError, ValueError, TypeError, StoreError):
            self._lock = self._lock or _locked(self.path)
            write_queue(self.path, jobs)
            return True
        return False

    def take_over(self) -> list[RunAudit]:
        """The jobs of windows that are gone, each audit once; they stand in this window's file from then on."""
        found: dict[Path, RunAudit] = {}
        held: list[tuple[Path, FolderLock]] = []
        for path in sorted(queue_folder().glob(f"*{ENDING}")):
            with contextlib.suppress(OSError, StoreError):  # its window lives, or it cannot be read now
                lock = _locked(path)
                try:
                    found |= {job.folder: job for job in _jobs(path.read_text("utf-8"))}
                    held.append((path, lock))
                except OSError:
                    lock.release()
        if self.write(found.values()):
            for path, _ in held:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
        for _, lock in held:
            lock.release()
        return list(found.values())

    def close(self) -> None:
        """Leave to the next window what is still to be done."""
        if self._lock is None:
            return
        if not read_queue(self.path):
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        self._lock.release()
        self._lock = None


def _locked(path: Path) -> FolderLock:
    """The lock of a queue's file. Raises `StoreError` where a window has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return FolderLock(path.with_suffix(".lock"))


def write_queue(path: Path, jobs: Iterable[RunAudit]) -> None:
    """Write a queue, atomically. Raises `OSError`, or `ValueError` or `TypeError` for a spec that TOML cannot hold."""
    write_text(path, tomli_w.dumps({"audits": [_as_table(job) for job in jobs]}))


def read_queue(path: Path) -> list[RunAudit]:
    """The jobs of a queue, but for those that are damaged. Trust in model files is not kept."""
    try:
        return _jobs(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []


def _jobs(text: str) -> list[RunAudit]:
    found = []
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        for table in tomllib.loads(text).get("audits", []):
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                found.append(_as_job(table))
    return found


def _as_table(job: RunAudit) -> dict[str, Any]:
    table: dict[str, Any] = {"folder": str(job.folder), "device": job.device}
    if isinstance(job.spec, SpecTable):
        table |= {"spec": dict(job.spec.table), "spec_folder": str(job.spec.folder)}
    else:
        table["spec_path"] = str(job.spec)
    if job.extend:
        table["extend"] = True
    return table if job.most is None else table | {"most": job.most}


def _as_job(table: Mapping[str, Any]) -> RunAudit:
    spec = SpecTable(table["spec"], Path(table["spec_folder"])) if "spec" in table else Path(table["spec_path"])
    return RunAudit(spec, Path(table["folder"]), table.get("most"), table.get("extend") is True, device=table["device"])
