"""References trained by the engine: the same as those of the command line, stopped, killed and gone on with."""

import os
import signal
import sys
import time
from dataclasses import replace

import pytest

from core.engine import layers
from core.engine.events import JobDone, JobFailed, JobPartial, JobProgress
from core.engine.jobs.base import Desk
from core.errors import Cancelled, SegLeakError, TargetError
from core.progress import Progress
from core.training import fleet as fleet_training
from core.training.fleet import train_shadows
from core.training.fleet_progress import FleetProgress
from core.training.manifest import read_manifest, write_manifest
from core.training.standing import standing
from tests.engine_world import Echo, Engine, LongSteps
from tests.fleet_world import LONG, TINY, asked, job, write_world
from tests.training_world import same_weights

SECOND = 1.0


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return write_world(tmp_path_factory.mktemp("fleet"), street_like)


@pytest.fixture(scope="module")
def engine():
    with Engine(threads=1) as made:
        yield made


def desk(progress=None):
    return Desk(progress or Progress(), None, lambda part: None)


def step_of(engine, number, stage):
    """The first report that some of the images of a stage were learned from."""
    return engine.ear.wait(
        lambda e: isinstance(e, JobProgress) and e.job == number and e.stage == stage and e.message.startswith("epoch")
    )


# ---------------------------------------------------------------- what it trains


def test_they_are_those_of_the_command_line(world, tmp_path):
    files = job(world, tmp_path / "window").run(desk())
    assert [file.name for file in files] == ["shadow-00.safetensors", "shadow-01.safetensors"]
    sets = [planned.images for planned in asked(world).planned()]
    train_shadows(sets, asked(world).planned()[0].scheme, [TINY], 2, tmp_path / "command")
    for file in files:
        assert same_weights(file, tmp_path / "command" / file.name)
    table = (tmp_path / "window" / "membership.csv").read_text()
    assert table == (tmp_path / "command" / "membership.csv").read_text()
    # What the command line has begun, the job goes on with, and has nothing left to do.
    stamps = [(tmp_path / "command" / file.name).stat().st_mtime_ns for file in files]
    job(world, tmp_path / "command").run(desk())
    assert [(tmp_path / "command" / file.name).stat().st_mtime_ns for file in files] == stamps


def test_halves_of_blocks_are_those_of_the_command_line_and_every_image_counts(world, tmp_path):
    told = []
    progress = Progress(lambda p: told.append((p.stage, p.done, p.total)))
    wanted = replace(job(world, tmp_path / "window"), exchange="blocks")
    files = wanted.run(desk(progress))
    assert {total for stage, _, total in told if stage.startswith("Reference")} == {2 * 8 * TINY.epochs}
    sets = [planned.images for planned in asked(world).planned()]
    scheme = asked(world).planned()[0].scheme
    train_shadows(sets, scheme, [TINY], 2, tmp_path / "command", exchange="blocks")
    assert all(same_weights(file, tmp_path / "command" / file.name) for file in files)
    assert standing(tmp_path / "window").exchange == "blocks"
    stamps = [file.stat().st_mtime_ns for file in files]
    wanted.run(desk())
    assert [file.stat().st_mtime_ns for file in files] == stamps


def test_what_is_missing_is_refused_in_the_words_of_the_training(world, tmp_path, street_like):
    bare = write_world(tmp_path / "bare", street_like)
    (bare / "members" / "00_mask.png").unlink()
    with pytest.raises(SegLeakError, match="label map"):
        job(bare, tmp_path / "out").run(desk())


def test_memory_that_runs_out_is_no_reason_to_train_otherwise(world, tmp_path, monkeypatch):
    def greedy(*args, **more):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(fleet_training, "train_shadows", greedy)
    with pytest.raises(TargetError, match="Memory ran out in training with 2 images of 32 x 32 px") as caught:
        job(world, tmp_path / "out").run(desk())
    assert "smaller batch" in caught.value.remedy
    assert job(world, tmp_path / "out").gentler() is None


# ---------------------------------------------------------------- how far it is


def test_one_count_runs_over_all_references_and_leaves_out_what_was_there_before():
    told, outer = [], Progress()
    outer._listener = lambda p: told.append((p.stage, p.done, p.total, p.message))
    progress = FleetProgress(outer, 2, 12)
    progress.start("hashing images", 8)
    progress.step()
    assert told[-1] == ("Reference 1 of 2", 0, 24, "hashing images")
    progress.start("training", 4)
    for epoch, loss in ((1, 1.0), (1, 0.9), (2, 0.8), (2, 0.7)):
        progress.step(f"epoch {epoch}/2, loss {loss:.2f}")
    assert told[-1] == ("Reference 1 of 2", 12, 24, "epoch 2/2, loss 0.80"), "an epoch is told once"
    progress.end_shadow()
    progress.start("training", 4)
    assert outer.rate is None
    progress.step("going on after epoch 1", 2)
    assert (told[-1][:3], outer.rate) == (("Reference 2 of 2", 18, 24), None), "nobody has just done that"
    progress.step("epoch 2/2, loss 0.50")
    assert outer.done == 21 and outer.rate > 0
    outer.cancel()
    assert progress.cancelled


# ---------------------------------------------------------------- stopped and killed


def test_it_is_stopped_within_a_second_and_its_folder_says_how_it_is_gone_on_with(engine, world, tmp_path):
    out = tmp_path / "out"
    train_one(world, out, LONG)
    number = engine.submit(job(world, out, LONG))
    step_of(engine, number, "Reference 2 of 2")
    begun = time.monotonic()
    engine.cancel(number)
    engine.ear.end(number)
    assert time.monotonic() - begun < SECOND
    there = standing(out)
    assert [n for n, _ in there.trained] == [0] and there.settings == LONG


def train_one(world, out, settings):
    """Put a first reference into a folder that is said to be trained as `settings` say."""
    job(world, out, replace(settings, epochs=1)).run(desk())
    first, second = (out / f"shadow-0{n}.safetensors" for n in range(2))
    second.unlink()
    manifest = read_manifest(first)
    write_manifest(first, replace(manifest, settings={**manifest.settings, "epochs": settings.epochs}))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_an_engine_that_is_killed_leaves_what_was_trained_and_another_one_goes_on(world, tmp_path):
    out, wanted = tmp_path / "out", replace(TINY, epochs=6)
    with Engine(threads=1) as engine:
        number = engine.submit(job(world, out, wanted))
        step_of(engine, number, "Reference 2 of 2")
        kept = (out / "shadow-00.safetensors").stat().st_mtime_ns
        os.kill(engine.ear.pid(), signal.SIGKILL)
        ended = engine.ear.end(number)
        assert isinstance(ended, JobFailed) and ended.again == job(world, out, wanted)
        assert [n for n, _ in standing(out).trained] == [0]
        files = engine.value(ended.again)
    assert all(file.is_file() for file in files) and len(files) == 2
    assert (out / "shadow-00.safetensors").stat().st_mtime_ns == kept


# ---------------------------------------------------------------- who goes first


def test_small_jobs_and_audits_go_first_and_the_training_goes_on_after_them(engine, world, tmp_path):
    number = engine.submit(job(world, tmp_path / "out", LONG))
    step_of(engine, number, "Reference 1 of 2")
    assert engine.value(Echo("at once")) == "at once"
    audit = engine.submit(LongSteps(40, 0.02))
    engine.ear.end(audit)
    events = list(engine.ear.events)
    steps = [n for n, e in enumerate(events) if isinstance(e, JobPartial) and e.job == audit]
    between = [e for e in events[steps[2] : steps[-1]] if isinstance(e, JobProgress) and e.job == number]
    assert between == [], "it takes no step while an audit runs"
    done = max(e.done for e in events if isinstance(e, JobProgress) and e.job == number)
    engine.ear.wait(lambda e: isinstance(e, JobProgress) and e.job == number and e.done > done)
    engine.cancel(number)
    assert not isinstance(engine.ear.end(number), JobDone)


def test_a_step_can_be_stopped_on_its_way_back_and_being_watched_changes_nothing(world, tmp_path):
    import torch

    calls = []
    watching = layers.watch()
    try:
        with layers.checked(lambda: calls.append(torch._C._current_graph_task_id() >= 0)):
            watched = job(world, tmp_path / "watched").run(desk())
    finally:
        watching.remove()
    assert {True, False} == set(calls), "there and back"
    for one, other in zip(watched, job(world, tmp_path / "alone").run(desk()), strict=True):
        assert same_weights(one, other)


def test_what_is_raised_on_the_way_back_ends_the_step():
    import torch

    model = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(3)))
    called = []

    def stop():
        called.append(0)
        if len(called) > 4:  # three layers and what holds them, on the way there
            raise Cancelled

    watching = layers.watch()
    try:
        with layers.checked(stop):
            loss = model(torch.ones(1, 2)).sum()
            with pytest.raises(Cancelled):
                loss.backward()
    finally:
        watching.remove()
