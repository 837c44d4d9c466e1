"""Regions in the review log, which only ever grows: a region that is taken back gets a second entry."""

import re
from collections.abc import Iterable
from typing import Any

from core.audit import decisions
from core.audit.review import ReviewEntry
from gui.compare.regions import Region

ACTION = decisions.REGION
NOTE = "Region {}: {}"
"""A note on a region is a note on its image that begins with the region's name."""
NOTE_WORDS = re.compile(r"Region (\w+): (.*)", re.DOTALL)


def to_value(region: Region) -> dict[str, Any]:
    """A region as the log keeps it."""
    return {"id": region.id, "points": [[round(x, 2), round(y, 2)] for x, y in region.points]}


def removal(region: Region) -> dict[str, Any]:
    """What the log keeps where a region is taken back."""
    return {"id": region.id, "removed": True}


def standing_regions(entries: Iterable[ReviewEntry], image: int) -> tuple[Region, ...]:
    """The image's regions after all decisions, in order; what is no region is left out."""
    return tuple(Region(name, points) for name, points in decisions.standing_regions(entries, image).items())


def notes_of_regions(notes: Iterable[ReviewEntry]) -> dict[str, str]:
    """What an image's notes say of its regions, by their names; several notes on one follow one another."""
    found: dict[str, list[str]] = {}
    for note in notes:
        if words := NOTE_WORDS.fullmatch(note.why):
            found.setdefault(words[1], []).append(words[2])
    return {name: " · ".join(texts) for name, texts in found.items()}


def next_id(entries: Iterable[ReviewEntry], image: int) -> str:
    """A name that no region of the image ever had: A, B, ..., Z, A2, ..."""
    used = {value.get("id") for value in decisions.region_values(entries, image)}
    return next(name for n in range(len(used) + 1) if (name := _name(n)) not in used)


def _name(number: int) -> str:
    turn, letter = divmod(number, 26)
    return chr(ord("A") + letter) + (str(turn + 1) if turn else "")
