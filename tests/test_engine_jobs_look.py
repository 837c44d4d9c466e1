"""What the engine finds out for the page on which an audit is set up."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.audit.spec import ImagesEntry
from core.data.samples import Role
from core.engine.jobs import (
    CheckedTarget,
    CheckImages,
    CheckTarget,
    ImagesAsked,
    LookAtImages,
    ReadCards,
    WeightsAlone,
)
from core.engine.jobs.base import Desk
from core.errors import Cancelled, TargetError
from core.progress import Progress
from core.targets.options import TargetOptions
from tests.layout_helpers import cityscapes
from tests.world import make_world, write_images


@pytest.fixture
def desk():
    sent = []
    desk = Desk(Progress(), None, sent.append)
    return desk, sent


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=3, non_members=3, suspects=2)


def look(desk, *entries, **more):
    return LookAtImages(ImagesAsked(tuple(entries), **more)).run(desk[0])


def entry(path, role=Role.MEMBER, **more):
    return ImagesEntry(role, str(path), **more)


def test_each_set_is_counted_and_recognised_with_its_first_labelled_image(desk, world):
    found = look(desk, entry("members"), entry("suspects", Role.SUSPECT), scheme="scheme.toml", folder=world.folder)
    assert [(one.images, one.labelled, one.problem) for one in found] == [(3, 3, ""), (2, 1, "")]
    members = world.folder / "members"
    assert found[0].first == (members / "00.png", members / "00_mask.png")
    assert found[0].scheme == str(world.folder / "scheme.toml")
    assert found[0].encoding in {"train-id", "id"}
    assert found[0].shown == tuple(members / f"{i:02d}.png" for i in range(3))
    assert "paired by name" in found[0].sentence


def test_a_known_layout_brings_its_classes_and_groups(desk, tmp_path):
    (found,) = look(desk, entry(cityscapes(tmp_path)))
    assert (found.layout, found.scheme, found.images, found.labelled) == ("cityscapes", "cityscapes19", 4, 3)
    assert found.groups == 3


def test_thumbnails_are_spread_over_a_large_set(desk, tmp_path):
    for i in range(50):
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / f"{i:02d}.png")
    (found,) = look(desk, entry(tmp_path))
    names = [path.stem for path in found.shown]
    assert len(names) == 12
    assert (names[0], names == sorted(set(names)), int(names[-1]) > 40) == ("00", True, True)
    assert found.first == (tmp_path / "00.png", None)


def test_a_failure_is_said_at_its_own_set_and_the_others_are_known(desk, world, tmp_path):
    sound, gone, nothing = entry("members"), entry("nowhere"), entry(tmp_path)
    found = look(desk, sound, gone, nothing, scheme="scheme.toml", folder=world.folder)
    assert found[0].images == 3
    assert "nowhere" in found[1].problem
    assert "no images" in found[2].problem
    assert not found[0].problem


def test_label_maps_without_classes_are_counted_and_the_targets_classes_settle_them(desk, world):
    (found,) = look(desk, entry(world.folder / "members"))
    assert (found.images, found.labelled) == (3, 3)
    assert "which classes" in found.problem
    (found,) = look(desk, entry(world.folder / "members"), target_scheme=str(world.folder / "scheme.toml"))
    assert not found.problem


def test_an_image_in_one_role_twice_is_refused_though_each_set_is_sound(desk, world):
    members = world.folder / "members"
    found = look(desk, entry(members), entry(members / "00.png"), scheme=str(world.folder / "scheme.toml"))
    assert not found[0].problem
    assert "00.png" in found[1].problem


def test_the_data_check_is_the_runners_and_can_be_stopped(desk, world, tmp_path, street_like):
    write_images(tmp_path / "copies", street_like, 3, 100)
    asked = ImagesAsked(
        (entry("members"), entry(tmp_path / "copies", Role.NON_MEMBER)), scheme="scheme.toml", folder=world.folder
    )
    report = CheckImages(asked).run(desk[0])
    assert "exact-duplicates" in {finding["code"] for finding in report["findings"]}
    assert report["counts"]["member"]["images"] == 3
    desk[0].progress.cancel()
    with pytest.raises(Cancelled):
        CheckImages(asked).run(desk[0])


def test_cards_are_read_and_what_is_no_network_is_said(desk, world):
    found = ReadCards(("slm", "attack.safetensors", "target.safetensors", "gone"), world.folder).run(desk[0])
    assert found["slm"].card["representation"] == "slm"
    assert found["attack.safetensors"].card["patch"] == 24
    assert "target.safetensors" in found["target.safetensors"].problem
    assert found["gone"].remedy


def test_agreement_is_the_share_of_labelled_pixels_and_void_does_not_count(desk, world):
    members = world.folder / "members"
    job = CheckTarget(
        world.target,
        image=members / "00.png",
        label=members / "00_mask.png",
        scheme=str(world.folder / "scheme.toml"),
        device="cpu",
    )
    found = job.run(desk[0])
    assert isinstance(found, CheckedTarget)
    pairs = [(p, q) for p, q in zip(found.label.flat, found.prediction.flat, strict=True) if p != 255]
    assert found.agreement == pytest.approx(sum(p == q for p, q in pairs) / len(pairs))
    assert 0 < len(pairs) < found.label.size
    assert found.names == ("sky", "building", "road", "car")
    assert found.colours.shape == (4, 3)
    assert (found.scheme, found.no_dropout) == ("streets4", "")
    assert found.seconds > 0


def weights_alone(path: Path) -> Path:
    import torch

    from core.targets.architectures import build

    torch.save(build("smp:Unet", "resnet18", 4, {}).state_dict(), path)
    return path


def test_weights_alone_fail_with_what_they_look_like_sent_ahead_and_open_as_that(desk, tmp_path):
    path = weights_alone(tmp_path / "weights.pth")
    with pytest.raises(TargetError, match="architecture"):
        CheckTarget(path, device="cpu").run(desk[0])
    (sent,) = desk[1]
    assert isinstance(sent, WeightsAlone)
    assert sent.looks_like == ("smp:Unet", "resnet18")
    assert "torchvision:fcn_resnet50" in sent.architectures
    options = TargetOptions(architecture=sent.looks_like[0], encoder=sent.looks_like[1])
    assert CheckTarget(path, options, device="cpu").run(desk[0]).facts["classes"] == 4


def test_a_damaged_file_is_refused_and_nothing_is_guessed(desk, tmp_path):
    path = tmp_path / "broken.pth"
    path.write_bytes(b"\x80not weights")
    with pytest.raises(TargetError, match="broken"):
        CheckTarget(path, device="cpu").run(desk[0])
    assert desk[1] == []
