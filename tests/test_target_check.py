import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.data.scheme import ClassEntry, ClassScheme
from core.targets.base import TargetInfo
from core.targets.check import check_target
from core.targets.module_target import ModuleTarget
from core.targets.options import TargetOptions
from core.targets.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing, merged

COLOURS = np.array([[200, 40, 30], [30, 60, 210], [40, 180, 50], [230, 220, 60], [20, 25, 30]], np.float32)
PLAIN = Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3)
IMAGENET = Preprocessing()


def scheme_of(count, step=1, name="five"):
    entries = [ClassEntry(f"class {i}", i * step, i, (i, i, i)) for i in range(count)]
    return ClassScheme(name, name, tuple(entries))


class NearestColour(nn.Module):
    """Knows each class by its colour, as seen through the pre-processing it was made for; is wrong on other colours."""

    def __init__(self, how, order=range(5)):
        super().__init__()
        colours = COLOURS if how.channels == "rgb" else COLOURS[:, ::-1]
        known = (colours / how.divide - np.array(how.mean)) / np.array(how.std)
        self.scale = 1 / known.std()
        self.colours = torch.from_numpy(known.astype(np.float32))[list(order)]

    def forward(self, x):
        scores = -(self.scale * (x[:, None] - self.colours[None, :, :, None, None])).square().sum(2)
        return torch.where(scores.amax(1, keepdim=True) < -0.15, scores.roll(1, 1), scores)


def target_of(module, preprocessing, classes=5, **options):
    info = TargetInfo(Path("model.pth"), "test", "0" * 64, classes=classes)
    return ModuleTarget(module, info, preprocessing, "cpu", TargetOptions(**options))


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(0)
    label = np.kron(rng.permutation(np.arange(25) % 5).reshape(5, 5), np.ones((8, 8))).astype(np.uint8)
    image = np.clip(COLOURS[label] + rng.normal(0, 6, (*label.shape, 3)), 0, 255).astype(np.uint8)
    label[0, :] = 255
    return image, label


def test_a_working_target_raises_no_suspicion(scene):
    check = check_target(target_of(NearestColour(IMAGENET), IMAGENET), *scene, scheme_of(5))
    assert check.miou > 0.95
    assert check.causes == ()
    assert (check.classes, check.gives, check.output_kind, check.output_size) == (5, "posteriors", "logits", (40, 40))
    assert check.predicted == (0, 1, 2, 3, 4)
    assert check.value_range[0] < check.value_range[1] <= 0
    json.dumps(check.to_dict())


def test_swapped_channels_are_found(scene):
    how = Preprocessing(mean=IMAGENET_MEAN[::-1], std=IMAGENET_STD[::-1], channels="bgr")
    check = check_target(target_of(NearestColour(how), IMAGENET), *scene, scheme_of(5))
    assert check.miou < 0.5
    assert check.causes[0].startswith("With channels in BGR the mIoU would be ")
    assert check.causes[0].endswith(f"instead of {check.miou:.2f}.")


@pytest.mark.parametrize(
    ("made_for", "given", "words"),
    [
        (PLAIN, Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3, divide=1.0), "values 0 to 1 without mean and std"),
        (Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3, divide=1.0), IMAGENET, "values 0 to 255 without mean and std"),
        (IMAGENET, Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3, divide=1.0), "ImageNet's mean and std"),
    ],
)
def test_a_wrong_mean_and_std_are_found(scene, made_for, given, words):
    check = check_target(target_of(NearestColour(made_for), given), *scene, scheme_of(5))
    assert check.miou < 0.5
    assert check.causes[0] == f"With {words} the mIoU would be 1.00 instead of {check.miou:.2f}."


@pytest.mark.parametrize(
    ("made_for", "given"),
    [
        (PLAIN, Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3, divide=1.0)),
        (IMAGENET, Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3, divide=1.0, multiple=8)),
        (Preprocessing(mean=IMAGENET_MEAN[::-1], std=IMAGENET_STD[::-1], channels="bgr"), IMAGENET),
    ],
)
def test_a_remedy_names_only_what_changes_and_has_the_effect_that_its_cause_promises(scene, made_for, given):
    module = NearestColour(made_for)
    check = check_target(target_of(module, given), *scene, scheme_of(5))
    remedy = check.remedies[check.causes[0]]
    before = given.to_mapping()
    assert all(before[key] != value for key, value in remedy.items())
    mended = check_target(target_of(module, merged(remedy, given)), *scene, scheme_of(5))
    assert f"the mIoU would be {mended.miou:.2f} instead of {check.miou:.2f}." in check.causes[0]
    assert mended.causes == ()
    json.dumps(check.to_dict())


def test_a_cause_that_no_pre_processing_mends_has_no_remedy(scene):
    check = check_target(target_of(NearestColour(IMAGENET, order=(4, 2, 0, 3, 1)), IMAGENET), *scene, scheme_of(5))
    assert check.causes
    assert check.remedies == {}


def test_the_targets_own_preprocessing_stays(scene):
    target = target_of(NearestColour(PLAIN), IMAGENET)
    check_target(target, *scene, scheme_of(5))
    assert target.preprocessing == IMAGENET


def test_a_background_class_is_found_and_the_count_is_said_first(scene):
    class Shifted(NearestColour):
        def forward(self, x):
            found = super().forward(x)
            return torch.cat([torch.full_like(found[:, :1], -1e4), found], 1)

    check = check_target(target_of(Shifted(PLAIN), PLAIN, 6), *scene, scheme_of(5))
    assert "gives 6 classes; the scheme 'five' has 5" in check.causes[0]
    assert "background" in check.causes[0]
    assert check.causes[1].startswith("If the model's first class were background")


def test_classes_in_another_order_are_found(scene):
    check = check_target(target_of(NearestColour(PLAIN, [2, 0, 4, 1, 3]), PLAIN), *scene, scheme_of(5))
    assert check.miou < 0.5
    assert check.causes[0].startswith("With the classes in another order the mIoU would be 1.00")


def test_label_ids_instead_of_train_ids_are_found(scene):
    class Ids(NearestColour):
        def forward(self, x):
            return super().forward(x).argmax(1) * 3

    target = target_of(Ids(PLAIN), PLAIN, 13)
    check = check_target(target, *scene, scheme_of(5, step=3))
    assert check.gives == "labels"
    assert any(c.startswith("If the model gave label ids instead of train ids") for c in check.causes)


def test_a_target_that_knows_nothing_gets_no_made_up_cause(scene):
    class Constant(nn.Module):
        def forward(self, x):
            return torch.eye(5)[0].view(1, 5, 1, 1).expand(len(x), 5, *x.shape[2:])

    check = check_target(target_of(Constant(), PLAIN), *scene, scheme_of(5))
    assert check.miou < 0.1
    assert check.causes == ()


def test_without_a_label_map_the_outputs_are_still_described(scene):
    check = check_target(target_of(NearestColour(PLAIN), PLAIN), scene[0])
    assert check.miou is None
    assert check.predicted == (0, 1, 2, 3, 4)


def test_an_all_void_label_map_measures_nothing(scene):
    void = np.full((40, 40), 255, np.uint8)
    assert check_target(target_of(NearestColour(PLAIN), PLAIN), scene[0], void, scheme_of(5)).miou is None


def test_a_label_map_of_another_size_than_the_image_is_judged_at_its_own(scene):
    image, label = scene
    small = label[4::8, 4::8]
    assert check_target(target_of(NearestColour(PLAIN), PLAIN), image, small, scheme_of(5)).miou > 0.95


def test_what_was_assumed_is_noted(scene):
    class Binary(nn.Module):
        def forward(self, x):
            return x[:, :1] - 0.5

    check = check_target(target_of(Binary(), PLAIN, 2), scene[0])
    assert "logit of class 1 of two" in check.notes[0]
