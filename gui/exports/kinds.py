"""What can be exported of an audit, and how each file is written. Knows nothing of Qt.

What these functions need takes long to load (scipy, OpenCV): they import it themselves, in the thread that calls them.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import StoreError
from core.progress import Progress

if TYPE_CHECKING:
    from core.audit.map_export import MapExport
    from core.audit.spec import AuditSpec
    from core.audit.store import AuditStore

Table = Callable[["AuditStore", "AuditSpec"], str]


@dataclass(frozen=True)
class Kind:
    """A table that can be exported.

    Attributes
    ----------
    id
        Also the last part of its command's id.
    title
        As the menu says it.
    help
        A sentence more.
    ending
        Of the file, with the dot.
    make
        The text of the file.
    """

    id: str
    title: str
    help: str
    ending: str
    make: Table


def _scores_csv(store: "AuditStore", spec: "AuditSpec") -> str:
    from core.audit.export import scores_table

    return scores_table(store, spec)


def _scores_json(store: "AuditStore", spec: "AuditSpec") -> str:
    from core.audit.export import scores_document

    return json.dumps(scores_document(store, spec), indent=1) + "\n"


def _metrics_csv(store: "AuditStore", spec: "AuditSpec") -> str:
    from core.audit.metrics_export import metrics_table
    from core.audit.summary import summarise

    return metrics_table(summarise(store, spec))


def _metrics_json(store: "AuditStore", spec: "AuditSpec") -> str:
    from core.audit.summary import summarise

    return json.dumps(summarise(store, spec), indent=1) + "\n"


KINDS = (
    Kind("scores-csv", "Scores as CSV...", "One line per image, defense and attack.", ".csv", _scores_csv),
    Kind("scores-json", "Scores as JSON...", "One record per image, defense and attack.", ".json", _scores_json),
    Kind("metrics-csv", "Numbers as CSV...", "AUC, TPR, mIoU and IoU, a line for each number.", ".csv", _metrics_csv),
    Kind("metrics-json", "Numbers as JSON...", "All numbers with ROC curves and verdicts.", ".json", _metrics_json),
)


def write_table(folder: Path, kind: Kind, path: Path, progress: Progress) -> Path:
    """Write a table of an audit to `path`, atomically. Raises `StoreError` where that cannot be done."""
    from core.files import write_text

    progress.start(f"Writing {path.name}", 1)
    with _opened(folder) as (store, spec):
        text = kind.make(store, spec)
    progress.check()
    with _told(path):
        write_text(path, text)
    progress.step()
    return path


def write_maps(folder: Path, wanted: "MapExport", target: Path, progress: Progress) -> Path:
    """Write maps of an audit into `target/maps`; returns that folder. Raises `StoreError` where it cannot be."""
    from core.audit.map_export import export_maps

    with _opened(folder) as (store, spec), _told(target):
        return export_maps(store, spec, target, wanted, progress)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[tuple["AuditStore", "AuditSpec"]]:
    from core.audit.spec import read_spec
    from core.audit.store import SPEC_NAME, AuditStore

    with AuditStore.read(folder) as store:
        yield store, read_spec(folder / SPEC_NAME)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of whatever the system refuses which file it was about."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{error.filename2 or error.filename or path}: cannot be written to ({error.strerror}).",
            "Make room, check the rights, or close the program that has it open. What was there before is unchanged.",
        ) from error
