import os
import sqlite3
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from core.attacks.base import AttackResult
from core.audit import mapfile, review
from core.audit.cache import CacheEntry, PosteriorCache, cache_key
from core.audit.memory import ShrinkingBatch, is_out_of_memory
from core.audit.observe import record
from core.audit.store import AuditStore, ImageResult, ImageRow
from core.data.samples import Role
from core.errors import StoreError, TargetError


def row(number, **changes):
    values = {"id": number, "role": Role.MEMBER, "entry": 0, "key": f"{number}.png", "path": f"/x/{number}.png"}
    return ImageRow(**values | {"height": 4, "width": 6, "group": "a"} | changes)


def result(image=0, seed=0):
    rng = np.random.default_rng(seed)
    maps = {"score": rng.normal(size=(4, 6)).astype(np.float32)}
    maps["score"][0, 0] = np.nan
    found = AttackResult(1.25, maps, rng.normal(size=(3, 3)).astype(np.float32))
    counts = rng.integers(0, 2**40, (5, 5))
    return ImageResult(image, "ab" * 32, None, 2, {("none", "patch"): found, ("none", "loss"): "why"}, {"none": counts})


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


def test_a_reader_sees_results_while_the_audit_is_still_being_written(tmp_path):
    with AuditStore.create(tmp_path) as writer:
        writer.add_images([row(0), row(1)])
        writer.write(result())
        with AuditStore.read(tmp_path) as reader:
            assert [r.state for r in reader.images()] == ["done", "waiting"]
            writer.write(result(1))
            assert [r.state for r in reader.images()] == ["done", "done"]


def test_a_second_writer_is_refused_while_the_first_lives_and_let_in_after_it_died(tmp_path):
    script = f"""
import sys, time
from pathlib import Path
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


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path):
    with AuditStore.create(tmp_path), pytest.raises(StoreError, match=f"process {os.getpid()}"):
        AuditStore.create(tmp_path)
    AuditStore.create(tmp_path).close()


@pytest.mark.parametrize("content", ["1", "", "not a number"])
def test_a_lock_file_that_nobody_holds_stops_nobody_even_if_its_process_number_lives_again(tmp_path, content):
    (tmp_path / "running.lock").write_text(content)
    AuditStore.create(tmp_path).close()
    assert not (tmp_path / "running.lock").exists()


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


# ---------------------------------------------------------------- review log


def test_the_review_log_only_grows_and_the_last_word_counts(tmp_path):
    review.append(tmp_path, "exclude", image=3, why="blurred", who="a")
    review.append(tmp_path, "exclude", image=4, why="copy of 3", who="a")
    first = (tmp_path / "review.jsonl").read_bytes()
    review.append(tmp_path, "include", image=3, why="sharp enough", who="b")
    review.append(tmp_path, "note", image=None, why="ü 漢字", who="b")
    assert (tmp_path / "review.jsonl").read_bytes().startswith(first)
    entries = review.read(tmp_path)
    assert [(e.who, e.action, e.image) for e in entries][2:] == [("b", "include", 3), ("b", "note", None)]
    assert entries[3].why == "ü 漢字"
    assert review.excluded(entries) == {4}


def test_an_exclusion_needs_a_reason_and_a_known_action(tmp_path):
    with pytest.raises(StoreError, match="reason"):
        review.append(tmp_path, "exclude", image=1, why=" ")
    with pytest.raises(StoreError, match="exclude"):
        review.append(tmp_path, "delete", image=1, why="x")
    assert review.read(tmp_path) == []


def test_a_line_cut_short_by_a_crash_loses_nothing_else(tmp_path):
    review.append(tmp_path, "note", image=1, why="one")
    with (tmp_path / "review.jsonl").open("a") as stream:
        stream.write('{"who": "a", "wh')
    review.append(tmp_path, "note", image=2, why="two")
    assert [e.why for e in review.read(tmp_path)] == ["one", "two"]


@pytest.mark.parametrize(
    "line", ["[]", "3", "{}", '{"who": 1, "when": "", "action": "note", "image": null, "why": ""}', "[" * 100_000]
)
def test_a_line_that_is_no_decision_is_left_out(tmp_path, line):
    review.append(tmp_path, "exclude", image=1, why="one\u2028two")
    with (tmp_path / "review.jsonl").open("a") as stream:
        stream.write(line + "\n")
        stream.write('{"who": "a", "when": "", "action": "exclude", "image": [1], "why": "x"}\n')
    assert [e.why for e in review.read(tmp_path)] == ["one\u2028two"]
    assert review.excluded(review.read(tmp_path)) == {1}


def test_a_user_without_a_name_can_still_decide(tmp_path, monkeypatch):
    def nobody():
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert review.append(tmp_path, "note", image=None, why="x").who == "unknown"
    with pytest.raises(StoreError, match=r"review\.jsonl"):
        review.append(tmp_path / "missing", "note", image=None, why="x")


# ---------------------------------------------------------------- cache


def entry(seed=0, size=(8, 10), label=True):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(3, *size)).astype(np.float32)
    log_posteriors = logits - np.log(np.exp(logits).sum(0))
    labels = rng.integers(0, 3, size).astype(np.uint8) if label else None
    return CacheEntry(record(log_posteriors, labels), rng.integers(0, 9, (3, 3)) if label else None)


@pytest.mark.parametrize("label", [True, False])
def test_the_cache_gives_back_what_was_put_in(tmp_path, label):
    cache = PosteriorCache(tmp_path, 10**6)
    key, put = cache_key("a", "b"), entry(label=label)
    assert cache.get(key) is None
    cache.put(key, put)
    got = PosteriorCache(tmp_path, 10**6).get(key)
    np.testing.assert_array_equal(got.recorded.log_posteriors, put.recorded.log_posteriors)
    if label:
        np.testing.assert_array_equal(got.recorded.true_log_probability, put.recorded.true_log_probability)
        np.testing.assert_array_equal(got.recorded.label, put.recorded.label)
        np.testing.assert_array_equal(got.confusion, put.confusion)
    else:
        assert got.recorded.label is None
        assert got.confusion is None
    np.testing.assert_allclose(got.recorded.posteriors().sum(0), 1, atol=1e-5)


def test_the_cache_stays_within_its_quota_and_drops_what_was_used_longest_ago(tmp_path):
    one = PosteriorCache(tmp_path / "one", 10**9)
    one.put(cache_key("x"), entry())
    size = one.size()
    cache = PosteriorCache(tmp_path / "many", 4 * size)
    keys = [cache_key(str(i)) for i in range(8)]
    for age, key in enumerate(keys):
        cache.put(key, entry(age))
        os.utime(tmp_path / "many" / key[:2] / f"{key}.npz", (age, age))
    assert cache.size() <= 4 * size
    assert cache.get(keys[-1]) is not None
    assert cache.get(keys[0]) is None
    assert cache.purge() > 0
    assert cache.size() == 0


def test_a_damaged_cache_entry_counts_as_absent_and_is_removed(tmp_path):
    cache = PosteriorCache(tmp_path, 10**6)
    key = cache_key("x")
    cache.put(key, entry())
    path = tmp_path / key[:2] / f"{key}.npz"
    path.write_bytes(path.read_bytes()[:100])
    assert cache.get(key) is None
    assert not path.exists()


def test_keys_do_not_run_into_each_other():
    assert cache_key("ab", "c") != cache_key("a", "bc")


# ---------------------------------------------------------------- memory


def test_batches_shrink_until_they_fit_and_stay_small():
    sizes, limits = [], []

    def run(part):
        sizes.append(len(part))
        if len(part) > 3:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return [x * 10 for x in part]

    batch = ShrinkingBatch(16, limits.append)
    assert batch.run(run, list(range(10))) == ([x * 10 for x in range(10)], [2] * 10)
    assert limits == [5, 2]
    assert sizes == [10, 5, 2, 2, 2, 2, 2]
    assert batch.limit == 2


def test_a_single_item_that_does_not_fit_and_any_other_error_are_raised():
    def too_big(part):
        raise MemoryError

    with pytest.raises(MemoryError):
        ShrinkingBatch(8).run(too_big, [1, 2, 3])

    def wrong(part):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        ShrinkingBatch(8).run(wrong, [1, 2, 3])
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_memory_that_ran_out_behind_another_error_is_recognised():
    def failing(part):
        if len(part) > 1:
            try:
                raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes")
            except RuntimeError as error:
                raise TargetError("cannot take an input of 9 x 9 pixels") from error
        return list(part)

    assert ShrinkingBatch(4).run(failing, [1, 2, 3]) == ([1, 2, 3], [1, 1, 1])
    for words in ("CUDA error: out of memory", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "std::bad alloc"):
        assert is_out_of_memory(RuntimeError(words))


def test_the_sizes_foretold_are_the_sizes_that_come():
    for count in range(12):
        for limit in range(1, 6):
            batch = ShrinkingBatch(limit)
            assert batch.run(list, list(range(count)))[1] == batch.sizes(count)
