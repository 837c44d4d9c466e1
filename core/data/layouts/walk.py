"""List the image files of a folder: names only, no look into the files."""

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.data.images import EXTENSIONS
from core.errors import DataError


class Found(NamedTuple):
    """An image file and its place below the folder that was listed."""

    path: Path
    folders: tuple[str, ...]
    stem: str
    suffix: str

    @property
    def key(self) -> str:
        """Path relative to the listed folder, with forward slashes."""
        return key_of((*self.folders, self.path.name))


def key_of(parts: tuple[str, ...]) -> str:
    """A key from the parts of a relative path; bytes that are not UTF-8 are written as backslash escapes."""
    return os.fsencode("/".join(parts)).decode("utf-8", "backslashreplace")


def image_files(folder: Path, deep: bool = True) -> Iterator[Found]:
    """Image files by extension, in the order of their names; hidden ones are left out.

    Each folder is entered once, so links that form a loop do no harm. Raises `DataError` when a folder cannot
    be listed.
    """
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        place = folder.joinpath(*parts)
        inner = []
        for entry in _entries(place, seen):
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if entry.is_dir():
                inner.append((*parts, entry.name))
            elif (found := _image(place, parts, entry.name)) and entry.is_file():
                yield found
        if deep:
            waiting.extend(reversed(inner))


def subfolders(folder: Path) -> list[str]:
    """Names of the folders directly inside, sorted, without hidden ones."""
    return [entry.name for entry in _entries(folder, set()) if entry.is_dir() and not entry.name.startswith(".")]


def _entries(place: Path, seen: set[tuple[int, int]]) -> list["os.DirEntry[str]"]:
    try:
        stat = place.stat()
        if (stat.st_dev, stat.st_ino) in seen:
            return []
        seen.add((stat.st_dev, stat.st_ino))
        with os.scandir(place) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(
            f"{place} cannot be listed: {error.strerror}.", "Check the path and its permissions."
        ) from error


def _image(place: Path, parts: tuple[str, ...], name: str) -> Found | None:
    stem, dot, extension = name.rpartition(".")
    suffix = dot + extension.lower()
    if not stem or suffix not in EXTENSIONS:
        return None
    # Some systems store accents as separate characters: an image and its label map must still meet.
    return Found(place / name, parts, unicodedata.normalize("NFC", stem), suffix)
