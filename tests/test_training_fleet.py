import csv
import json
from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np
import pytest

from core.data.samples import ImageSet, Sample
from core.data.scheme import ClassEntry, ClassScheme
from core.errors import Cancelled, DataError, SegLeakError, SpecError
from core.files import sha256_of_file
from core.progress import Progress
from core.targets.checkpoint import read_card
from core.training import fit as fit_training
from core.training import fleet as fleet_training
from core.training.fleet import hashes_of, open_fleet, scheme_of, shadow_data, train_shadows
from core.training.half import Truth
from core.training.hardening.none import NoHardening
from core.training.manifest import manifest_path, read_manifest
from core.training.membership import read_membership, write_membership
from core.training.settings import BLOCK_SIDE, TargetTraining
from tests.tables import table_of

SCHEME = ClassScheme(
    "street4",
    "Street, 4 classes",
    tuple(ClassEntry(name, i, i, (i, 60 * i, 0)) for i, name in enumerate(("sky", "building", "road", "car"))),
)
TINY = TargetTraining(architecture="smp:FPN", encoder="tu-mobilenetv3_small_050", size=(32, 32), epochs=1, batch=2)
NAMES = ["shadow-00.safetensors", "shadow-01.safetensors"]


@pytest.fixture
def street(tmp_path, street_like):
    """A function that writes labelled images into a folder of their own and gives their image set."""

    def write(count, first=0, group=None):
        samples = []
        folder = tmp_path / f"images{first}"
        folder.mkdir()
        for seed in range(first, first + count):
            image, label = street_like((32, 48), seed)
            paths = folder / f"{seed - first}.png", folder / f"{seed - first}_label.png"
            cv2.imwrite(str(paths[0]), image[..., ::-1])
            cv2.imwrite(str(paths[1]), label)
            samples.append(Sample(paths[0].name, *paths, group=group and group(seed)))
        return ImageSet(tuple(samples), "list", "made for a test", encoding="train-id")

    return write


@pytest.fixture
def untrained(monkeypatch):
    """Trainings that only write down what they were asked for; the list of those."""
    asked = []

    def fake(members, scheme, settings, out, device, **rest):
        asked.append({"members": members, "settings": settings, "out": out, **rest})

    monkeypatch.setattr(fleet_training, "train_target", fake)
    return asked


def hashed(*sets):
    return {sha256_of_file(sample.image) for images in sets for sample in images.samples}


# ---------------------------------------------------------------- training


def test_each_shadow_is_trained_on_what_the_table_says(street, tmp_path):
    one, two, told = street(4), street(3, first=50), []
    fleet = train_shadows([one, two], SCHEME, [TINY], 2, tmp_path / "out", told=lambda *a: told.append(a))
    table = read_membership(tmp_path / "out")
    assert set(table.images) == hashed(one, two)
    for name in NAMES:
        members = {sha for sha, inside in table.of(name).items() if inside}
        assert set(read_manifest(tmp_path / "out" / name).members) == members
    assert set(table.of(NAMES[0]).values()) == {True, False}
    assert [name for name, _ in told] == NAMES
    assert all(0 <= r.miou <= 1 and 0 <= r.validation_miou <= 1 for _, r in told)
    assert fleet.membership.shadows == tuple(NAMES)
    assert scheme_of(tmp_path / "out") == "street4"


def test_a_stopped_call_goes_on_and_gives_the_same_weights(street, tmp_path, monkeypatch):
    images, settings = street(4), replace(TINY, epochs=3)
    train_shadows(images, SCHEME, [settings], 2, tmp_path / "whole")
    monkeypatch.setattr(fit_training.Resume, "due", True)
    told, out = [], tmp_path / "parts"

    def stop_in_the_second_shadow(progress):
        if told and progress.message.startswith("epoch 2/3"):
            progress.cancel()

    with pytest.raises(Cancelled):
        progress = Progress(stop_in_the_second_shadow)
        train_shadows(images, SCHEME, [settings], 2, out, progress=progress, told=lambda *a: told.append(a))
    first = (out / NAMES[0]).stat().st_mtime_ns
    assert (out / f"{NAMES[1]}.partial").exists()
    assert not (out / NAMES[1]).exists()
    train_shadows(images, SCHEME, [settings], 2, out, told=lambda *a: told.append(a))
    assert [(name, result is None) for name, result in told] == [
        (NAMES[0], False),
        (NAMES[0], True),
        (NAMES[1], False),
    ]
    assert (out / NAMES[0]).stat().st_mtime_ns == first
    for name in NAMES:
        assert sha256_of_file(out / name) == sha256_of_file(tmp_path / "whole" / name)


def test_a_shadow_killed_before_its_list_was_written_is_trained_again(street, tmp_path):
    images, told = street(4), []
    train_shadows(images, SCHEME, [TINY], 2, tmp_path)
    before = sha256_of_file(tmp_path / NAMES[1])
    manifest_path(tmp_path / NAMES[1]).unlink()
    train_shadows(images, SCHEME, [TINY], 2, tmp_path, told=lambda *a: told.append(a))
    assert [result is None for _, result in told] == [True, False]
    assert sha256_of_file(tmp_path / NAMES[1]) == before


def test_pairs_take_the_models_in_turn_and_every_shadow_its_own_seed(street, tmp_path, untrained):
    models = [TINY, replace(TINY, architecture="smp:Unet", encoder="resnet18", seed=10)]
    train_shadows(street(4), SCHEME, models, 5, tmp_path)
    found = [(a["settings"].architecture, a["settings"].seed) for a in untrained]
    assert found == [("smp:FPN", 0), ("smp:FPN", 1), ("smp:Unet", 12), ("smp:Unet", 13), ("smp:FPN", 4)]


def test_sets_without_a_member_are_left_out_and_the_rest_is_for_validation(street, tmp_path, untrained):
    one, two = street(3), street(2, first=50)
    shas = [sha256_of_file(s.image) for images in (one, two) for s in images.samples]
    split = write_membership(tmp_path, table_of([[1, 1], [1, 0], [1, 1], [0, 1], [0, 1]], shas))
    train_shadows([one, two], SCHEME, [TINY], 2, tmp_path / "out", split=split)
    sides = [[len(s.samples) for s in a[k]] for a in untrained for k in ("members", "validation")]
    assert sides == [[3], [2], [2, 2], [1]]


def test_a_given_split_is_followed_and_kept(street, tmp_path, untrained):
    images = street(4)
    shas = [sha256_of_file(s.image) for s in images.samples]
    split = write_membership(tmp_path, table_of([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]], shas, "abc"))
    train_shadows(images, SCHEME, [TINY], 3, tmp_path / "out", split=split)
    kept = read_membership(tmp_path / "out")
    assert kept.shadows == (*NAMES, "shadow-02.safetensors")
    assert np.array_equal(kept.members, read_membership(split).members)
    assert hashed(*untrained[2]["members"]) == {shas[0], shas[2]}
    other = write_membership(tmp_path, table_of([[0, 1, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]], shas, "abc"))
    with pytest.raises(DataError, match="divides the images otherwise"):
        train_shadows(images, SCHEME, [TINY], 3, tmp_path / "out", split=other)


def test_the_same_file_twice_has_one_role(street, tmp_path, untrained):
    images = street(4)
    copies = tuple(replace(s, key=f"copy/{s.key}", group="copies") for s in images.samples)
    train_shadows([images, replace(images, samples=copies)], SCHEME, [TINY], 2, tmp_path)
    table = read_membership(tmp_path)
    assert len(table.images) == 4
    assert table.keys == tuple(s.key for s in images.samples)
    assert [len(s.samples) for s in untrained[0]["members"]] == [2, 2]


def test_groups_stay_together(street, tmp_path, untrained):
    images = street(8, group=lambda seed: f"drive {seed // 2}")
    train_shadows(images, SCHEME, [TINY], 2, tmp_path)
    for asked in untrained:
        names = [s.group for side in asked["members"] for s in side.samples]
        assert all(names.count(name) == 2 for name in names)


@dataclass(frozen=True)
class Marked(NoHardening):
    """Trains plainly under another name."""

    name: ClassVar[str] = "marked"
    references: ClassVar[str] = "optional"


def test_shadows_are_hardened_like_targets(street, tmp_path):
    images, references = street(4), street(2, first=70)
    fleet = train_shadows(images, SCHEME, [TINY], 2, tmp_path / "out", hardening=Marked(), references=[references])
    for name in NAMES:
        manifest = read_manifest(fleet.folder / name)
        assert manifest.settings["hardening"] == {"name": "marked"}
        assert set(manifest.others) == hashed(references)
    with pytest.raises(DataError, match=r"shadow-00\.safetensors: was trained with another hardening"):
        train_shadows(images, SCHEME, [TINY], 2, tmp_path / "out")


def test_pairs_may_exchange_the_blocks_of_every_image(street, tmp_path):
    images, out = street(4), tmp_path / "out"
    fleet = train_shadows(images, SCHEME, [replace(TINY, half_supervised=16)], 4, out, exchange="blocks")
    assert fleet.membership.members.all()
    truths = [Truth.of(out / name) for name in fleet.membership.shadows]
    for sha256 in hashed(images):
        masks = [truth.halves.mask(sha256, (32, 32)) for truth in truths]
        for one, other in (masks[:2], masks[2:]):
            np.testing.assert_array_equal(one, ~other)
    assert len({truth.halves.seed for truth in truths}) == 2
    again = []
    train_shadows(
        images,
        SCHEME,
        [replace(TINY, half_supervised=16)],
        4,
        out,
        exchange="blocks",
        told=lambda name, result: again.append(result),
    )
    assert again == [None] * 4


def test_blocks_are_of_a_side_of_their_own_where_none_is_given(street, tmp_path, untrained):
    train_shadows(street(4), SCHEME, [TINY], 2, tmp_path / "out", exchange="blocks")
    assert [(call["settings"].half_supervised, call["settings"].other_half) for call in untrained] == [
        (BLOCK_SIDE, False),
        (BLOCK_SIDE, True),
    ]


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(("first", "then", "words"), [("images", "blocks", "images"), ("blocks", "images", "blocks")])
def test_shadows_that_exchange_something_else_are_not_mixed(street, tmp_path, untrained, first, then, words):
    images, out = street(4), tmp_path / "out"
    train_shadows(images, SCHEME, [TINY], 2, out, exchange=first)
    with pytest.raises(DataError, match=f"shadows that exchange {words}"):
        train_shadows(images, SCHEME, [TINY], 2, out, exchange=then)


def test_blocks_are_not_exchanged_by_a_table(street, tmp_path):
    for changes in ({"exchange": "blocks", "split": tmp_path}, {"exchange": "pixels"}):
        with pytest.raises(SpecError, match="'exchange' cannot be"):
            train_shadows(street(4, first=len(changes) * 10), SCHEME, [TINY], 2, tmp_path / "out", **changes)


def test_a_folder_of_another_training_is_not_mixed_into(street, tmp_path):
    images, out = street(4), tmp_path / "out"
    train_shadows(images, SCHEME, [TINY], 2, out)
    for settings, count, words in (
        (replace(TINY, epochs=2), 2, "another epochs"),
        (replace(TINY, seed=1), 2, "another seed"),
        (TINY, 3, "another number of shadows"),
    ):
        with pytest.raises(DataError, match=words):
            train_shadows(images, SCHEME, [settings], count, out)
    with pytest.raises(DataError, match="other images"):
        train_shadows(replace(images, samples=images.samples[1:]), SCHEME, [TINY], 2, out)
    write_membership(out, replace(read_membership(out), members=~read_membership(out).members))
    with pytest.raises(DataError, match=r"shadow-00\.safetensors: was trained on other images"):
        train_shadows(images, SCHEME, [TINY], 2, out)


def test_a_setting_that_an_old_manifest_does_not_know_had_its_default(street, tmp_path):
    images, out = street(4), tmp_path / "out"
    train_shadows(images, SCHEME, [TINY], 2, out)
    for manifest in out.glob("*.training.json"):
        table = json.loads(manifest.read_text("utf-8"))
        del table["settings"]["half_supervised"]
        manifest.write_text(json.dumps(table), "utf-8")
    train_shadows(images, SCHEME, [TINY], 2, out)
    with pytest.raises(DataError, match="another half_supervised"):
        train_shadows(images, SCHEME, [replace(TINY, half_supervised=8)], 2, out)


def test_what_the_last_shadow_would_be_refused_for_is_refused_at_once(street, tmp_path, untrained):
    models = [TINY, replace(TINY, architecture="smp:Nothing")]
    with pytest.raises(SegLeakError, match="Nothing"):
        train_shadows(street(4), SCHEME, models, 4, tmp_path / "out")
    assert untrained == []
    assert not (tmp_path / "out").exists()


def test_references_among_the_images_are_refused(street, tmp_path, untrained):
    images = street(4)
    own = replace(images, samples=images.samples[:1])
    with pytest.raises(DataError, match="1 reference images are among"):
        train_shadows(images, SCHEME, [TINY], 2, tmp_path, hardening=Marked(), references=[own])


@pytest.mark.parametrize("count", [0, 1])
def test_one_shadow_has_nobody_to_exchange_with(street, tmp_path, count):
    with pytest.raises(SpecError, match="at least 2"):
        train_shadows(street(2), SCHEME, [TINY], count, tmp_path)


def test_an_image_that_cannot_be_read_is_named_before_training(street, tmp_path, untrained):
    images = street(3)
    images.samples[1].image.unlink()
    with pytest.raises(DataError, match=r"1\.png"):
        train_shadows(images, SCHEME, [TINY], 2, tmp_path / "out")
    assert untrained == []


# ---------------------------------------------------------------- for attack networks


def test_a_folder_without_a_table_says_so(tmp_path):
    with pytest.raises(DataError, match="no membership table can be read"):
        open_fleet(tmp_path, (), SCHEME)


def test_an_attack_network_gets_every_shadow_with_both_sides_of_every_set(street, tmp_path):
    one, two, strange = street(4), street(4, first=50), street(2, first=90)
    train_shadows([one, two], SCHEME, [TINY], 2, tmp_path / "out")
    # Label maps of another data set would not fit the scheme: the set is left alone.
    cv2.imwrite(str(strange.samples[0].label), np.full((32, 48, 3), (9, 99, 199), np.uint8))
    fleet = open_fleet(tmp_path / "out", [one, replace(strange, encoding="auto"), two], SCHEME)
    found = shadow_data(fleet)
    assert [d.target.info.path.name for d in found] == [NAMES[0], NAMES[0], NAMES[1], NAMES[1]]
    assert found[0].target is found[1].target
    for data, images in zip(found, (one, two, one, two), strict=True):
        trained = set(read_manifest(data.target.info.path).members)
        assert hashed(data.members) == hashed(images) & trained
        assert hashed(data.non_members) == hashed(images) - trained
        assert data.scheme is SCHEME
    with pytest.raises(DataError, match="knows none of these images"):
        shadow_data(open_fleet(tmp_path / "out", strange, SCHEME))


def test_both_sides_of_a_set_are_read_alike(street, tmp_path, untrained):
    images = replace(street(4), encoding="auto")
    fleet = train_shadows(images, SCHEME, [TINY], 2, tmp_path)
    assert [s.encoding for s in fleet.images] == ["train-id"]
    assert {s.encoding for a in untrained for k in ("members", "validation") for s in a[k]} == {"train-id"}


def test_hashes_are_those_of_the_files(street):
    images = street(2)
    assert hashes_of([images], Progress()) == {s.image: sha256_of_file(s.image) for s in images.samples}


def test_the_table_is_plain_csv_for_other_programs(street, tmp_path, untrained):
    images = street(4)
    train_shadows(images, SCHEME, [TINY], 2, tmp_path)
    with (tmp_path / "membership.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["key"] for row in rows] == [s.key for s in images.samples]
    assert all({row[NAMES[0]], row[NAMES[1]]} == {"0", "1"} for row in rows)
    assert read_card(tmp_path / NAMES[0]) is None
