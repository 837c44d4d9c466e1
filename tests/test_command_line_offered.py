"""Where a command names no attack, the audit gets those that fit what is released."""

import argparse

import numpy as np
import pytest
import torch
from PIL import Image

from core.audit.spec import to_mapping
from core.cli import audit
from core.files import sha256_of_file

FOR_LABEL_MAPS = ["patch", "correctness", "boundary", "stability"]


class Labels(torch.nn.Module):
    """A target that gives label maps: two classes, by brightness."""

    def forward(self, x):
        return (x.mean(1) > 0).long()


class Values(torch.nn.Module):
    """The same, but with a value for each class."""

    def forward(self, x):
        return torch.stack([-x.mean(1), x.mean(1)], dim=1)


@pytest.fixture
def spec_of(tmp_path, monkeypatch):
    """The spec that flags ask for, with a scripted target and one image."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    Image.fromarray(np.arange(32 * 48 * 3, dtype=np.uint8).reshape(32, 48, 3)).save(tmp_path / "images" / "a.png")

    def made(module, *flags, trusted=True):
        torch.jit.script(module()).save("target.pt")
        consent = ("--trust", sha256_of_file(tmp_path / "target.pt")) if trusted else ()
        parser = argparse.ArgumentParser()
        audit.add_parser(parser.add_subparsers())
        given = ("audit", "--target", "target.pt", "--target-classes", "2", "--members", "images", "--device", "cpu")
        return audit._spec_and_folder(parser.parse_args([*given, *consent, *flags]))[0]

    return made


def ids(spec):
    assert spec.primary is spec.attacks[0]
    return [entry.id for entry in spec.attacks]


def test_a_target_that_gives_label_maps_gets_the_attacks_made_for_them(spec_of):
    spec = spec_of(Labels)
    assert ids(spec) == FOR_LABEL_MAPS
    assert spec.primary.attack.network == "slm-argmax"
    assert ids(spec_of(Labels, "--reference", "r.pth")) == [*FOR_LABEL_MAPS, "correctness-difference"]


def test_a_target_that_gives_posteriors_gets_the_others(spec_of):
    assert ids(spec_of(Values)) == ["patch", "loss"]
    assert ids(spec_of(Values, "--reference", "r.pth")) == ["patch", "loss", "rmia"]


def test_what_is_released_counts_and_not_what_is_tried_besides(spec_of):
    both = ("--defense", "none", "--defense", "argmax")
    assert ids(spec_of(Values, *both)) == ["patch", "loss"]
    assert ids(spec_of(Values, *both, "--released", "argmax")) == FOR_LABEL_MAPS
    assert spec_of(Values, "--defense", "argmax", "--primary", "stability").primary.id == "stability"


def test_what_the_owner_says_is_not_asked_again_and_attacks_that_are_named_stay(spec_of):
    assert ids(spec_of(Values, "--target-output-kind", "labels")) == FOR_LABEL_MAPS
    assert ids(spec_of(Labels, "--attack", "dice")) == ["dice"]


def test_a_target_that_cannot_be_opened_is_left_for_the_audit_to_refuse(spec_of):
    assert ids(spec_of(Labels, trusted=False)) == ["patch", "loss"]


def test_what_the_files_of_references_do_not_say_is_given_for_all_of_them(spec_of):
    flags = ("--reference", "a.pth", "--reference", "b.pth", "--reference-architecture", "smp:Unet")
    spec = spec_of(Values, *flags, "--reference-encoder", "resnet34", "--attack", "rmia")
    assert [
        {"path": name, "architecture": "smp:Unet", "encoder": "resnet34"} for name in ("a.pth", "b.pth")
    ] == to_mapping(spec)["references"]
