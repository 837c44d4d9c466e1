"""Hashing and atomic writing of files."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 20


def expanded(path: str | Path) -> Path:
    """A path whose "~" stands for somebody's home; as it is where nobody is called that (`Path.expanduser` raises)."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_path(path: Path) -> str:
    """SHA-256 of a file, or of a folder's relative names and contents in sorted order."""
    if path.is_file():
        return sha256_of_file(path)
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(file.relative_to(path).as_posix().encode("utf-8", "surrogateescape") + b"\0")
        digest.update(sha256_of_file(file).encode())
    return digest.hexdigest()


def sha256_of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


@contextlib.contextmanager
def atomic_writer(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its place only when the block ends without an error.

    A reader, or a machine that loses power, sees the old file or the new one, never half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A short name of its own: `path.name` may already be as long as the file system allows. Opened plainly rather than
    # by `tempfile`, whose files nobody else may read: an audit on a shared drive is for colleagues too.
    part = path.parent / f".part-{secrets.token_hex(8)}"
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically."""
    with atomic_writer(path) as stream:
        stream.write(data)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    write_bytes(path, text.encode("utf-8"))
