"""Scores of a snapshot computed again from the images and the models."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.errors import StoreError
from core.progress import Progress
from core.snapshot.choices import Privacy, SnapshotChoices
from core.snapshot.content import opened
from core.snapshot.record import record_of
from core.snapshot.rescore import rescored
from core.snapshot.verify import Snapshot
from tests.world import make_world

DEFENSES = [{"name": "none"}, {"name": "gauss", "sigma": 0.3}, {"name": "hardened", "path": "target.safetensors"}]
RUN = {"batch": 2, "resamples": 100, "data_check": False}


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGLEAK_HOME", str(tmp_path_factory.mktemp("home")))
        made = make_world(tmp_path_factory.mktemp("again"), street_like, members=2, non_members=2, suspects=2)
        attacks = [{"name": "loss", "primary": True}, {"name": "entropy"}]
        spec = read_spec(made.write_spec(defenses=DEFENSES, attacks=attacks, run=RUN))
        run_audit(spec, made.folder / "small.segleak", RunOptions(device="cpu"))
        yield made


@pytest.fixture
def own(world, tmp_path, monkeypatch):
    """A copy whose files may be spoiled, and no cache of what the target said."""
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "home"))
    shutil.copytree(world.folder, tmp_path / "own")
    return tmp_path / "own"


def snapshot_of(folder, **privacy):
    with opened(folder / "small.segleak", SnapshotChoices(privacy=Privacy(**privacy))) as content:
        record = record_of(content)
    return Snapshot(json.loads(record.document), record.sha256, printed=True)


def again(folder, snapshot, count=2):
    return list(rescored(snapshot, count, folder / "small.segleak", "cpu", Progress()))


@pytest.mark.parametrize("redact", [False, True])
def test_scores_under_every_defense_agree_with_those_of_the_audit(own, redact):
    snapshot = snapshot_of(own, redact=redact)
    found = again(own, snapshot)
    assert len(found) == 2 * len(DEFENSES)
    assert all(score.agrees and score.now == pytest.approx(score.then, abs=1e-4) for score in found)


def test_another_model_in_the_place_of_the_target_does_not_agree(own):
    snapshot = snapshot_of(own)
    weights = load_file(own / "target.safetensors")
    rng = np.random.default_rng(0)
    spoiled = {
        k: (v + rng.normal(0, 0.3, v.shape)).astype(v.dtype) if v.dtype.kind == "f" else v for k, v in weights.items()
    }
    with safe_open(own / "target.safetensors", "np") as file:
        save_file(spoiled, own / "target.safetensors", file.metadata())
    assert not any(score.agrees for score in again(own, snapshot))


def test_an_image_that_was_changed_does_not_agree_and_a_missing_one_has_a_reason(own):
    snapshot = snapshot_of(own)
    everything = again(own, snapshot, 6)
    images = {f"{image['key']} ({image['role']})": image for image in snapshot.document["images"]}
    without_label = {name for name, image in images.items() if not image["label_sha256"]}
    assert len(without_label) == 1 and {score.name for score in everything} == set(images) - without_label
    first, second = (images[score.name] for score in everything[::3][:2])
    paths = {f["image"]: f["path"] for f in snapshot.document["files"] if f["what"] == "image"}
    pixels = np.asarray(Image.open(paths[first["id"]]))
    Image.fromarray(255 - pixels).save(paths[first["id"]])
    Path(paths[second["id"]]).unlink()
    found = again(own, snapshot, 2)
    assert [score.agrees for score in found] == [False] * 6
    assert all(score.now is None and score.reason for score in found[3:])


def test_which_images_are_scored_again_follows_from_the_snapshot_and_cannot_be_chosen(own):
    plain = snapshot_of(own)
    others = [Snapshot(plain.document, digit * 64, printed=True) for digit in "0123"]
    orders = [tuple(score.name for score in again(own, snapshot, 6)) for snapshot in (plain, plain, *others)]
    assert orders[0] == orders[1]
    assert len(set(orders)) > 1


def test_without_paths_nothing_can_be_scored_again(own):
    with pytest.raises(StoreError, match="no paths"):
        next(rescored(snapshot_of(own, redact=True), 2, None, "cpu", Progress()))
