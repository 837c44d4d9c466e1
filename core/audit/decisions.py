"""What the review log says in the end: of several decisions about an image the last one stands."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.audit.review import ReviewEntry, standing

TAKES_BACK = "takes_back"
"""In the value of a note: when the note was written that it takes back."""


def flagged(entries: Iterable[ReviewEntry]) -> frozenset[int]:
    """Ids of the images that are marked to come back to."""
    return frozenset(standing(entries, "flag", "unflag"))


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


# ---------------------------------------------------------------- regions

REGION = "region"

Point = tuple[float, float]


def standing_regions(entries: Iterable[ReviewEntry], image: int) -> dict[str, tuple[Point, ...]]:
    """Corners (x, y), in image pixels, of the regions that were not taken back, by name."""
    found: dict[str, tuple[Point, ...]] = {}
    for value in region_values(entries, image):
        name, points = str(value.get("id", "")), _points(value.get("points"))
        if value.get("removed"):
            found.pop(name, None)
        elif points:
            found[name] = points
    return found


def region_values(entries: Iterable[ReviewEntry], image: int) -> Iterator[Mapping[str, Any]]:
    """What the log says of an image's regions, in order, those taken back too."""
    for entry in entries:
        if entry.action == REGION and entry.image == image and isinstance(entry.value, Mapping):
            yield entry.value


def _points(values: object) -> tuple[Point, ...]:
    """Corners from the log; none where they are not at least three points."""
    if not isinstance(values, list) or len(values) < 3 or not all(map(_is_point, values)):
        return ()
    return tuple((float(x), float(y)) for x, y in values)


def _is_point(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    return all(isinstance(v, int | float) and math.isfinite(v) for v in value)
