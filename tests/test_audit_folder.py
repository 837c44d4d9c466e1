"""Who may open an audit folder, to read and to write; damage and forgeries are named."""

import os
import sqlite3
import subprocess
import sys
import threading

import pytest

from core.audit.folder import writer_of
from core.audit.store import AuditStore
from core.errors import StoreError
from tests.stored import result, row


def test_a_finished_audit_opens_from_a_read_only_folder(tmp_path):
    folder = tmp_path / "a.segleak"
    with AuditStore.create(folder) as store:
        store.add_images([row(0)])
        store.write(result())
    assert sorted(p.name for p in folder.iterdir()) == ["maps", "results.sqlite"]
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with AuditStore.read(folder) as store:
            assert store.images()[0].state == "done"
        assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)


def test_a_second_writer_is_refused_while_the_first_lives_and_let_in_after_it_died(tmp_path):
    script = f"""
import sys, time
from pathlib import Path
from core.audit.folder import writer_of
from core.audit.store import AuditStore
store = AuditStore.create(Path({str(tmp_path)!r}))
print("ready", flush=True)
sys.stdin.read()
"""
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"ready\n"
        with pytest.raises(StoreError, match="another run"):
            AuditStore.create(tmp_path)
    finally:
        other.kill()
        other.wait()
    AuditStore.create(tmp_path).close()
    assert not (tmp_path / "running.lock").exists()


@pytest.mark.parametrize("content", [None, b"", b"not a database", b"SQLite format 3\0" + bytes(200)])
def test_a_folder_that_is_no_audit_is_refused_by_name(tmp_path, content):
    if content is not None:
        (tmp_path / "results.sqlite").write_bytes(content)
    with pytest.raises(StoreError, match=r"results\.sqlite"):
        AuditStore.read(tmp_path)


def test_an_audit_of_a_newer_program_is_refused(tmp_path):
    AuditStore.create(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "results.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        AuditStore.read(tmp_path)


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path):
    with AuditStore.create(tmp_path), pytest.raises(StoreError, match=f"process {os.getpid()}"):
        AuditStore.create(tmp_path)
    AuditStore.create(tmp_path).close()


@pytest.mark.parametrize("content", ["1", "", "not a number"])
def test_a_lock_file_that_nobody_holds_stops_nobody_even_if_its_process_number_lives_again(tmp_path, content):
    (tmp_path / "running.lock").write_text(content)
    AuditStore.create(tmp_path).close()
    assert not (tmp_path / "running.lock").exists()


def test_who_writes_is_known_to_others_and_to_itself_without_keeping_anybody_out(tmp_path):
    assert writer_of(tmp_path) is None
    with AuditStore.create(tmp_path):
        assert writer_of(tmp_path) == os.getpid()
        (tmp_path / "running.lock").write_text("half a num")
        assert writer_of(tmp_path) == 0
    assert writer_of(tmp_path) is None
    (tmp_path / "running.lock").write_text("1")  # left by a run that was killed
    assert writer_of(tmp_path) is None


def test_whoever_looks_all_the_time_keeps_no_writer_out(tmp_path):
    stop = threading.Event()

    def look():
        while not stop.wait(0.0005):
            writer_of(tmp_path)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(100):
            AuditStore.create(tmp_path).close()
    finally:
        stop.set()
        for looker in lookers:
            looker.join()


def test_of_many_writers_at_once_one_gets_in(tmp_path):
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    start, end = Barrier(8), Barrier(8)

    def one(_):
        start.wait()
        try:
            store = AuditStore.create(tmp_path)
        except StoreError:
            store = None
        end.wait()
        if store is not None:
            store.close()
        return store is not None

    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(one, range(8))) == 1


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "audit.toml").write_text("# mine")
    with pytest.raises(StoreError, match="not empty"):
        AuditStore.create(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["audit.toml"]
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        AuditStore.create(tmp_path / "file")


def test_an_audit_of_a_newer_program_is_not_written_to(tmp_path):
    AuditStore.create(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "results.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        AuditStore.create(tmp_path)
    connection = sqlite3.connect(tmp_path / "results.sqlite")
    assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()
    assert not (tmp_path / "running.lock").exists()
