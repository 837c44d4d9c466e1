"""What the review log says in the end: of several decisions about an image the last one stands. Knows nothing of Qt."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.audit.review import ReviewEntry

TAKES_BACK = "takes_back"
"""In the value of a note: when the note was written that it takes back."""


def flagged(entries: Iterable[ReviewEntry]) -> frozenset[int]:
    """Ids of the images that are marked to come back to."""
    out: set[int] = set()
    for entry in entries:
        if entry.image is not None and entry.action == "flag":
            out.add(entry.image)
        elif entry.image is not None and entry.action == "unflag":
            out.discard(entry.image)
    return frozenset(out)


def standing_notes(entries: Iterable[ReviewEntry]) -> dict[int | None, tuple[ReviewEntry, ...]]:
    """Notes that were not taken back, by image id; under None those about the audit as a whole."""
    out: dict[int | None, list[ReviewEntry]] = {}
    for entry in entries:
        if entry.action == "note":
            known = out.setdefault(entry.image, [])
            gone = entry.value.get(TAKES_BACK) if isinstance(entry.value, Mapping) else None
            if gone is None:
                known.append(entry)
            else:
                known[:] = [note for note in known if [note.when, note.why] != gone]
    return {image: tuple(notes) for image, notes in out.items() if notes}


def withdrawal(note: ReviewEntry) -> dict[str, Any]:
    """The value of an entry that takes a note back."""
    return {TAKES_BACK: [note.when, note.why]}
