"""Opening the SQLite file of an audit, for its one writer and for everybody else."""

import sqlite3
import zlib
from pathlib import Path

from core.audit.schema import SCHEMA_VERSION, TABLES
from core.errors import StoreError

DAMAGE = (sqlite3.Error, ValueError, TypeError, zlib.error, RecursionError)
"""What reading a damaged or forged file can raise."""


def open_to_write(path: Path) -> sqlite3.Connection:
    """A connection in WAL mode, with all tables. Raises `StoreError` where the file is damaged, newer or in use."""
    connection = None
    try:
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        _refuse_newer(connection, path)
        # Short, because closing tries in vain to fold the log in while somebody reads.
        connection.execute("PRAGMA busy_timeout = 500")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(TABLES)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.OperationalError):
            raise StoreError(
                f"{path}: cannot be written to ({error}).", "Close other programs, check rights."
            ) from error
        if isinstance(error, sqlite3.DatabaseError):
            raise StoreError(f"{path}: is damaged ({error}).", "Move it away and run again.") from error
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing. Raises `StoreError` where the file is no audit, damaged or newer."""
    if not path.is_file():
        raise StoreError(f"{path.parent}: is not an audit (no {path.name}).", "Give a folder made by `audit`.")
    uri = path.absolute().as_uri()
    try:
        try:
            return _checked(f"{uri}?mode=ro", path)
        except sqlite3.OperationalError:
            if path.with_name(f"{path.name}-wal").exists():
                raise
            # A read-only folder may allow no locks; without a log nothing is being written.
            return _checked(f"{uri}?mode=ro&immutable=1", path)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path}: cannot be read ({error}).",
            "Where the audit was stopped by force, copy its folder to where it can be written to; else run it again.",
        ) from error


def _checked(uri: str, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM images").fetchone()
        _refuse_newer(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
        raise StoreError(f"{path.parent}: was made by a newer SegLeak.", "Update SegLeak to open it.")
