"""What the store of an audit keeps, and what it makes of damage."""

import os
import sqlite3
import zipfile

import numpy as np
import pytest

from core.attacks.base import AttackResult
from core.audit import mapfile
from core.audit.store import AuditStore, ImageResult
from core.data.samples import Role
from core.errors import StoreError
from tests.stored import result, row


def test_what_is_written_is_read_back(tmp_path):
    written = result()
    with AuditStore.create(tmp_path / "a.segleak") as store:
        store.add_images([row(0), row(1, role=Role.SUSPECT, group=None, state="failed", reason="broken")])
        store.set_fact("versions", {"python": "3"})
        store.write(written)
    with AuditStore.read(tmp_path / "a.segleak") as store:
        first, second = store.images()
        assert (first.state, first.sha256, first.batch, first.size, first.group) == ("done", "ab" * 32, 2, (4, 6), "a")
        assert (second.role, second.state, second.reason) == (Role.SUSPECT, "failed", "broken")
        assert [(s.attack, s.score, s.reason) for s in store.scores()] == [("loss", None, "why"), ("patch", 1.25, None)]
        assert store.scores("none", "loss")[0].reason == "why"
        [(image, counts)] = store.confusions("none")
        assert image == 0
        np.testing.assert_array_equal(counts, written.confusions["none"])
        maps = store.maps(0, "none", "patch")
        np.testing.assert_array_equal(maps["score"], written.results["none", "patch"].maps["score"])
        np.testing.assert_array_equal(maps["windows"], written.results["none", "patch"].windows)
        assert store.maps(1, "none", "patch") == {}
        assert store.fact("versions") == {"python": "3"}


def test_a_reader_sees_results_while_the_audit_is_still_being_written(tmp_path):
    with AuditStore.create(tmp_path) as writer:
        writer.add_images([row(0), row(1)])
        writer.write(result())
        with AuditStore.read(tmp_path) as reader:
            assert [r.state for r in reader.images()] == ["done", "waiting"]
            writer.write(result(1))
            assert [r.state for r in reader.images()] == ["done", "done"]


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_damaged_map_is_named(tmp_path, keep):
    with AuditStore.create(tmp_path) as store:
        store.add_images([row(0)])
        store.write(result())
        path = store.map_path(0, "none", "patch")
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(StoreError, match=r"none--patch\.npz"):
            store.maps(0, "none", "patch")


def test_a_map_that_cannot_be_written_leaves_no_half_file_and_no_score(tmp_path, monkeypatch):
    with AuditStore.create(tmp_path) as store:
        store.add_images([row(0)])

        def full(handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space"):
            store.write(result())
        assert store.scores() == []
        assert store.images()[0].state == "waiting"
        assert [p for p in (tmp_path / "maps").rglob("*") if p.is_file()] == []


def test_what_is_done_does_not_fail_later(tmp_path):
    with AuditStore.create(tmp_path) as store:
        store.add_images([row(0), row(1)])
        store.write(result())
        store.fail(0, "gone")
        store.fail(1, "gone")
        assert [(r.state, r.reason) for r in store.images()] == [("done", None), ("failed", "gone")]


def test_long_names_of_defenses_make_short_file_names_of_their_own(tmp_path):
    with AuditStore.create(tmp_path) as store:
        store.add_images([row(0)])
        long = "+".join(f"gauss-sigma0.{i:05d}" for i in range(40))
        names = [long, long + "1", long[:-1] + "8", "none"]
        for number, defense in enumerate(names):
            found = AttackResult(0.0, {"loss": np.full((2, 2), number, np.float32)})
            store.write(ImageResult(0, "ab", None, 1, {(defense, "a" * 40): found}))
        for number, defense in enumerate(names):
            assert store.maps(0, defense, "a" * 40)["loss"][0, 0] == number
            assert len(store.map_path(0, defense, "a" * 40).name.encode()) <= 160


def test_a_map_file_holds_the_maps_and_nothing_else(tmp_path):
    with AuditStore.create(tmp_path) as store:
        store.add_images([row(0)])
        store.write(result())
        with np.load(store.map_path(0, "none", "patch")) as file:
            assert sorted(file.files) == ["score", "windows"]


def test_a_map_is_compressed_where_that_pays_and_reads_back_either_way(tmp_path):
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.repeat(rng.random((16, 32), np.float32), 8, axis=0), 8, axis=1)
    maps = {"blocks": blocks, "noise": rng.random((128, 256), np.float32), "dot": np.ones((1, 1), np.float32)}
    mapfile.write(tmp_path / "m.npz", AttackResult(0.0, maps))
    with zipfile.ZipFile(tmp_path / "m.npz") as archive:
        kinds = {info.filename: info.compress_type for info in archive.infolist()}
    assert kinds["blocks.npy"] == zipfile.ZIP_DEFLATED and kinds["noise.npy"] == zipfile.ZIP_STORED
    read = mapfile.read(tmp_path / "m.npz")
    assert list(read) == list(maps)
    for name, values in maps.items():
        np.testing.assert_array_equal(read[name], values)


@pytest.mark.parametrize(
    ("change", "ask"),
    [
        ("UPDATE images SET role = 'king'", lambda s: s.images()),
        ("UPDATE facts SET value = '{'", lambda s: s.facts()),
        ("UPDATE facts SET value = '{'", lambda s: s.fact("a")),
        ("UPDATE scores SET score = 'high' WHERE score IS NOT NULL", lambda s: s.scores()),
        ("UPDATE confusions SET counts = x'00'", lambda s: s.confusions("none")),
        ("UPDATE confusions SET counts = 5", lambda s: s.confusions("none")),
        ("DROP TABLE scores", lambda s: s.scores()),
    ],
)
def test_forged_contents_are_called_damage(tmp_path, change, ask):
    with AuditStore.create(tmp_path) as store:
        store.add_images([row(0)])
        store.set_fact("a", 1)
        store.write(result())
    connection = sqlite3.connect(tmp_path / "results.sqlite", isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(change)
    connection.close()
    with AuditStore.read(tmp_path) as store, pytest.raises(StoreError, match="damaged"):
        ask(store)


def test_counts_that_unpack_to_gigabytes_are_not_unpacked(tmp_path):
    import zlib

    squeezed = zlib.compressobj()
    bomb = b"".join(squeezed.compress(bytes(1 << 20)) for _ in range(64)) + squeezed.flush()
    with AuditStore.create(tmp_path) as store:
        store.add_images([row(0)])
        store.write(result())
        store._connection.execute("UPDATE confusions SET counts = ?", (bomb,))
        with pytest.raises(StoreError, match="more than any target"):
            store.confusions("none")
