import contextlib
import functools
import itertools
import multiprocessing
import os
import random
import signal
import sys
import threading
import time

import numpy as np
import pytest

import main
from core.audit.cache import PosteriorCache
from core.audit.pipeline import AHEAD, Pipeline
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.errors import Cancelled, StoreError
from core.progress import Progress
from tests.world import make_world, same_maps, scores_of

CPU = RunOptions(device="cpu")
RUN = {"batch": 2, "cache_gb": 0.0, "resamples": 100, "data_check": False}
SLIM = {"defenses": [{"name": "none"}, {"name": "gauss", "sigma": 0.3}], "run": RUN}


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    made = make_world(tmp_path_factory.mktemp("faults"), street_like, members=3, non_members=3, suspects=2)
    made.write_spec(**SLIM)
    return made


@pytest.fixture(scope="module")
def whole(world):
    folder = world.folder / "whole.segleak"
    run(world, folder)
    return folder


@pytest.fixture
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def run(world, folder, options=CPU, progress=None):
    return run_audit(read_spec(world.folder / "spec.toml"), folder, options, progress)


def assert_same(one_folder, other_folder):
    with AuditStore.read(one_folder) as one, AuditStore.read(other_folder) as other:
        assert scores_of(one) == scores_of(other)
        assert [r.batch for r in one.images()] == [r.batch for r in other.images()]
        assert all(same_maps(one, other, *key) for key in scores_of(one))
        for defense in ("none", "gauss-sigma0.3"):
            for (a, x), (b, y) in zip(one.confusions(defense), other.confusions(defense), strict=True):
                assert a == b
                np.testing.assert_array_equal(x, y)
    assert list(other_folder.rglob("*.npz"))
    assert not list(other_folder.rglob(".part-*"))
    assert not (other_folder / "running.lock").exists()


# ---------------------------------------------------------------- killed

SOURCES = (os.path.join("core", "audit", ""), os.path.join("core", "files.py"))  # noqa: PTH118


def run_until(spec, folder, call, seen):
    """In a process of its own: audit, and die by SIGKILL at the given call of a function of the store and files."""
    count = itertools.count()
    ours = functools.cache(lambda name: any(source in name for source in SOURCES))

    def look(frame, event, arg):
        if event in {"call", "return"} and ours(frame.f_code.co_filename) and next(count) == call:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(look)
    sys.setprofile(look)
    run_audit(read_spec(spec), folder, CPU)
    sys.setprofile(None)
    seen.value = next(count)


def child(target, *arguments):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["core.audit.runner", "core.targets.open", "core.attacks.networks", "main"])
    process = context.Process(target=target, args=arguments)
    process.start()
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_at_random_moments_again_and_again_the_results_are_those_of_one_run(world, whole, tmp_path):
    spec = world.folder / "spec.toml"
    seen = multiprocessing.get_context("forkserver").Value("i", 0)
    process = child(run_until, spec, tmp_path / "counted.segleak", -1, seen)
    process.join()
    assert process.exitcode == 0
    calls = seen.value
    for seed in range(3):
        folder = tmp_path / f"{seed}.segleak"
        draw = random.Random(seed)
        deaths = 0
        for _ in range(2):
            process = child(run_until, spec, folder, draw.randrange(calls * seed // 3, calls * (seed + 1) // 3), seen)
            process.join()
            deaths += process.exitcode == -signal.SIGKILL
        assert deaths
        if (folder / "results.sqlite").exists():
            with contextlib.suppress(StoreError), AuditStore.read(folder) as store:  # opens, or says why not
                scores_of(store)
        run(world, folder)
        assert_same(whole, folder)


# ---------------------------------------------------------------- a full disk


@pytest.mark.parametrize("writes", [3, 9, 20])
def test_a_full_disk_is_said_and_the_audit_goes_on_when_there_is_room(
    world, whole, tmp_path, monkeypatch, writes, no_thread_is_left
):
    folder = tmp_path / "a.segleak"
    real, count = os.fsync, itertools.count()

    def full(handle):
        if next(count) >= writes:
            raise OSError(28, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            run(world, folder)
    assert not (folder / "running.lock").exists()
    run(world, folder)
    assert_same(whole, folder)


def test_a_full_database_is_said_too(world, whole, tmp_path, monkeypatch):
    import sqlite3

    folder = tmp_path / "a.segleak"
    real, count = AuditStore._write_maps, itertools.count()

    def write_maps(store, result):
        real(store, result)
        if next(count) == 3:
            pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
            store._connection.execute(f"PRAGMA max_page_count = {pages}")

    with monkeypatch.context() as patch:
        patch.setattr(AuditStore, "_write_maps", write_maps)
        patch.setattr("core.audit.store._packed", lambda counts: bytes(100_000))
        with pytest.raises(StoreError, match="full"):
            run(world, folder)
    with contextlib.closing(sqlite3.connect(folder / "results.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_cache_on_a_full_or_forbidden_disk_does_not_stop_the_audit(world, whole, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.audit.cache.write_bytes", full)
    run(world, tmp_path / "a.segleak", RunOptions("cpu", cache=PosteriorCache(tmp_path / "cache", 10**9)))
    assert_same(whole, tmp_path / "a.segleak")


# ---------------------------------------------------------------- threads that raise


@pytest.mark.parametrize(
    "place", ["core.audit.pipeline.load", "core.audit.pipeline.attack_all", "core.audit.mapfile.write"]
)
@pytest.mark.parametrize("calls", [0, 3])
def test_an_error_in_any_thread_comes_out_and_leaves_neither_thread_nor_lock(
    world, whole, tmp_path, monkeypatch, place, calls, no_thread_is_left
):
    module, _, name = place.rpartition(".")
    real, count = getattr(sys.modules[module], name), itertools.count()

    def broken(*arguments):
        if next(count) >= calls:
            raise ArithmeticError("a fault of the program")
        return real(*arguments)

    folder = tmp_path / "a.segleak"
    with monkeypatch.context() as patch:
        patch.setattr(place, broken)
        with pytest.raises(ArithmeticError):
            run(world, folder)
    assert not (folder / "running.lock").exists()
    run(world, folder)
    assert_same(whole, folder)


# ---------------------------------------------------------------- stopping


class CancelOn(Progress):
    def __init__(self, change):
        self.changes, self.change = itertools.count(), change
        super().__init__(self._count)

    def _count(self, progress):
        if next(self.changes) == self.change:
            self.cancel()


@pytest.mark.parametrize("change", [0, 1, 2, 6, 12, 19, 22, 25])
def test_a_cancel_at_any_change_stops_and_resumes_to_identical_results(
    world, whole, tmp_path, change, no_thread_is_left
):
    folder = tmp_path / "a.segleak"
    with contextlib.suppress(Cancelled):
        run(world, folder, progress=CancelOn(change))
    assert not (folder / "running.lock").exists()
    run(world, folder)
    assert_same(whole, folder)


def test_a_cancel_does_not_wait_for_what_was_to_be_read_ahead(world, tmp_path, monkeypatch):
    from core.audit import pipeline

    progress, loads, real = Progress(), [], pipeline.load

    def slow(*arguments):
        loads.append(time.monotonic())
        progress.cancel()
        time.sleep(0.05)
        return real(*arguments)

    monkeypatch.setattr("core.audit.pipeline.load", slow)
    with pytest.raises(Cancelled):
        run(world, tmp_path / "a.segleak", progress=progress)
    # The first batch, what the two readers had in hand by then, and nothing else of what was queued.
    assert len(loads) <= 2 + 2 < 2 * (AHEAD + 1)


def stuck(spec, folder, ready):
    from core.audit import pipeline

    def never(*arguments):
        ready.set()
        time.sleep(300)

    pipeline.load = never
    os._exit(main.main(["audit", str(spec), "--out", str(folder), "--device", "cpu", "--quiet"]))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process")
def test_a_second_ctrl_c_stops_at_once_whatever_the_threads_do(world, tmp_path):
    ready = multiprocessing.get_context("forkserver").Event()
    process = child(stuck, world.folder / "spec.toml", tmp_path / "a.segleak", ready)
    assert ready.wait(60)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert process.is_alive(), "the first one waits for the image in flight"
    os.kill(process.pid, signal.SIGINT)
    process.join(10)
    assert process.exitcode == 130
    AuditStore.create(tmp_path / "a.segleak").close()


# ---------------------------------------------------------------- memory


def test_what_is_in_flight_is_bounded_however_many_images_there_are(world, tmp_path, monkeypatch):
    from core.audit import pipeline

    alive, most, lock = 0, 0, threading.Lock()
    real_load, real_result = pipeline.load, Pipeline._result

    def load(*arguments):
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        return real_load(*arguments)

    def result(self, *arguments):
        nonlocal alive
        with lock:
            alive -= 1
        time.sleep(0.02)
        return real_result(self, *arguments)

    monkeypatch.setattr("core.audit.pipeline.load", load)
    monkeypatch.setattr(Pipeline, "_result", result)
    monkeypatch.setattr("core.audit.runner.batches", lambda rows, size: [[row] for row in rows] * 8)
    run(world, tmp_path / "a.segleak")
    assert most <= AHEAD + 1 + 3, "read ahead, in the target, and behind it"


def test_an_image_too_large_for_the_memory_fails_alone(world, tmp_path, monkeypatch):
    from core.data.images import read_image
    from core.targets.base import Target

    plain, large = Target.outputs, read_image(world.folder / "members" / "01.png")

    def narrow(self, images):
        if any(np.array_equal(image, large) for image in images):
            raise RuntimeError("CUDA error: out of memory")
        return plain(self, images)

    monkeypatch.setattr(Target, "outputs", narrow)
    summary = run(world, tmp_path / "a.segleak")
    assert [(f["role"], f["key"]) for f in summary["failed"]] == [("member", "01.png")]
    assert "memory" in summary["failed"][0]["reason"]
    monkeypatch.setattr(Target, "outputs", plain)
    assert run(world, tmp_path / "a.segleak")["failed"] == [], "a second run tries again"


def test_memory_that_runs_out_beside_the_target_moves_the_analysis_to_the_cpu(world, whole, tmp_path, monkeypatch):
    from core.audit import pipeline

    real, failed = pipeline.attack_all, []

    def once(*arguments):
        if not failed:
            failed.append(True)
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(*arguments)

    monkeypatch.setattr("core.audit.pipeline.attack_all", once)
    run(world, tmp_path / "a.segleak")
    assert failed
    assert_same(whole, tmp_path / "a.segleak")


def test_an_attack_network_gets_fewer_patches_at_a_time_when_memory_runs_out(world, monkeypatch):
    from core.attacks.base import AttackContext, Observation
    from core.attacks.networks.loaded import LoadedNetwork
    from core.audit.spec import attack_entries
    from core.audit.started import StartedAttack
    from core.errors import AttackError

    posteriors = np.random.default_rng(0).dirichlet(np.ones(4), (48, 64)).transpose(2, 0, 1).astype(np.float32)
    seen = Observation("ab" * 32, np.ascontiguousarray(posteriors), posteriors.argmin(0).astype(np.uint8))
    (entry,) = attack_entries([{"name": "patch", "network": "attack.safetensors", "sampler": "random", "windows": 9}])
    context = AttackContext(folder=world.folder, batch=8)
    (plain,) = StartedAttack(entry, context).score([seen])

    real, sizes, room = LoadedNetwork.cell_logits, [], 2

    def narrow(self, batch):
        sizes.append(len(batch))
        if len(batch) > room:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(self, batch)

    monkeypatch.setattr(LoadedNetwork, "cell_logits", narrow)
    attack = StartedAttack(entry, context)
    (found,) = attack.score([seen])
    assert sizes == [8, 4, 2, 2, 2, 2, 1]
    assert found.score == pytest.approx(plain.score, abs=1e-4)
    room = 0
    with pytest.raises(AttackError, match="memory"):
        attack.score([seen])
