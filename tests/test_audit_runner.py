import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.audit.cache import PosteriorCache
from core.audit.plan import find_sets
from core.audit.runner import RunOptions, open_audit, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.data.samples import Role
from core.errors import Cancelled, DataError, SpecError, StoreError
from core.metrics.segmentation import miou
from core.targets.open import open_target
from tests.world import CancelAfter, make_world, same_maps, scores_of, write_network, write_target

CPU = RunOptions(device="cpu")
LABELLED = ("patch", "loss")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like)


@pytest.fixture
def fresh(tmp_path, street_like):
    return make_world(tmp_path, street_like, members=3, non_members=3, suspects=2)


@pytest.fixture(scope="module")
def finished(world):
    folder = world.folder / "finished.segleak"
    return folder, run_audit(read_spec(world.write_spec()), folder, CPU)


def run(world, folder, options=CPU, progress=None, **changes):
    return run_audit(read_spec(world.write_spec(**changes)), folder, options, progress)


def test_every_image_gets_a_score_under_every_defense_by_every_attack_or_a_reason(finished):
    folder, summary = finished
    store, spec = open_audit(folder)
    with store:
        rows, scores = store.images(), scores_of(store)
    assert len(rows) == 14
    assert {r.state for r in rows} == {"done"}
    assert len(scores) == 14 * len(spec.defenses) * len(spec.attacks)
    for row in rows:
        for chain in spec.defenses:
            for attack in spec.attacks:
                score, reason = scores[row.id, chain.id, attack.id]
                if row.label_path is None and attack.id in LABELLED:
                    assert (score, reason) == (None, "needs a label map")
                else:
                    assert np.isfinite(score)
    assert summary["images"]["suspect"] == {"images": 4, "done": 4, "failed": 0}
    assert summary["primary"] == "patch"


def test_evidence_maps_sum_to_the_image_score_and_maps_have_the_grids_size(finished):
    folder, _ = finished
    store, _ = open_audit(folder)
    with store:
        for (image, defense, attack), (score, _) in scores_of(store).items():
            maps = store.maps(image, defense, attack)
            if attack == "patch" and score is not None:
                assert maps["evidence"].sum() == pytest.approx(score, abs=1e-4 * max(1, abs(score)))
            for name, values in maps.items():
                if name != "windows":
                    assert values.shape == (48, 64)
            assert bool(maps) == (score is not None)


def test_miou_without_a_defense_is_the_targets_own_at_full_resolution(world, finished):
    _, summary = finished
    target = open_target(world.target)
    counts = np.zeros((4, 4), np.int64)
    for path in sorted((world.folder / "members").glob("??.png")):
        label = np.array(Image.open(path.with_name(path.stem + "_mask.png")))
        predicted = target.posteriors([np.array(Image.open(path))])[0].argmax(0)
        for true, said in zip(label.ravel(), predicted.ravel(), strict=True):
            if true != 255:
                counts[true, said] += 1
    for defense in ("none", "argmax"):
        assert summary["segmentation"][defense]["member"]["miou"] == pytest.approx(miou(counts), abs=1e-6)
    noisy = summary["segmentation"]["gauss-sigma0.3"]["member"]["miou"]
    assert noisy != summary["segmentation"]["none"]["member"]["miou"]


def test_the_loss_attack_agrees_with_cross_entropy_computed_from_the_targets_posteriors(world, finished):
    folder, _ = finished
    target = open_target(world.target)
    store, _ = open_audit(folder)
    with store:
        row = store.images()[0]
        score = scores_of(store)[0, "none", "loss"][0]
    label = np.array(Image.open(row.label_path))
    posteriors = target.posteriors([np.array(Image.open(row.path))])[0]
    losses = [-np.log(posteriors[t, y, x]) for (y, x), t in np.ndenumerate(label) if t != 255]
    assert score == pytest.approx(-np.mean(losses), rel=1e-4)


def test_the_same_spec_gives_the_same_bytes(world, finished, tmp_path):
    folder, _ = finished
    run(world, tmp_path / "again.segleak")
    with AuditStore.read(folder) as one, AuditStore.read(tmp_path / "again.segleak") as two:
        assert scores_of(one) == scores_of(two)
        assert all(same_maps(one, two, *key) for key in scores_of(one))


@pytest.mark.parametrize("images", [1, 4, 7])
def test_a_cancelled_audit_resumes_to_identical_results(world, finished, tmp_path, images):
    folder, summary = finished
    stopped = tmp_path / "stopped.segleak"
    with pytest.raises(Cancelled):
        run(world, stopped, progress=CancelAfter(images))
    with AuditStore.read(stopped) as store:
        done = [r.state for r in store.images()].count("done")
    assert images <= done < 14
    again = run(world, stopped)
    with AuditStore.read(folder) as one, AuditStore.read(stopped) as two:
        assert scores_of(one) == scores_of(two)
        assert all(same_maps(one, two, *key) for key in scores_of(one))
    for key in ("results", "segmentation", "images"):
        assert again[key] == summary[key]


def test_a_killed_audit_resumes_to_identical_results(world, finished, tmp_path):
    folder, _ = finished
    killed = tmp_path / "killed.segleak"
    spec = world.write_spec()
    command = [sys.executable, "main.py", "audit", str(spec), "--out", str(killed), "--device", "cpu", "--quiet"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if (killed / "maps" / "000006").is_dir():  # of the second batch of seven
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    assert process.wait() == -signal.SIGKILL, "the audit ended before it could be killed"
    run(world, killed)
    with AuditStore.read(folder) as one, AuditStore.read(killed) as two:
        assert scores_of(one) == scores_of(two)
        assert all(same_maps(one, two, *key) for key in scores_of(one))


def test_cached_posteriors_give_the_same_scores_and_spare_the_target(world, finished, tmp_path, monkeypatch):
    folder, _ = finished
    options = RunOptions(device="cpu", cache=PosteriorCache(tmp_path / "cache", 10**9))
    run(world, tmp_path / "one.segleak", options)
    with AuditStore.read(folder) as plain, AuditStore.read(tmp_path / "one.segleak") as one:
        assert scores_of(plain) == scores_of(one)

    defenses = [{"name": "none"}, {"name": "argmax"}, {"name": "temperature", "T": 2.0}]
    monkeypatch.setattr("core.targets.base.Target.outputs", lambda *_: pytest.fail("the target was asked again"))
    run(world, tmp_path / "two.segleak", options, defenses=defenses)
    with AuditStore.read(folder) as plain, AuditStore.read(tmp_path / "two.segleak") as two:
        cached = scores_of(two)
        assert {k: v for k, v in scores_of(plain).items() if k[1] in {"none", "argmax"}} == {
            k: v for k, v in cached.items() if k[1] in {"none", "argmax"}
        }
        assert sum(1 for _ in two.confusions("none")) == 12


def test_a_broken_image_is_recorded_with_its_reason_and_the_others_are_audited(fresh, tmp_path):
    members = fresh.folder / "members"
    (members / "01.png").write_bytes((members / "01.png").read_bytes()[:200])
    (members / "02_mask.png").write_bytes(b"not an image")
    (fresh.folder / "suspects" / "01.png").write_bytes(b"")
    summary = run(fresh, tmp_path / "a.segleak")
    reasons = {(f["role"], f["key"]): f["reason"] for f in summary["failed"]}
    assert set(reasons) == {("member", "01.png"), ("member", "02.png"), ("suspect", "01.png")}
    assert "02_mask.png" in reasons["member", "02.png"]
    assert summary["images"]["member"]["done"] == 1
    assert summary["images"]["non-member"]["done"] == 3


def test_a_label_map_of_another_shape_fails_its_image_and_one_of_another_size_does_not(fresh, tmp_path):
    members = fresh.folder / "members"
    label = Image.open(members / "00_mask.png")
    label.resize((32, 24), Image.Resampling.NEAREST).save(members / "00_mask.png")
    label.resize((48, 48), Image.Resampling.NEAREST).save(members / "01_mask.png")
    summary = run(fresh, tmp_path / "a.segleak")
    assert [f["key"] for f in summary["failed"]] == ["01.png"]
    assert "48x48" in summary["failed"][0]["reason"]


ROLES = {"member": "members", "non-member": "non-members", "suspect": "suspects"}


@pytest.mark.parametrize(
    ("roles", "needs"),
    [
        (("suspect",), "needs known members and non-members"),
        (("suspect", "non-member"), "needs known members"),
        (("suspect", "member"), "needs known non-members"),
        (("member", "non-member"), ""),
    ],
)
@pytest.mark.parametrize("labelled", [True, False])
def test_any_of_the_image_sets_with_and_without_labels_makes_a_complete_audit(fresh, tmp_path, roles, needs, labelled):
    if not labelled:
        for path in fresh.folder.rglob("*_mask.png"):
            path.unlink()
    images = [{"role": role, "path": ROLES[role]} for role in roles]
    summary = run(fresh, tmp_path / "a.segleak", images=images)
    by_attack = {r["attack"]: r for r in summary["results"] if r["defense"] == "none"}
    assert by_attack["confidence"]["metrics"]["needs"] == needs
    if not labelled:
        known = [f"{role}s" for role in roles if role != "suspect"]
        scores = f"needs scores of known {' and '.join(known)}, and none has one (needs a label map)"
        assert by_attack["loss"]["metrics"]["needs"] == (scores if known else needs)
        assert sum(by_attack["patch"]["not_scored"].values()) == sum(s["images"] for s in summary["images"].values())
        assert not any(summary["segmentation"].values())
    with AuditStore.read(tmp_path / "a.segleak") as store:
        assert {r.state for r in store.images()} == {"done"}
        assert all(store.maps(r.id, "none", "confidence") for r in store.images())


def test_images_of_different_sizes_go_through_in_batches_of_one_size(fresh, tmp_path, street_like):
    image, label = street_like((40, 56), 9)
    Image.fromarray(image).save(fresh.folder / "members" / "00.png")
    Image.fromarray(label).save(fresh.folder / "members" / "00_mask.png")
    summary = run(fresh, tmp_path / "a.segleak")
    assert summary["failed"] == []
    with AuditStore.read(tmp_path / "a.segleak") as store:
        row = next(r for r in store.images() if r.role is Role.MEMBER and r.key == "00.png")
        assert store.maps(row.id, "none", "loss")["loss"].shape == (40, 56)


def test_memory_that_runs_out_shrinks_the_batch_and_the_audit_goes_on(fresh, tmp_path, monkeypatch):
    from core.targets.base import Target

    plain = Target.outputs

    def narrow(self, images):
        if len(images) > 1:
            raise RuntimeError("CUDA out of memory: not enough memory")
        return plain(self, images)

    monkeypatch.setattr(Target, "outputs", narrow)
    changes = {"defenses": [{"name": "none"}], "run": {"batch": 4, "cache_gb": 0.0, "resamples": 100}}
    summary = run(fresh, tmp_path / "a.segleak", **changes)
    assert summary["failed"] == []
    with AuditStore.read(tmp_path / "a.segleak") as store:
        assert {r.batch for r in store.images()} == {1}
        assert store.fact("batch_shrunk_to") == 1


def test_the_record_names_hashes_versions_device_seeds_and_settings(world, finished):
    import hashlib

    folder, _ = finished
    store, spec = open_audit(folder)
    with store:
        facts, rows = store.facts(), store.images()
    assert facts["target"]["sha256"] == hashlib.sha256(world.target.read_bytes()).hexdigest()
    assert facts["attack_networks"]["patch"]["sha256"] == hashlib.sha256(world.network.read_bytes()).hexdigest()
    for row in rows:
        assert row.sha256 == hashlib.sha256(Path(row.path).read_bytes()).hexdigest()
        if row.label_path:
            assert row.label_sha256 == hashlib.sha256(Path(row.label_path).read_bytes()).hexdigest()
    assert {"python", "torch", "numpy"} <= facts["runs"][0]["versions"].keys()
    assert facts["runs"][0]["device"].startswith("cpu")
    assert spec.seed == 3
    assert facts["spec_sha256"] == spec.sha256
    assert any("cannot be verified" in sentence for sentence in facts["independence"])
    assert facts["data_check"]["findings"] is not None


def test_a_folder_of_another_spec_or_a_changed_target_is_refused(fresh, tmp_path):
    folder = tmp_path / "a.segleak"
    run(fresh, folder)
    with pytest.raises(StoreError, match="another spec"):
        run(fresh, folder, seed=4)
    write_target(fresh.target, seed=1)
    with pytest.raises(StoreError, match="changed"):
        run(fresh, folder)


def test_an_attack_network_that_changed_is_refused(fresh, tmp_path):
    folder = tmp_path / "a.segleak"
    run(fresh, folder)
    write_network(fresh.network, seed=1)
    with pytest.raises(StoreError, match="changed"):
        run(fresh, folder)


def test_a_scheme_of_another_size_than_the_target_is_refused(fresh, tmp_path):
    with pytest.raises(DataError, match="camvid11"):
        run(fresh, tmp_path / "a.segleak", scheme="camvid11")


def test_one_image_in_both_roles_is_an_error(fresh, tmp_path):
    shutil.copyfile(fresh.folder / "members" / "00.png", fresh.folder / "non-members" / "00.png")
    with pytest.raises(DataError, match=r"00\.png"):
        run(fresh, tmp_path / "a.segleak")


def test_a_hardened_target_is_judged_beside_the_target(fresh, tmp_path):
    write_target(fresh.folder / "hard.safetensors", seed=5)
    defenses = [{"name": "none"}, {"chain": [{"name": "hardened", "path": "hard.safetensors"}, {"name": "argmax"}]}]
    summary = run(fresh, tmp_path / "a.segleak", defenses=defenses)
    hardened = summary["defenses"][1]["id"]
    with AuditStore.read(tmp_path / "a.segleak") as store:
        scores = scores_of(store)
    assert scores[0, "none", "loss"] != scores[0, hardened, "loss"]
    run(fresh, tmp_path / "b.segleak", target={"path": "hard.safetensors"}, defenses=[{"name": "argmax"}])
    with AuditStore.read(tmp_path / "b.segleak") as store:
        assert scores_of(store)[0, "argmax", "loss"] == scores[0, hardened, "loss"]


def test_training_lists_are_checked_against_the_image_sets(fresh, tmp_path):
    from core.files import sha256_of_file
    from core.training.manifest import TrainingManifest, write_manifest

    members = tuple(sha256_of_file(p) for p in sorted((fresh.folder / "members").glob("??.png")))
    other = sha256_of_file(fresh.folder / "non-members" / "00.png")
    own, network = sha256_of_file(fresh.target), sha256_of_file(fresh.network)
    write_manifest(fresh.target, TrainingManifest("target", own, members))
    write_manifest(fresh.network, TrainingManifest("attack", network, members[:1], (other,)))
    run(fresh, tmp_path / "a.segleak")
    with AuditStore.read(tmp_path / "a.segleak") as store:
        sentences = " ".join(store.fact("independence"))
    assert "agrees" in sentences
    assert "1 member and 1 non-member" in sentences
    write_manifest(fresh.target, TrainingManifest("target", own, members[1:]))
    with pytest.raises(DataError, match=r"00\.png.*members"):
        run(fresh, tmp_path / "b.segleak")
    write_manifest(fresh.target, TrainingManifest("target", own, (*members, other)))
    with pytest.raises(DataError, match=r"00\.png.*non-members"):
        run(fresh, tmp_path / "c.segleak")


def test_kept_maps_follow_the_setting(fresh, tmp_path):
    for choice, attacks in (("none", set()), ("primary", {"patch"}), ("all", {"patch", "loss", "confidence"})):
        folder = tmp_path / f"{choice}.segleak"
        run(fresh, folder, run={"maps": choice, "cache_gb": 0.0, "resamples": 100})
        found = {p.stem.partition("--")[2] for p in folder.rglob("*.npz")}
        assert found == attacks


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(SpecError, match="cuda:99"):
        from core.audit.device import pick_device

        pick_device("cuda:99")


def test_the_summary_on_disk_is_the_one_returned(finished):
    folder, summary = finished
    assert json.loads((folder / "summary.json").read_text()) == summary


def test_no_file_is_left_that_the_audit_does_not_name(finished):
    folder, _ = finished
    assert sorted(p.name for p in folder.iterdir()) == ["audit.toml", "maps", "results.sqlite", "summary.json"]


def test_the_data_check_knows_which_non_members_calibrate(fresh):
    images = [{"role": "non-member", "path": "members"}, {"role": "non-member", "path": "non-members"}]
    images[1] |= {"calibration": True, "limit": 1}
    sets = find_sets(read_spec(fresh.write_spec(images=images)))
    assert [(len(planned.images.samples) == 1, planned.images.calibrates) for planned in sets] == [
        (False, False),
        (True, True),
    ]
