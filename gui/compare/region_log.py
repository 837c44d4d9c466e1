"""Regions in the review log, which only ever grows: a region that is taken back gets a second entry."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.audit.review import ReviewEntry
from gui.compare.regions import Region
from gui.compare.viewport import Point

ACTION = "region"


def to_value(region: Region) -> dict[str, Any]:
    """A region as the log keeps it."""
    return {"id": region.id, "points": [[round(x, 2), round(y, 2)] for x, y in region.points]}


def removal(region: Region) -> dict[str, Any]:
    """What the log keeps where a region is taken back."""
    return {"id": region.id, "removed": True}


def standing_regions(entries: Iterable[ReviewEntry], image: int) -> tuple[Region, ...]:
    """The image's regions after all decisions, in order; what is no region is left out."""
    found: dict[str, Region] = {}
    for value in _values(entries, image):
        name, points = str(value.get("id", "")), _points(value.get("points"))
        if value.get("removed"):
            found.pop(name, None)
        elif points:
            found[name] = Region(name, points)
    return tuple(found.values())


def next_id(entries: Iterable[ReviewEntry], image: int) -> str:
    """A name that no region of the image ever had: A, B, ..., Z, A2, ..."""
    used = {value.get("id") for value in _values(entries, image)}
    return next(name for n in range(len(used) + 1) if (name := _name(n)) not in used)


def _values(entries: Iterable[ReviewEntry], image: int) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        if entry.action == ACTION and entry.image == image and isinstance(entry.value, Mapping):
            yield entry.value


def _name(number: int) -> str:
    turn, letter = divmod(number, 26)
    return chr(ord("A") + letter) + (str(turn + 1) if turn else "")


def _points(values: object) -> tuple[Point, ...]:
    """Corners from the log; none where they are not at least three points."""
    if not isinstance(values, list) or len(values) < 3 or not all(map(_is_point, values)):
        return ()
    return tuple((float(x), float(y)) for x, y in values)


def _is_point(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    return all(isinstance(v, int | float) and math.isfinite(v) for v in value)
