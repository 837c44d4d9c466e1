import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import main
from core.audit.runner import open_audit
from core.audit.store import AuditStore
from tests.world import make_world, scores_of

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("cli world"), street_like, members=4, non_members=4, suspects=2)


@pytest.fixture(scope="module")
def audit(world):
    folder = world.folder / "audit.segleak"
    assert main.main(["audit", str(world.write_spec()), "--out", str(folder), "--device", "cpu", "--quiet"]) == 0
    return folder


def test_the_help_says_what_the_program_can_do(capsys):
    assert main.main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in ("audit", "check", "train", "export", "info", "review", "purge"):
        assert command in out


@pytest.mark.parametrize(
    "command", ["audit", "check", "train target", "train shadows", "train attack", "export", "info", "review", "purge"]
)
def test_every_command_has_help(command, capsys):
    assert main.main([*command.split(), "--help"]) == 0
    assert "usage" in capsys.readouterr().out


def test_an_audit_prints_its_table(audit, capsys):
    assert main.main(["info", str(audit)]) == 0
    out = capsys.readouterr().out
    assert "patch *" in out
    assert "gauss(sigma=0.3)" in out
    assert "mIoU members" in out


def test_flags_and_a_spec_file_ask_for_the_same_audit(world, audit, tmp_path, monkeypatch):
    monkeypatch.chdir(world.folder)
    out = tmp_path / "flags.segleak"
    flags = "--members members --non-members non-members --suspects suspects --scheme scheme.toml --seed 3"
    flags += " --defense none --defense argmax --defense gauss:sigma=0.3 --defense dropout:p=0.5+topk:k=2"
    flags += " --attack patch:network=attack.safetensors --attack loss --attack confidence"
    flags += f" --batch 2 --cache-gb 0 --device cpu --quiet --target target.safetensors --out {out}"
    assert main.main(["audit", *flags.split()]) == 0
    with AuditStore.read(audit) as one, AuditStore.read(out) as two:
        assert scores_of(one) == scores_of(two)


def test_a_finished_audit_run_again_changes_nothing(audit):
    before = {p: p.read_bytes() for p in audit.rglob("*.npz")}
    assert main.main(["audit", str(audit), "--device", "cpu", "--quiet"]) == 0
    assert {p: p.read_bytes() for p in audit.rglob("*.npz")} == before


def test_exported_scores_and_json_are_the_stores(audit, tmp_path):
    assert main.main(["export", str(audit), "--out", str(tmp_path), "--quiet"]) == 0
    store, spec = open_audit(audit)
    with store:
        rows, scores = store.images(), scores_of(store)
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == len(scores)
    by_sha = {r.sha256: r.id for r in rows}
    for line in lines:
        score, reason = scores[by_sha[line["sha256"]], line["defense"], line["attack"]]
        assert (float(line["score"]) if line["score"] else None, line["reason"] or None) == (score, reason)
        assert line["primary"] == str(int(line["attack"] == "patch"))
    document = json.loads((tmp_path / "audit.json").read_text())
    assert len(document["images"]) == len(rows)
    assert document["summary"]["primary"] == spec.primary.id
    assert document["facts"]["spec_sha256"] == spec.sha256


def test_exported_maps_are_the_stores_as_npz_and_coloured_as_png(audit, tmp_path):
    assert main.main(["export", str(audit), "--out", str(tmp_path / "n"), "--maps", "npz", "--quiet"]) == 0
    assert main.main(["export", str(audit), "--out", str(tmp_path / "p"), "--maps", "png", "--quiet"]) == 0
    with AuditStore.read(audit) as store:
        kept = store.maps(0, "none", "patch")
    with np.load(tmp_path / "n" / "maps" / "000000-00--none--patch.npz") as file:
        np.testing.assert_array_equal(file["score"], kept["score"])
    picture = np.array(Image.open(tmp_path / "p" / "maps" / "000000-00--none--patch--evidence.png"))
    assert picture.shape == (48, 64, 4)
    ranges = json.loads((tmp_path / "p" / "maps" / "ranges.json").read_text())
    low, high = ranges["patch--evidence"]
    assert low == -high < 0
    strongest = np.unravel_index(np.argmax(kept["evidence"]), (48, 64))
    weakest = np.unravel_index(np.argmin(kept["evidence"]), (48, 64))
    rust, blue = picture[strongest].astype(int), picture[weakest].astype(int)
    assert rust[0] > rust[2]
    assert blue[0] < blue[2]
    assert ranges["loss--loss--label-maps"][1] > 60, "a label-map release has a range of its own"
    assert "loss--loss" in ranges
    loss = Image.open(tmp_path / "p" / "maps" / "000000-00--none--loss--loss.png")
    assert np.array(loss)[-1, 0, 3] == 0, "void pixels are transparent"


def test_file_names_that_look_like_formulas_are_made_inert(tmp_path, audit):
    from core.audit.export import _inert

    assert _inert("=1+1.png") == "'=1+1.png"
    assert _inert("-abc.jpg") == "'-abc.jpg"
    assert _inert("aachen/-1.png") == "aachen/-1.png"


def test_check_reports_target_and_data_as_text_and_json(world, capsys):
    spec = world.write_spec()
    assert main.main(["check", str(spec), "--device", "cpu", "--quiet"]) == 0
    assert "4 classes" in capsys.readouterr().out
    assert main.main(["check", str(spec), "--device", "cpu", "--quiet", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["target"]["classes"] == 4
    assert 0 <= report["target"]["check"]["miou"] <= 1
    assert len(report["sets"]) == 3
    assert report["data"]["findings"]


def test_check_ends_with_1_where_the_data_has_an_error(world, tmp_path, capsys):
    (tmp_path / "m").mkdir()
    source = world.folder / "members" / "00.png"
    (tmp_path / "m" / "bad.png").write_bytes(source.read_bytes()[:100])
    scheme = str(world.folder / "scheme.toml")
    arguments = ["check", "--members", str(tmp_path / "m"), "--scheme", scheme, "--quiet"]
    assert main.main(arguments) == 1
    assert "bad.png" in capsys.readouterr().out


def test_exclusions_with_a_reason_change_the_numbers_and_stay_on_record(world, tmp_path, capsys):
    folder = tmp_path / "a.segleak"
    assert main.main(["audit", str(world.write_spec()), "--out", str(folder), "--device", "cpu", "--quiet"]) == 0
    assert main.main(["review", str(folder), "exclude", "member/00.png"]) == 2
    assert main.main(["review", str(folder), "exclude", "00.png", "--why", "three sets have it"]) == 2
    assert main.main(["review", str(folder), "exclude", "member/00.png", "--why", "blurred", "--who", "E"]) == 0
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["excluded"] == 1
    assert summary["images"]["member"]["images"] == 3
    assert summary["results"][0]["metrics"]["members"] == 3
    capsys.readouterr()
    assert main.main(["review", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "blurred" in out
    assert "00.png" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["audit"], "--target"),
        (["audit", "nothing.toml"], "nothing.toml"),
        (["audit", "--target", "x.pt"], "--members"),
        (["export", "nothing.segleak", "--out", "x"], "nothing.segleak"),
        (["info", "nothing.pt"], "nothing.pt"),
        (["check"], "--target"),
        (["audit", "--target", "x", "--members", ".", "--trust", "abc"], "abc"),
        (["audit", "--target", "x", "--members", ".", "--attack", "loss:x"], "="),
        (["audit", "--target", "x", "--members", ".", "--defense", "gauss:sigma=much"], "sigma"),
        (["audit", "--target", "x", "--members", ".", "--device", "tpu"], "tpu"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main.main([*arguments, *(["--quiet"] if arguments[0] in {"audit", "check"} else [])]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "flags",
    ["--defense argmax", "--members x", "--target x", "--seed 4", "--name x", "--input-divide 1", "--layout pairs"],
)
def test_flags_that_a_spec_would_overrule_are_refused_beside_it(world, tmp_path, capsys, flags):
    spec = str(world.write_spec())
    assert main.main(["audit", spec, "--out", str(tmp_path / "a"), *flags.split(), "--quiet"]) == 2
    assert flags.split()[0] in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_a_place_that_cannot_be_written_to_ends_with_2_and_its_name(audit, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for command in (["export", str(audit)], ["audit", str(audit)]):
        assert main.main([*command, "--out", str(tmp_path / "file"), "--quiet"]) == 2
        error = capsys.readouterr().err
        assert "file" in error
        assert "Traceback" not in error


def test_check_takes_the_first_image_that_can_be_read(world, tmp_path, street_like, capsys):
    broken = make_world(tmp_path, street_like, members=2, non_members=1, suspects=1)
    (tmp_path / "members" / "00.png").write_bytes(b"")
    assert main.main(["check", str(broken.write_spec()), "--device", "cpu", "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"]["image"] == "01.png"


def test_an_unknown_command_or_flag_ends_with_2(capsys):
    assert main.main(["dance"]) == 2
    assert main.main(["audit", "--colour"]) == 2


def test_failed_images_end_with_1_and_are_named(world, tmp_path, street_like, capsys):
    broken = make_world(tmp_path, street_like, members=2, non_members=2, suspects=1)
    (tmp_path / "suspects" / "00.png").write_bytes(b"")
    assert main.main(["audit", str(broken.write_spec()), "--device", "cpu", "--quiet"]) == 1
    assert "00.png" in capsys.readouterr().err
    assert (tmp_path / "spec.segleak" / "summary.json").exists()


def test_ctrl_c_stops_cleanly_with_130_and_the_same_command_goes_on(world, audit, tmp_path):
    folder = tmp_path / "stopped.segleak"
    command = [sys.executable, "main.py", "audit", str(world.write_spec()), "--out", str(folder), "--device", "cpu"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (folder / "maps" / "000001").is_dir() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert not (folder / "running.lock").exists()
    assert subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0
    with AuditStore.read(audit) as one, AuditStore.read(folder) as two:
        assert scores_of(one) == scores_of(two)


def test_purge_deletes_the_cache_and_leaves_the_audit(world, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "home"))
    spec = world.write_spec(run={"batch": 2, "cache_gb": 1.0, "resamples": 100})
    assert main.main(["audit", str(spec), "--out", str(tmp_path / "a.segleak"), "--device", "cpu", "--quiet"]) == 0
    cached = list((tmp_path / "home").rglob("*.npz"))
    assert cached
    assert main.main(["purge"]) == 0
    assert not any(p.exists() for p in cached)
    assert (tmp_path / "a.segleak" / "results.sqlite").exists()


def test_train_target_train_attack_and_audit_run_through_from_the_command_line(world, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(world.folder)
    target, attack = tmp_path / "t.safetensors", tmp_path / "a.safetensors"
    train = f"train target --images members --scheme scheme.toml --out {target} --epochs 2 --batch 2 --size 64x64"
    assert main.main([*train.split(), "--device", "cpu", "--quiet"]) == 0
    train = f"train attack --shadow {target} --members members --non-members non-members --scheme scheme.toml"
    train += f" --out {attack} --network small --width 0.25 --patch 24 --iterations 3 --batch 4"
    assert main.main([*train.split(), "--device", "cpu", "--quiet"]) == 0
    audit = f"audit --target {target} --members members --non-members non-members --scheme scheme.toml"
    audit += f" --attack patch:network={attack} --out {tmp_path / 'x.segleak'}"
    assert main.main([*audit.split(), "--device", "cpu", "--quiet"]) == 0
    store, _ = open_audit(tmp_path / "x.segleak")
    with store:
        sentences = " ".join(store.fact("independence"))
        assert "agrees" in sentences
        assert "Warning" in sentences, "the shadow is the target: its images are the audit's"
        assert store.fact("attack_networks")["patch"]["threshold"] is not None
    summary = json.loads((tmp_path / "x.segleak" / "summary.json").read_text())
    assert summary["results"][0]["at_shadow_threshold"]["threshold"]["source"]
    capsys.readouterr()
    assert main.main(["info", str(attack)]) == 0
    assert "slm" in capsys.readouterr().out


def test_the_door_imports_nothing_heavy():
    script = "import sys, main; sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'cv2', 'PySide6')))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, env=os.environ).returncode == 0
