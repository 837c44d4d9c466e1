"""What people decide about an audit: an append-only log, apart from what the runner measured.

One JSON object a line: who, when, what, about which image, and why. Nothing is ever taken back; a later entry
overrides an earlier one, and both are printed.
"""

import getpass
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import StoreError

REVIEW_NAME = "review.jsonl"
ACTIONS = ("exclude", "include", "note", "flag", "unflag", "region", "operating-point", "override", "restore")
NEED_REASON = frozenset({"exclude", "include", "override", "restore"})


@dataclass(frozen=True)
class ReviewEntry:
    """One decision.

    Attributes
    ----------
    who, when
        A user name; ISO 8601 with zone.
    action
        One of `ACTIONS`.
    image
        Image id in the audit, or None for the audit as a whole.
    why
        The reason in the person's words.
    value
        What the action needs besides: a region's corners, a threshold, the failed check that is overridden.
    """

    who: str
    when: str
    action: str
    image: int | None
    why: str
    value: Any = None


def append(folder: Path, action: str, *, image: int | None, why: str, value: Any = None, who: str = "") -> ReviewEntry:
    """Add a decision. Raises `StoreError` for an unknown action, or one of `NEED_REASON` without a reason."""
    if action not in ACTIONS:
        raise StoreError(f"There is no review action '{action}'.", f"Choose one of: {', '.join(ACTIONS)}.")
    if action in NEED_REASON and not why.strip():
        raise StoreError(f"'{action}' needs a reason.", "Say why; it is printed in the snapshot.")
    now = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    entry = ReviewEntry(who or _user(), now, action, image, why, value)
    line = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
    path = folder / REVIEW_NAME
    try:
        _append_line(path, line)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written to ({error.strerror}).", "Check the rights.") from error
    return entry


def _append_line(path: Path, line: str) -> None:
    # A line cut short by a crash must not swallow the next one.
    cut_short = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write("\n" + line if cut_short else line)
        stream.flush()
        os.fsync(stream.fileno())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may run as a user without a name
        return "unknown"


def read(folder: Path) -> list[ReviewEntry]:
    """All decisions in order. A line that was cut short by a crash, or is no decision, is left out."""
    path = folder / REVIEW_NAME
    if not path.is_file():
        return []
    entries = []
    for line in path.read_text("utf-8", errors="replace").split("\n"):
        try:
            entry = ReviewEntry(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            continue
        if _sound(entry):
            entries.append(entry)
    return entries


def _sound(entry: ReviewEntry) -> bool:
    """Whether the values are of the kinds that `append` writes."""
    texts = (entry.who, entry.when, entry.action, entry.why)
    image = entry.image is None or (isinstance(entry.image, int) and not isinstance(entry.image, bool))
    return image and all(isinstance(text, str) for text in texts)


def excluded(entries: Iterable[ReviewEntry]) -> set[int]:
    """Ids of the images that are excluded after all decisions."""
    return standing(entries, "exclude", "include")


def standing(entries: Iterable[ReviewEntry], does: str, takes_back: str) -> set[int]:
    """Ids of the images for which the last of two opposite actions is the first one."""
    found: set[int] = set()
    for entry in entries:
        if entry.image is not None and entry.action == does:
            found.add(entry.image)
        elif entry.image is not None and entry.action == takes_back:
            found.discard(entry.image)
    return found


def overridden(entries: Iterable[ReviewEntry]) -> dict[tuple[str, int | None], ReviewEntry]:
    """The failed checks that are overridden after all decisions, by check and image; None: for all suspects."""
    found: dict[tuple[str, int | None], ReviewEntry] = {}
    for entry in entries:
        if entry.action == "override":
            found[str(entry.value), entry.image] = entry
        elif entry.action == "restore":
            found.pop((str(entry.value), entry.image), None)
    return found
