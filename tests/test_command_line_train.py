"""Training from the command line: hardenings, shadows, attack networks from folders of shadows."""

import re

import numpy as np
import pytest

import main
from core.attacks.networks import load_attack
from core.audit.runner import open_audit
from core.cli import app
from core.files import sha256_of_file
from core.targets.checkpoint import read_card
from core.training import target as target_training
from core.training.hardening import HARDENINGS
from core.training.manifest import read_manifest
from core.training.membership import read_membership
from core.training.target import TargetResult
from tests.world import make_world, write_images, write_target

TINY = "--size 32x32 --epochs 1 --batch 2 --device cpu --quiet"
MODEL = "smp:FPN/tu-mobilenetv3_small_050"
QUICK = "--network small --width 0.25 --patch 24 --iterations 2 --batch 4 --holdout 0.5 --device cpu --quiet"


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    made = make_world(tmp_path_factory.mktemp("train-world"), street_like, members=4, non_members=4, suspects=2)
    write_images(made.folder / "elsewhere", street_like, 4, 400)
    return made


@pytest.fixture(scope="module")
def fleet(world):
    """A pair of shadows with the built-in scheme camvid11; its folder."""
    folder, images = world.folder / "fleet", world.folder
    flags = f"--images {images / 'members'} --images {images / 'non-members'} --scheme camvid11 --encoding train-id"
    words = f"train shadows {flags} --count 2 --model {MODEL} --out {folder} {TINY}".split()
    assert main.main(words) == 0
    return folder


@pytest.fixture(autouse=True)
def in_the_world(world, monkeypatch):
    monkeypatch.chdir(world.folder)


def said(capsys, command, code=0):
    """Standard output and error of a command that ends with `code`."""
    capsys.readouterr()
    found = main.main(command.split())
    shown = capsys.readouterr()
    assert found == code, shown.err
    return shown.out, shown.err


# ---------------------------------------------------------------- targets


def test_a_target_is_hardened_with_references_and_its_report_printed(world, tmp_path, capsys, monkeypatch):
    asked = {}

    def fake(images, scheme, settings, out, device, **rest):
        asked.update(rest)
        return TargetResult(out, "", (0.5,), 0.25, None, {"epsilon": 7.9, "unit": "image"})

    monkeypatch.setattr(target_training, "train_target", fake)
    flags = "--images members --scheme scheme.toml --hardening none --references suspects"
    out, _ = said(capsys, f"train target {flags} --out {tmp_path / 't.safetensors'} {TINY}")
    assert "epsilon: 7.9\nunit: image" in out
    assert asked["hardening"] == HARDENINGS.make({"name": "none"})
    (references,) = asked["references"]
    assert len(references.samples) == 2


def test_help_and_info_name_every_hardening(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for kind in ("target", "shadows"):
        helped = " ".join(said(capsys, f"train {kind} --help")[0].replace("-\n", "-").split()).replace("- ", "-")
        assert all(name in helped for name in HARDENINGS.names())
    assert f"hardenings: {', '.join(HARDENINGS.names())}" in said(capsys, "info")[0]


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--hardening magic", "There is no hardening 'magic'"),
        ("--hardening none:x=1", "unknown key 'x'"),
        ("--references suspects", "takes no reference images"),
    ],
)
def test_a_hardening_that_cannot_be_meant_is_refused(flag, words, tmp_path, capsys):
    flags = f"--images members --scheme scheme.toml --out {tmp_path / 't.safetensors'} {TINY}"
    assert words in said(capsys, f"train target {flags} {flag}", 2)[1]


# ---------------------------------------------------------------- shadows


def test_shadows_leave_a_line_each_and_are_kept_by_a_second_call(world, fleet, capsys):
    flags = "--images members --images non-members --scheme camvid11 --encoding train-id"
    command = f"train shadows {flags} --count 2 --model {MODEL} --out {fleet} {TINY}"
    before = [sha256_of_file(path) for path in sorted(fleet.glob("*.safetensors"))]
    out, _ = said(capsys, command)
    assert out.count("kept from an earlier call") == len(before) == 2
    assert [sha256_of_file(path) for path in sorted(fleet.glob("*.safetensors"))] == before


def test_a_new_shadow_is_printed_with_its_scores_on_both_sides(fleet, tmp_path, capsys):
    flags = f"--images members --images non-members --scheme scheme.toml --split {fleet / 'membership.csv'}"
    models = "--model torchvision:lraspp_mobilenet_v3_large"
    out, _ = said(capsys, f"train shadows {flags} {models} --out {tmp_path} {TINY}")
    line = r"shadow-0{}\.safetensors: loss \d\.\d+, mIoU on its members \d\.\d+, on its non-members \d\.\d+"
    for number in (0, 1):
        assert re.search(line.format(number), out)
        card = read_card(tmp_path / f"shadow-0{number}.safetensors")
        assert (card.architecture, card.encoder) == ("torchvision:lraspp_mobilenet_v3_large", "")
    assert read_membership(tmp_path).rows() == read_membership(fleet).rows()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--count 1", "at least 2"),
        ("", "Give --count, or a --split"),
        ("--count 2 --model smp:FPN --architecture smp:Unet", "--architecture cannot be given beside --model"),
        ("--count 2 --model smp:Nothing", "Nothing"),
        ("--split nowhere.csv", "nowhere.csv"),
        ("--count two", "--count"),
    ],
)
def test_shadows_that_cannot_be_meant_are_refused_before_training(flags, words, tmp_path, capsys):
    command = f"train shadows --images members --scheme scheme.toml --out {tmp_path / 'x'} {flags} --quiet"
    assert words in said(capsys, command, 2)[1]
    assert not (tmp_path / "x").exists()


# ---------------------------------------------------------------- attack networks


def test_an_attack_network_learns_from_folders_of_shadows_and_serves_an_audit(fleet, world, tmp_path, capsys):
    attack = tmp_path / "a.safetensors"
    flags = "--encoding train-id --images non-members --images members --defense none --defense gauss:sigma=0.1+argmax"
    out, _ = said(capsys, f"train attack --shadows {fleet} {flags} --out {attack} {QUICK}")
    assert re.search(r"AUC \d\.\d+.* on held-out shadow images under none \(\d members, \d non-members\)", out)
    assert "under gauss(sigma=0.1) + argmax" in out
    manifest, table = read_manifest(attack), read_membership(fleet)
    assert set(manifest.members) == set(manifest.non_members) == set(table.images)
    assert [s.sha256 for s in manifest.shadows] == [sha256_of_file(fleet / name) for name in table.shadows]
    card = load_attack(attack).card
    assert card.defense == "none | gauss(sigma=0.1) + argmax"
    assert card.extra["shadow_kinds"] == ["2 x smp:FPN tu-mobilenetv3_small_050, 11 classes"]
    audit = f"audit --target {world.target} --members suspects --scheme scheme.toml --out {tmp_path / 'x.segleak'}"
    said(capsys, f"{audit} --attack patch:network={attack} --limit 1 --device cpu --quiet")
    store, _ = open_audit(tmp_path / "x.segleak")
    with store:
        assert any("shares no image" in sentence for sentence in store.fact("independence"))


def test_a_combiner_learns_from_folders_of_shadows_and_serves_an_audit_with_references(fleet, world, tmp_path, capsys):
    combiner = tmp_path / "c.json"
    flags = "--encoding train-id --images non-members --images members --defense none --defense argmax"
    attacks = "--attack loss --attack stability:flip=true,shift=0,blur=0,brightness=0"
    said(capsys, f"train combiner --shadows {fleet} {flags} {attacks} --out {tmp_path / 'c.txt'}", 2)
    command = f"train combiner --shadows {fleet} {flags} --device cpu --quiet --out {combiner}"
    out, _ = said(capsys, f"{command} {attacks}")
    assert re.search(r"c\.json: loss [+-]\d\.\d\d, stability\S* [+-]\d\.\d\d", out)
    assert "on held-out shadow images under argmax" in out
    _, error = said(capsys, f"{command} --attack loss-difference", 2)
    assert "attacks with references take four shadows" in error
    folder = tmp_path / "x.segleak"
    audit = f"audit --target {world.target} --members suspects --scheme scheme.toml --out {folder} --limit 1"
    flags = "--attack rmia --attack loss:labels=hidden --device cpu --quiet"
    write_target(tmp_path / "other.safetensors", 3)
    command = f"{audit} --attack combination:combiner={combiner} {flags}"
    _, error = said(capsys, f"{command} --reference {tmp_path / 'other.safetensors'}")
    assert "loss-hidden: The label maps are hidden" in " ".join(error.split())
    store, spec = open_audit(folder)
    with store:
        assert all(score.score is not None for score in store.scores())
    assert [attack.id for attack in spec.attacks] == ["combination", "rmia", "loss-hidden"]
    assert [spec.resolve(reference.path) for reference in spec.references] == [tmp_path / "other.safetensors"]


def test_a_ratio_table_learns_from_half_supervised_shadows_and_serves_an_audit(fleet, world, tmp_path, capsys):
    images = "--images members --images non-members --encoding train-id"
    half, table = tmp_path / "half", tmp_path / "t.json"
    count = f"--count 4 --half-supervised 16 --model {MODEL} --scheme camvid11 --out {half}"
    said(capsys, f"train shadows {images} {count} {TINY}")
    out, _ = said(capsys, f"train ratio --shadows {half} {images} --device cpu --quiet --out {table}")
    assert "evidence by log odds" in out
    assert re.search(r"AUC (\d\.\d{3}|nan) of telling blocks", out)
    known = read_manifest(table)
    assert known.kind == "attack"
    assert len(known.shadows) == 4
    _, error = said(capsys, f"train ratio --shadows {fleet} {images} --device cpu --quiet --out {table}", 2)
    assert "was not trained half-supervised" in error
    folder = tmp_path / "x.segleak"
    audit = f"audit --target {world.target} --members suspects --scheme scheme.toml --out {folder} --limit 1"
    write_target(tmp_path / "other.safetensors", 3)
    attack = f"--attack learned-ratio:table={table} --reference {tmp_path / 'other.safetensors'} --device cpu --quiet"
    said(capsys, f"{audit} {attack}")
    store, _ = open_audit(folder)
    with store:
        assert all(np.isfinite(score.score) for score in store.scores())
        assert store.fact("attack_networks")["learned-ratio"]["file"] == "t.json"


def test_shadows_of_several_data_sets_and_single_ones_are_mixed(fleet, world, tmp_path, capsys):
    other, attack = tmp_path / "other", tmp_path / "a.safetensors"
    shadows = f"train shadows --images elsewhere --scheme scheme.toml --count 2 --model {MODEL} --out {other} {TINY}"
    said(capsys, shadows)
    given = f"--shadows {fleet} --shadows {other} --images members --images non-members --images elsewhere"
    single = f"--shadow {world.target} --members members --non-members elsewhere"
    flags = f"--encoding train-id --limit 3 --out {attack} {QUICK}"
    # The single shadow's file says "streets4", which is no built-in scheme.
    _, error = said(capsys, f"train attack {given} {single} {flags} --scheme camvid11 --scheme scheme.toml", 2)
    assert "streets4" in error
    said(capsys, f"train attack {given} {flags} --scheme camvid11 --scheme scheme.toml")
    kinds = load_attack(attack).card.extra["shadow_kinds"]
    assert {kind.rpartition(", ")[2] for kind in kinds} == {"4 classes", "11 classes"}
    said(capsys, f"train attack {given} {single} {flags} --scheme scheme.toml")
    assert load_attack(attack).card.extra["shadows"] == 5


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("", "no shadow to learn from"),
        ("--shadows fleet", "--shadows and --images need each other"),
        ("--shadow target.safetensors --images members", "--shadows and --images need each other"),
        ("--shadow target.safetensors --members members", "1 --shadow, 1 --members and 0 --non-members"),
        ("--shadows fleet --images members --images elsewhere", "elsewhere: no shadow was trained over"),
        ("--shadows fleet --images members --scheme camvid11 --scheme camvid11", "2 --scheme for 1 --shadows"),
        ("--shadows members --images members", "no membership table"),
        ("--shadows fleet --images members --defense magic", "magic"),
        ("--shadows fleet --images members --defense hardened:path=x.safetensors", "as the shadow"),
    ],
)
def test_shadows_and_images_that_do_not_fit_together_are_refused(fleet, flags, words, tmp_path, capsys):
    command = f"train attack {flags} --encoding train-id --out {tmp_path / 'a.safetensors'} {QUICK}"
    assert words in said(capsys, command, 2)[1]


def test_a_stage_begun_after_a_printed_line_shows_its_bar(monkeypatch):
    """A line printed in between takes the bar off the terminal; the next step brings it back."""
    from core.cli.screen import Screen

    monkeypatch.setattr("core.cli.screen.sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    screen = Screen()
    assert screen.err.is_terminal
    for stage in ("training", "training", "measuring"):
        screen.progress.start(stage, 2)
        screen.progress.step()
        screen.close()


def test_every_kind_of_training_is_listed():
    with pytest.raises(SystemExit):
        app.parser().parse_args(["train"])
    outs = {"shadows": "x", "combiner": "x.json"}
    for kind, flags in (
        ("target", "--images x"),
        ("shadows", "--images x"),
        ("attack", ""),
        ("combiner", "--attack loss"),
    ):
        out = outs.get(kind, "x.safetensors")
        assert app.parser().parse_args(["train", kind, "--out", out, *flags.split()]).kind == kind
