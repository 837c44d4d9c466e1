"""Values on their way from the engine to the window: large arrays in a mapped file, everything else in a pickle.

The file lies in the exchange folder and is removed as soon as the receiver has mapped it: its room is given back when
the last array on it is gone. (Windows cannot remove a mapped file; there the folder's owner does it.)
"""

import contextlib
import mmap
import pickle
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

IN_PICKLE = 1 << 15
"""Smaller buffers, in bytes, are not worth a file."""

ALIGNED = 64


@dataclass(frozen=True)
class Parcel:
    """A value, packed.

    Attributes
    ----------
    pickled
        The value without its large buffers.
    file
        Where those are, or empty.
    spans
        First byte and length of each buffer in the file.
    """

    pickled: bytes
    file: str
    spans: tuple[tuple[int, int], ...]


def pack(value: object, folder: Path) -> Parcel:
    """Pack a value; its large arrays go to a new file in `folder`. Raises `OSError` where that cannot be written."""
    large: list[memoryview] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes >= IN_PICKLE:
            large.append(raw)
        return raw.nbytes < IN_PICKLE

    pickled = pickle.dumps(value, protocol=5, buffer_callback=stays)
    if not large:
        return Parcel(pickled, "", ())
    folder.mkdir(parents=True, exist_ok=True)  # it is part of the cache, which may be deleted at any time
    path = folder / f"{secrets.token_hex(8)}.arrays"
    return Parcel(pickled, str(path), _write(path, large))


def _write(path: Path, buffers: Sequence[memoryview]) -> tuple[tuple[int, int], ...]:
    spans = []
    with path.open("xb") as stream:
        for buffer in buffers:
            stream.seek(-stream.tell() % ALIGNED, 1)
            spans.append((stream.tell(), buffer.nbytes))
            stream.write(buffer)
    return tuple(spans)


def unpack(parcel: Parcel) -> object:
    """The value of a parcel; its large arrays are read-only. Raises `OSError` where its file is gone."""
    buffers = _mapped(Path(parcel.file), parcel.spans) if parcel.file else []
    return pickle.loads(parcel.pickled, buffers=buffers)  # noqa: S301 - from the engine's own pipe


def _mapped(path: Path, spans: Sequence[tuple[int, int]]) -> list[memoryview]:
    with path.open("rb") as stream:
        mapped = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    with contextlib.suppress(OSError):
        path.unlink()
    return [mapped[first : first + length] for first, length in spans]
