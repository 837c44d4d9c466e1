import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

import main
from core.attacks.all import ATTACKS
from core.cli import app
from core.cli.flags import read_choice, read_flags
from core.data.layouts import LAYOUTS
from core.defenses import DEFENSES
from core.parameters import parameters_of
from core.targets.open import open_target
from core.training.hardening import HARDENINGS
from core.training.settings import AttackTraining, TargetTraining
from tests.world import make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("use world"), street_like, members=4, non_members=4, suspects=2)


@pytest.fixture(scope="module")
def audit(world):
    folder = world.folder / "audit.segleak"
    assert main.main(["audit", str(world.write_spec()), "--out", str(folder), "--device", "cpu", "--quiet"]) == 0
    return folder


def said(capsys, arguments, code=0):
    """Standard output and error of a command that ends with `code`."""
    capsys.readouterr()
    found = main.main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    assert found == code, shown.err
    return shown.out, shown.err


# ---------------------------------------------------------------- help and wrong use


@pytest.mark.parametrize(
    ("command", "kind"),
    [("train target", TargetTraining), ("train shadows", TargetTraining), ("train attack", AttackTraining)],
)
def test_help_names_the_choices_of_every_flag(command, kind, capsys):
    out, _ = said(capsys, [*command.split(), "--help"])
    listed = [info for info in parameters_of(kind) if info.choices]
    assert listed
    for info in listed:
        assert "{" + ",".join(info.choices) + "}" in out


def test_a_default_in_the_help_can_be_typed_as_it_stands(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    out, _ = said(capsys, ["train", "target", "--help"])
    default = re.search(r"--size.*?default ([^)]+)\)", out, re.DOTALL)[1]
    args = app.parser().parse_args(["train", "target", "--images", "x", "--out", "x.safetensors", "--size", default])
    assert read_flags(args, TargetTraining).size == TargetTraining().size


def test_help_says_no_word_twice(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    out, _ = said(capsys, ["audit", "--help"])
    assert "images per forward pass of the target (default 4)" in out
    assert "(px, default 200000000)" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("check --memebrs x", "did you mean --members?"),
        ("audit --defence argmax", "did you mean --defense?"),
        ("train attack --shadows x --zzz", "there is no such flag"),
        ("train target --images x --out x.safetensors --size 64 96", "96: nothing takes this"),
    ],
)
def test_a_mistyped_flag_is_answered_in_two_lines_with_the_nearest(arguments, words, capsys):
    _, error = said(capsys, arguments.split(), 2)
    assert words in error or "required" in error
    assert len(error.strip().splitlines()) == 2
    command = " ".join(
        word for word in arguments.split()[:2] if word in {"check", "audit", "train", "attack", "target"}
    )
    assert f"main.py {command} --help" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("check --members x --limit -3", "at least 1"),
        ("audit --members x --limit 0", "at least 1"),
        ("check --members x --encoding colours", "colour"),
        ("train target --images x --out net.pth", ".safetensors"),
        ("train target --images x --out x.safetensors --scheme camvid11 --size abc", "N,N"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_before_any_work(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "x" / "a.png")
    _, error = said(capsys, arguments.split(), 2)
    assert words in error
    assert "Traceback" not in error


@pytest.mark.parametrize("command", ["check", "audit"])
def test_a_folder_of_images_in_the_place_of_a_spec_is_sent_to_the_right_flag(command, world, capsys):
    _, error = said(capsys, [command, world.folder / "members"], 2)
    assert "--members" in error


def test_a_comma_inside_a_value_does_not_end_it():
    kinds = {kind.name: kind for kind in LAYOUTS}
    read = read_choice("pairs:group_pattern=^(.{2,4}),groups=g.tsv", kinds)
    assert read == {"name": "pairs", "group_pattern": "^(.{2,4})", "groups": "g.tsv"}


def test_check_refuses_images_beside_a_spec(world, capsys):
    _, error = said(capsys, ["check", world.write_spec(), "--members", world.folder / "members"], 2)
    assert "beside a spec" in error


@pytest.mark.parametrize("kind", [*DEFENSES, *HARDENINGS, *ATTACKS, *LAYOUTS], ids=lambda kind: kind.name)
def test_info_explains_every_defense_hardening_attack_and_layout(kind, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, _ = said(capsys, ["info", kind.name])
    for info in parameters_of(kind):
        assert f"{info.name}: {info.help}" in out
        assert info.allowed in out


# ---------------------------------------------------------------- models and training


def test_info_opens_plain_weights_with_the_flags_of_an_audit(world, tmp_path, capsys):
    weights = open_target(world.target).module().state_dict()
    torch.save(weights, tmp_path / "weights.pth")
    _, error = said(capsys, ["info", tmp_path / "weights.pth"], 2)
    assert "architecture" in error
    flags = ["--target-architecture", "smp:Unet", "--target-encoder", "resnet18"]
    arguments = json.dumps({"encoder_depth": 3, "decoder_channels": [16, 16, 16]})
    out, _ = said(capsys, ["info", tmp_path / "weights.pth", *flags, "--target-arguments", arguments])
    assert "classes: 4" in out


def test_training_reads_label_maps_in_the_encoding_that_is_given(world, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(world.folder)
    train = f"train target --images members --scheme scheme.toml --out {tmp_path / 't.safetensors'} --epochs 1"
    _, error = said(capsys, [*train.split(), "--size", "64x64", "--encoding", "palette", "--quiet"], 2)
    assert "palette" in error


# ---------------------------------------------------------------- what is printed


def test_the_tables_of_an_audit_fit_80_columns(audit, capsys, monkeypatch):
    monkeypatch.setattr("core.cli.screen.sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    out = re.sub(r"\x1b\[[0-9;]*m", "", said(capsys, ["info", audit])[0])
    table = [line for line in out.splitlines() if "TPR@10%" in line or "loss" in line]
    assert len(table) > 1
    assert max(map(len, out.splitlines())) <= 80
    assert all(re.search(r"(\d\.\d{3}|advantage|n/m)\s*$", line) for line in table), table


def test_tables_call_defenses_by_their_titles(audit, capsys):
    out, _ = said(capsys, ["info", audit])
    assert "dropout(p=0.5, passes=1, place=auto) + topk(k=2)" in out
    assert "dropout-p0.5" not in out


def test_an_audit_prints_the_warnings_of_its_data_check(tmp_path, street_like, capsys):
    world = make_world(tmp_path, street_like, members=3, non_members=3, suspects=1)
    member, suspect = tmp_path / "members" / "00.png", tmp_path / "suspects" / "00.png"
    suspect.write_bytes(member.read_bytes())
    command = ["audit", world.write_spec(), "--device", "cpu", "--quiet"]
    out, _ = said(capsys, command)
    assert "warning: Files of the suspects that are also among the members" in out
    out, _ = said(capsys, ["info", tmp_path / "spec.segleak"])
    assert "warning: Files of the suspects that are also among the members" in out


def test_check_says_which_role_a_set_has_and_how_much_is_used(world, capsys, monkeypatch):
    monkeypatch.chdir(world.folder)
    flags = "--members members --suspects suspects --scheme scheme.toml --limit 2 --quiet"
    out, _ = said(capsys, ["check", *flags.split()])
    assert re.search(r"^members: .*4 images.* The first 2 are used\.$", out, re.MULTILINE)
    assert re.search(r"^suspects: ", out, re.MULTILINE)


def test_check_ends_with_1_where_target_and_scheme_differ_in_classes(world, capsys, monkeypatch):
    monkeypatch.chdir(world.folder)
    flags = "--target target.safetensors --members members --scheme camvid11 --device cpu --quiet"
    out, _ = said(capsys, ["check", *flags.split()], 1)
    assert "likely cause: The model gives 4 classes; the scheme 'camvid11' has 11." in out


def test_check_says_so_where_a_bad_result_has_no_likely_cause(world, capsys):
    command = ["check", world.write_spec(), "--device", "cpu", "--quiet"]
    report = json.loads(said(capsys, [*command, "--json"])[0])["target"]["check"]
    assert report["miou"] < 0.2, "the world's target is not trained"
    out, _ = said(capsys, command)
    assert ("No likely cause was found" in out) is not ("likely cause:" in out)


def test_check_names_the_predicted_classes(world, capsys):
    command = ["check", world.write_spec(), "--device", "cpu", "--quiet"]
    out, _ = said(capsys, command)
    report = json.loads(said(capsys, [*command, "--json"])[0])["target"]
    assert report["predicted"]
    assert f"predicted: {', '.join(report['predicted'])}" in out
    assert len(report["predicted"]) == len(report["check"]["predicted"])


# ---------------------------------------------------------------- review


@pytest.mark.parametrize("action", ["exclude", "include", "flag", "unflag"])
def test_a_decision_about_no_image_is_refused(action, audit, capsys):
    _, error = said(capsys, ["review", audit, action, "--why", "x"], 2)
    assert "needs an image" in error
    assert said(capsys, ["review", audit])[0] == ""


def test_an_empty_note_is_refused_and_a_written_one_is_echoed(audit, capsys):
    _, error = said(capsys, ["review", audit, "note"], 2)
    assert "--why" in error
    out, _ = said(capsys, ["review", audit, "note", "member/00.png", "--why", "seen", "--who", "E"])
    assert "E  note  member/00.png  seen" in out


def test_a_network_that_comes_along_is_told_of_by_its_short_name(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, _ = said(capsys, ["info", "slm-argmax"])
    assert out.startswith("file: slm-argmax.safetensors")
    judged = [line for line in out.splitlines() if "classes" in line and line.strip().startswith("auc ")]
    assert len(judged) > 1  # one line for each target on which it was judged
    assert all("tpr_at_1_percent" in line and "{" not in line for line in judged)
