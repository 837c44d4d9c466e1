"""The audit folder `NAME.segleak/`: written by the runner alone, image by image, and read by everybody else.

    audit.toml        the spec
    results.sqlite    images, scores, confusion counts, facts about the run
    maps/             one .npz per image, defense and attack
    summary.json      metrics, written when the run ends
    review.jsonl      what people decided (see `core.audit.review`)

Imports no torch.
"""

import contextlib
import json
import os
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
from core.audit.schema import SCHEMA_VERSION, TABLES
from core.data.samples import Role
from core.errors import StoreError

SPEC_NAME = "audit.toml"
RESULTS_NAME = "results.sqlite"
SUMMARY_NAME = "summary.json"
LOCK_NAME = "running.lock"


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
    """An audit folder. Open with `create` (the runner) or `read` (everybody else); usable from several threads."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, *, writer: bool = False) -> None:
        self.folder = folder
        self._connection = connection
        self._writer = writer
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Open a folder for writing, made if needed. Raises `StoreError` if another run is writing to it."""
        folder.mkdir(parents=True, exist_ok=True)
        _take_lock(folder / LOCK_NAME)
        connection = sqlite3.connect(folder / RESULTS_NAME, check_same_thread=False, isolation_level=None)
        try:
            connection.execute("PRAGMA busy_timeout = 500")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(TABLES)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.DatabaseError as error:
            connection.close()
            (folder / LOCK_NAME).unlink(missing_ok=True)
            raise StoreError(
                f"{folder / RESULTS_NAME}: is damaged ({error}).", "Move it away and run again."
            ) from error
        return cls(folder, connection, writer=True)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Open a folder for reading, even from read-only media. Raises `StoreError` if it is no audit."""
        path = folder / RESULTS_NAME
        if not path.is_file():
            raise StoreError(f"{folder}: is not an audit (no {RESULTS_NAME}).", "Give a folder made by `audit`.")
        # `immutable` skips locks and the write-ahead log: all that a read-only folder allows.
        live = path.with_name(RESULTS_NAME + "-wal").exists()
        mode = "mode=ro" if live else "mode=ro&immutable=1"
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, check_same_thread=False)
            connection.execute("SELECT count(*) FROM images").fetchone()
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{path}: cannot be read ({error}).", "The file is damaged; run the audit again."
            ) from error
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            connection.close()
            raise StoreError(f"{folder}: was made by a newer SegLeak.", "Update SegLeak to open it.")
        return cls(folder, connection)

    def close(self) -> None:
        """Close the file. A writer folds its log into it, so that the folder can be opened from read-only media."""
        with self._lock:
            if self._writer:
                # Fails while somebody reads; the last one to close the file folds the log in then.
                with contextlib.suppress(sqlite3.OperationalError):
                    self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.close()
            if self._writer:
                (self.folder / LOCK_NAME).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # ------------------------------------------------------------ facts

    def set_fact(self, key: str, value: Any) -> None:
        """Record something about the run, as JSON."""
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, json.dumps(value)))

    def fact(self, key: str, default: Any = None) -> Any:
        """Something recorded about the run."""
        with self._lock:
            row = self._connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def facts(self) -> dict[str, Any]:
        """Everything recorded about the run."""
        with self._lock:
            rows = self._connection.execute("SELECT key, value FROM facts ORDER BY key").fetchall()
        return {key: json.loads(value) for key, value in rows}

    # ------------------------------------------------------------ images

    def add_images(self, rows: Iterable[ImageRow]) -> None:
        """Register the audit's images, in order."""
        values = [
            (r.id, r.role, r.entry, r.key, r.path, r.label_path, r.group, r.height, r.width, r.state, r.reason)
            for r in rows
        ]
        columns = "id, role, entry, key, path, label_path, grp, height, width, state, reason"
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany(f"INSERT INTO images ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)

    def images(self) -> list[ImageRow]:
        """All images, in the spec's order."""
        with self._lock:
            rows = self._connection.execute(f"SELECT {IMAGE_COLUMNS} FROM images ORDER BY id").fetchall()
        return [ImageRow(row[0], Role(row[1]), *row[2:]) for row in rows]

    def fail(self, image: int, reason: str) -> None:
        """Record that an image cannot be audited, and why."""
        with self._lock:
            self._connection.execute("UPDATE images SET state = 'failed', reason = ? WHERE id = ?", (reason, image))

    # ------------------------------------------------------------ results

    def write(self, result: ImageResult) -> None:
        """Write one image's results: its maps first, then everything else in one transaction."""
        for (defense, attack), outcome in result.results.items():
            if isinstance(outcome, AttackResult) and (outcome.maps or outcome.windows is not None):
                mapfile.write(self.map_path(result.image, defense, attack), outcome)
        scores = [(result.image, d, a, *_score_columns(o)) for (d, a), o in result.results.items()]
        confusions = [(result.image, d, _packed(c)) for d, c in result.confusions.items()]
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO scores VALUES (?,?,?,?,?)", scores)
            self._connection.executemany("INSERT OR REPLACE INTO confusions VALUES (?,?,?)", confusions)
            self._connection.execute(
                "UPDATE images SET state='done', reason=NULL, sha256=?, label_sha256=?, batch=? WHERE id=?",
                (result.sha256, result.label_sha256, result.batch, result.image),
            )

    def scores(self, defense: str | None = None, attack: str | None = None) -> list[ScoreRow]:
        """Scores in image order, of one defense and attack or of all."""
        query = (
            "SELECT image, defense, attack, score, reason FROM scores "
            "WHERE (?1 IS NULL OR defense = ?1) AND (?2 IS NULL OR attack = ?2) ORDER BY image, defense, attack"
        )
        with self._lock:
            return [ScoreRow(*row) for row in self._connection.execute(query, (defense, attack))]

    def confusions(self, defense: str) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """Image id and confusion counts `(C, C)` of every image counted under a defense."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT image, counts FROM confusions WHERE defense = ? ORDER BY image", (defense,)
            ).fetchall()
        for image, blob in rows:
            yield image, _unpacked(blob)

    def map_path(self, image: int, defense: str, attack: str) -> Path:
        """Where the maps of one image under one defense and attack lie."""
        return self.folder / "maps" / f"{image:06d}" / f"{defense}--{attack}.npz"

    def maps(self, image: int, defense: str, attack: str) -> dict[str, npt.NDArray[np.float32]]:
        """Maps `(h, w)` by name and, as "windows", the visited patches `(n, 3)`. Empty when none were kept."""
        path = self.map_path(image, defense, attack)
        return mapfile.read(path) if path.is_file() else {}


def _score_columns(outcome: AttackResult | str) -> tuple[float | None, str | None]:
    return (None, outcome) if isinstance(outcome, str) else (float(outcome.score), None)


def _packed(counts: npt.NDArray[np.int64]) -> bytes:
    return zlib.compress(np.ascontiguousarray(counts, dtype="<i8").tobytes())


def _unpacked(blob: bytes) -> npt.NDArray[np.int64]:
    flat = np.frombuffer(zlib.decompress(blob), dtype="<i8").astype(np.int64)
    side = round(len(flat) ** 0.5)
    return flat.reshape(side, side)


def _take_lock(path: Path) -> None:
    """Say that this process writes here; a lock left by a process that is gone is taken over."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        text = path.read_text()
        if text.isdigit() and int(text) != os.getpid() and _alive(int(text)):
            raise StoreError(
                f"{path.parent}: another run (process {text}) is writing to it.", "Wait for it, or stop it first."
            ) from None
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    with os.fdopen(handle, "w") as stream:
        stream.write(str(os.getpid()))


def _alive(process: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(process))
