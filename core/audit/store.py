"""The audit folder `NAME.segleak/`: written by the runner alone, image by image, and read by everybody else.

    audit.toml        the spec
    results.sqlite    images, scores, confusion counts, facts about the run
    maps/             one .npz per image, defense and attack
    running.lock      while a run writes here
    summary.json      metrics, written when the run ends
    review.jsonl      what people decided (see `core.audit.review`)

Imports no torch.
"""

import contextlib
import json
import shutil
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.attacks.base import AttackResult
from core.audit import mapfile
from core.audit.database import DAMAGE, open_to_read, open_to_write
from core.audit.folder import take_folder, unwritable
from core.audit.lock import FolderLock
from core.audit.names import file_name
from core.data.samples import Role
from core.errors import StoreError

SPEC_NAME = "audit.toml"
RESULTS_NAME = "results.sqlite"
SUMMARY_NAME = "summary.json"
MOST_COUNTS_BYTES = 8 * 256 * 256


@dataclass(frozen=True)
class ImageRow:
    """One image of an audit, as the store has it."""

    id: int
    role: Role
    entry: int
    key: str
    path: str
    label_path: str | None = None
    group: str | None = None
    height: int | None = None
    width: int | None = None
    sha256: str | None = None
    label_sha256: str | None = None
    state: str = "waiting"
    reason: str | None = None
    batch: int | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of the image, where its header could be read."""
        return None if self.height is None or self.width is None else (self.height, self.width)


IMAGE_COLUMNS = "id, role, entry, key, path, label_path, grp, height, width, sha256, label_sha256, state, reason, batch"


@dataclass(frozen=True)
class ScoreRow:
    """One image score, or the reason why there is none."""

    image: int
    defense: str
    attack: str
    score: float | None
    reason: str | None = None


@dataclass(frozen=True)
class ImageResult:
    """Everything the runner found for one image; written in one transaction.

    `results` is keyed by (defense id, attack id) and holds a result or the reason why there is none;
    `confusions` by defense id, `(C, C)` int64 with rows = label.
    """

    image: int
    sha256: str
    label_sha256: str | None
    batch: int
    results: Mapping[tuple[str, str], AttackResult | str] = field(default_factory=dict)
    confusions: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)


class AuditStore:
    """An audit folder. Open with `create` (the runner) or `read` (everybody else); usable from several threads.

    Raises `StoreError` where the folder is damaged, full or may not be written to.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, running: FolderLock | None = None) -> None:
        self.folder = folder
        self._connection = connection
        self._running = running
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Open a folder for writing, made if needed. Refuses a folder of other things, or that a run writes to."""
        running = take_folder(folder, RESULTS_NAME)
        try:
            return cls(folder, open_to_write(folder / RESULTS_NAME), running)
        except BaseException:
            running.release()
            raise

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Open a folder for reading, even from read-only media."""
        return cls(folder, open_to_read(folder / RESULTS_NAME))

    def close(self) -> None:
        """Close the file. A writer folds its log into it, so that the folder can be opened from read-only media."""
        with self._lock:
            if self._running is not None:
                # Fails while somebody reads, or on a full disk; whoever closes the file last folds the log in then.
                # A window that shows the audit reads all the time: waiting for it would only make stopping slow.
                with contextlib.suppress(sqlite3.OperationalError):
                    self._connection.execute("PRAGMA busy_timeout = 50")
                    self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.close()
            if self._running is not None:
                self._running.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Say of whatever is wrong with the file's contents that the file is damaged."""
        try:
            with self._lock:
                yield self._connection
        except DAMAGE as error:
            raise StoreError(f"{self.folder / RESULTS_NAME}: is damaged ({error}).", "Run the audit again.") from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN")
                yield self._connection
        except sqlite3.Error as error:
            raise unwritable(self.folder, error) from error

    # ------------------------------------------------------------ facts

    def set_fact(self, key: str, value: Any) -> None:
        """Record something about the run, as JSON."""
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, json.dumps(value)))

    def fact(self, key: str, default: Any = None) -> Any:
        """Something recorded about the run."""
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
            return default if row is None else json.loads(row[0])

    def facts(self) -> dict[str, Any]:
        """Everything recorded about the run."""
        with self._reading() as connection:
            rows = connection.execute("SELECT key, value FROM facts ORDER BY key")
            return {key: json.loads(value) for key, value in rows}

    # ------------------------------------------------------------ images

    def clear(self) -> None:
        """Forget everything: images, results and facts."""
        shutil.rmtree(self.folder / "maps", ignore_errors=True)
        with self._writing() as connection:
            for table in ("scores", "confusions", "images", "facts"):
                connection.execute(f"DELETE FROM {table}")

    def add_images(self, rows: Iterable[ImageRow]) -> None:
        """Register the audit's images, in order."""
        values = [
            (r.id, r.role, r.entry, r.key, r.path, r.label_path, r.group, r.height, r.width, r.state, r.reason)
            for r in rows
        ]
        columns = "id, role, entry, key, path, label_path, grp, height, width, state, reason"
        with self._writing() as connection:
            connection.executemany(f"INSERT INTO images ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)

    def images(self) -> list[ImageRow]:
        """All images, in the spec's order."""
        with self._reading() as connection:
            rows = connection.execute(f"SELECT {IMAGE_COLUMNS} FROM images ORDER BY id")
            return [ImageRow(row[0], Role(row[1]), *row[2:]) for row in rows]

    def fail(self, image: int, reason: str) -> None:
        """Record that a waiting image cannot be audited, and why; what is done stays done."""
        with self._writing() as connection:
            query = "UPDATE images SET state = 'failed', reason = ? WHERE id = ? AND state = 'waiting'"
            connection.execute(query, (reason, image))

    def retry(self, rows: Iterable[ImageRow]) -> None:
        """Give failed images another chance: take their state, reason and size from `rows`."""
        values = [(r.state, r.reason, r.height, r.width, r.id) for r in rows]
        query = "UPDATE images SET state = ?, reason = ?, height = ?, width = ? WHERE id = ? AND state = 'failed'"
        with self._writing() as connection:
            connection.executemany(query, values)

    # ------------------------------------------------------------ results

    def write(self, result: ImageResult) -> None:
        """Write one image's results: its maps first, then everything else in one transaction."""
        scores = [(result.image, d, a, *_score_columns(o)) for (d, a), o in result.results.items()]
        confusions = [(result.image, d, _packed(c)) for d, c in result.confusions.items()]
        self._write_maps(result)
        with self._writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO scores VALUES (?,?,?,?,?)", scores)
            connection.executemany("INSERT OR REPLACE INTO confusions VALUES (?,?,?)", confusions)
            connection.execute(
                "UPDATE images SET state='done', reason=NULL, sha256=?, label_sha256=?, batch=? WHERE id=?",
                (result.sha256, result.label_sha256, result.batch, result.image),
            )

    def _write_maps(self, result: ImageResult) -> None:
        try:
            for (defense, attack), outcome in result.results.items():
                if isinstance(outcome, AttackResult) and (outcome.maps or outcome.windows is not None):
                    mapfile.write(self.map_path(result.image, defense, attack), outcome)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def scores(self, defense: str | None = None, attack: str | None = None) -> list[ScoreRow]:
        """Scores in image order, of one defense and attack or of all."""
        query = (
            "SELECT image, defense, attack, score, reason FROM scores "
            "WHERE (?1 IS NULL OR defense = ?1) AND (?2 IS NULL OR attack = ?2) ORDER BY image, defense, attack"
        )
        with self._reading() as connection:
            rows = connection.execute(query, (defense, attack))
            return [ScoreRow(i, d, a, None if s is None else float(s), why) for i, d, a, s, why in rows]

    def unscored(self, defense: str) -> frozenset[int]:
        """Ids of the images that are done, but not under this defense: it was added later."""
        query = (
            "SELECT id FROM images WHERE state = 'done' AND NOT EXISTS "
            "(SELECT 1 FROM scores WHERE scores.image = images.id AND scores.defense = ?)"
        )
        with self._reading() as connection:
            return frozenset(image for (image,) in connection.execute(query, (defense,)))

    def confusions(self, defense: str) -> list[tuple[int, npt.NDArray[np.int64]]]:
        """Image id and confusion counts `(C, C)` of every image counted under a defense."""
        query = "SELECT image, counts FROM confusions WHERE defense = ? ORDER BY image"
        with self._reading() as connection:
            return [(image, _unpacked(blob)) for image, blob in connection.execute(query, (defense,))]

    def map_path(self, image: int, defense: str, attack: str) -> Path:
        """Where the maps of one image under one defense and attack lie."""
        return self.folder / "maps" / f"{image:06d}" / f"{file_name(f'{defense}--{attack}')}.npz"

    def maps(self, image: int, defense: str, attack: str) -> dict[str, npt.NDArray[np.float32]]:
        """Maps `(h, w)` by name and, as "windows", the visited patches `(n, 3)`. Empty when none were kept."""
        path = self.map_path(image, defense, attack)
        return mapfile.read(path) if path.is_file() else {}


def _score_columns(outcome: AttackResult | str) -> tuple[float | None, str | None]:
    return (None, outcome) if isinstance(outcome, str) else (float(outcome.score), None)


def _packed(counts: npt.NDArray[np.int64]) -> bytes:
    return zlib.compress(np.ascontiguousarray(counts, dtype="<i8").tobytes())


def _unpacked(blob: bytes) -> npt.NDArray[np.int64]:
    unpacking = zlib.decompressobj()
    flat = np.frombuffer(unpacking.decompress(blob, MOST_COUNTS_BYTES), dtype="<i8").astype(np.int64)
    if not unpacking.eof:
        raise ValueError("confusion counts are cut short, or more than any target has")
    side = round(len(flat) ** 0.5)
    return flat.reshape(side, side)
