"""What is found out before references are trained: images, folder, architecture."""

import os
from dataclasses import replace

import numpy as np
import pytest

from core.audit.spec import ImagesEntry
from core.data.samples import Role
from core.engine.jobs import ImagesAsked, LookAtArchitecture, LookAtFleet
from core.engine.jobs.base import Desk
from core.errors import Cancelled, DataError
from core.files import sha256_of_file
from core.progress import Progress
from core.training.manifest import TrainingManifest, write_manifest
from core.training.membership import Membership, write_membership
from core.training.settings import BLOCK_SIDE, TargetTraining, of_shadow
from core.training.standing import Standing, note_settings, standing
from tests.fleet_world import TINY, asked, write_world
from tests.world import write_images


@pytest.fixture
def world(tmp_path, street_like):
    return write_world(tmp_path / "world", street_like, members=2, others=2)


def desk(progress=None):
    return Desk(progress or Progress(), None, lambda part: None)


def look(asked_of, out):
    return LookAtFleet(asked_of, out).run(desk())


def begin(folder, images, count=2, trained=(), settings=TINY):
    """A folder of references of which some are trained."""
    names = tuple(f"shadow-{n:02d}.safetensors" for n in range(count))
    table = np.tile([True, False], (len(images), count // 2))
    write_membership(folder, Membership(names, tuple(images), tuple(images), tuple(images), table))
    for number in trained:
        file = folder / names[number]
        file.write_bytes(bytes([number]))
        values = replace(settings, seed=settings.seed + number).to_mapping()
        write_manifest(file, TrainingManifest("target", sha256_of_file(file), ("ab" * 32,), settings=values))
    return folder


def hashes(world):
    return sorted(sha256_of_file(file) for part in ("members", "others") for file in (world / part).glob("??.png"))


# ---------------------------------------------------------------- the folder


def test_a_folder_says_how_many_are_trained_and_how(tmp_path):
    assert standing(tmp_path / "nowhere") == Standing()
    (tmp_path / ".hidden").touch()
    assert standing(tmp_path) == Standing()
    note_settings(tmp_path, replace(TINY, seed=5))
    assert standing(tmp_path) == Standing(), "nothing is begun as long as there is no table"
    begin(tmp_path, ["aa" * 32], count=4)
    there = standing(tmp_path)
    assert (there.count, there.trained, there.begun, there.settings) == (4, (), False, replace(TINY, seed=5))
    (tmp_path / "shadow-00.safetensors.partial").touch()
    assert standing(tmp_path).begun
    begin(tmp_path, ["aa" * 32], count=4, trained=(1, 2), settings=replace(TINY, seed=7))
    there = standing(tmp_path)
    assert [number for number, _ in there.trained] == [1, 2]
    assert there.settings == replace(TINY, seed=7), "the trained ones know better"
    assert there.images == {"aa" * 32}


def test_what_differs_is_named_and_a_younger_setting_counts_as_its_default(tmp_path):
    there = standing(begin(tmp_path, ["aa" * 32], trained=(0, 1)))
    assert there.differences(TINY) == ()
    assert there.differences(replace(TINY, epochs=9, size=(64, 32))) == ("size", "epochs")
    assert there.differences(replace(TINY, seed=1)) == ("seed",)
    older = {k: v for k, v in TINY.to_mapping().items() if k != "half_supervised"}
    assert Standing(2, trained=((0, older),)).differences(TINY) == ()
    assert Standing(2, trained=((0, older),)).differences(replace(TINY, half_supervised=64)) == ("half_supervised",)
    hardened = {**older, "hardening": {"name": "dp-sgd"}}
    assert Standing(2, trained=((0, hardened),)).differences(TINY) == ("hardening",)


def test_shadows_that_exchange_blocks_are_known_as_such_and_gone_on_with(tmp_path):
    base = replace(TINY, seed=5)
    names = ("shadow-00.safetensors", "shadow-01.safetensors")
    table = Membership(names, ("aa" * 32,), ("a",), ("a",), np.ones((1, 2), bool))
    write_membership(tmp_path, table)
    for number in range(2):
        file = tmp_path / table.shadows[number]
        file.write_bytes(b"weights %d" % number)
        kept = of_shadow(base, number, "blocks")
        told = TrainingManifest(
            "target", sha256_of_file(file), ("aa" * 32,), settings=kept.to_mapping(), seed=kept.seed
        )
        write_manifest(file, told)
    there = standing(tmp_path)
    assert (there.exchange, there.settings) == ("blocks", replace(base, half_supervised=BLOCK_SIDE))
    assert there.differences(base) == ()
    assert there.differences(replace(base, half_supervised=32)) == ("half_supervised",)
    (tmp_path / table.shadows[0]).unlink()
    assert standing(tmp_path).settings == there.settings, "the second says the same"


def test_a_half_written_reference_counts_as_none_and_a_damaged_table_is_named(tmp_path):
    begin(tmp_path, ["aa" * 32], trained=(0,))
    (tmp_path / "shadow-01.safetensors").write_bytes(b"killed before its list was written")
    assert [number for number, _ in standing(tmp_path).trained] == [0]
    (tmp_path / "membership.csv").write_text("nonsense\n")
    with pytest.raises(DataError, match="no membership table"):
        standing(tmp_path)


# ---------------------------------------------------------------- all of it


def test_sound_images_and_a_new_folder_have_nothing_against_them(world, tmp_path):
    found = look(asked(world), tmp_path / "not" / "there")
    assert (found.problem, found.images, found.classes, found.same_images) == ("", 4, 4, True)
    assert found.free > 0 and not (tmp_path / "not").exists()


def test_images_without_label_maps_are_counted_and_one_is_named(world, tmp_path):
    (world / "others" / "01_mask.png").unlink()
    found = look(asked(world), tmp_path / "out")
    assert found.problem == "1 of 4 images have no label map, such as 01.png."
    assert "add them, or leave these images out" in found.remedy


def test_too_few_images_and_images_of_one_group_make_no_halves(tmp_path, street_like):
    few = write_world(tmp_path / "few", street_like, members=2, others=1)
    found = look(asked(few), tmp_path / "out")
    assert found.problem.startswith("3 images are too few") and "at least 4" in found.remedy
    drive = tmp_path / "drive"
    write_images(drive, street_like, 6, 1)
    entry = ImagesEntry(Role.MEMBER, "drive", "pairs", {"group_pattern": "(0)"})
    one = ImagesAsked((entry,), str(few / "scheme.toml"), tmp_path)
    found = look(one, tmp_path / "out")
    assert "1 group" in found.problem and "other groups" in found.remedy
    assert LookAtFleet(one, tmp_path / "out", "blocks").run(desk()).problem == "", "its images are divided"


def test_a_folder_that_cannot_take_references_is_refused_with_what_to_do(world, tmp_path):
    (tmp_path / "file").touch()
    assert "is a file" in look(asked(world), tmp_path / "file" / "out").problem
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    found = look(asked(world), tmp_path / "full")
    assert "holds other files, such as notes.txt" in found.problem and "empty folder" in found.remedy


def test_a_folder_that_cannot_be_written_to_is_refused(world, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    found = look(asked(world), tmp_path / "out")
    assert "cannot be written to" in found.problem and "another folder" in found.remedy


def test_references_to_other_images_are_told_from_those_to_these(world, tmp_path):
    mine, others = begin(tmp_path / "mine", hashes(world), trained=(0,)), begin(tmp_path / "others", ["aa" * 32])
    found = look(asked(world), mine)
    assert (found.problem, found.same_images, len(found.standing.trained)) == ("", True, 1)
    assert not look(asked(world), others).same_images
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):  # reading many images can be stopped
        LookAtFleet(asked(world), mine).run(desk(progress))


def test_a_missing_scheme_is_said_in_the_words_of_the_page(world, tmp_path):
    found = look(replace(asked(world), scheme=None), tmp_path / "out")
    assert "nothing says which classes" in found.problem and found.remedy


# ---------------------------------------------------------------- the architecture


def test_the_weights_of_an_architecture_are_counted_without_room_for_them():
    from core.targets.architectures import build

    settings = TargetTraining()
    found = LookAtArchitecture(settings.architecture, settings.used_encoder, "batch", 4).run(desk())
    made = build(settings.architecture, settings.used_encoder, 4)
    assert found.weights == sum(p.numel() for p in made.parameters()) and found.problem == ""
    missing = LookAtArchitecture("smp:Unet", "resnet1", "batch", 4).run(desk())
    assert "no encoder 'resnet1'" in missing.problem and missing.remedy


def test_all_architectures_that_are_offered_can_be_counted():
    from core.targets.catalogue import architectures

    for name in architectures():
        encoder = {"smp:DPT": "tu-vit_base_patch16_224.augreg_in21k"}.get(name, "resnet18" if "smp:" in name else "")
        assert LookAtArchitecture(name, encoder, "batch", 4).run(desk()).weights > 0, name
