"""Noticing that a file has been replaced, without reading it."""

from collections.abc import Hashable
from pathlib import Path


def stamp(path: Path) -> Hashable:
    """Something that changes when a file, or any in a folder, is replaced or changed."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> Hashable:
    try:
        status = file.stat()
    except OSError:
        return file, None
    return file, status.st_ino, status.st_size, status.st_mtime_ns
