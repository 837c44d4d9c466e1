import csv
import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.data.images import read_image
from core.data.samples import ImageSet, Sample
from core.data.scheme import ClassEntry, ClassScheme
from core.errors import Cancelled, DataError, SpecError, TargetError
from core.files import sha256_of_file
from core.progress import Progress
from core.targets.inference import input_batch
from core.targets.open import open_target
from core.training import images as training_images
from core.training import target as target_training
from core.training.augment import augment
from core.training.batches import balanced_batches, epoch_batches
from core.training.images import TrainingImages, labelled_samples
from core.training.manifest import read_manifest
from core.training.precision import resolve
from core.training.schedule import rate_factor
from core.training.settings import TargetTraining
from core.training.target import train_target

SCHEME = ClassScheme(
    "street4",
    "Street, 4 classes",
    tuple(ClassEntry(name, i, i, (i, 60 * i, 0)) for i, name in enumerate(("sky", "building", "road", "car"))),
)
TINY = TargetTraining(
    architecture="torchvision:lraspp_mobilenet_v3_large", size=(64, 64), epochs=2, batch=2, learning_rate=3e-3
)


@pytest.fixture
def street(tmp_path, street_like):
    """A function that writes labelled images and gives their image set."""

    def write(count, first=0, size=(48, 64)):
        samples = []
        for seed in range(first, first + count):
            image, label = street_like(size, seed)
            paths = tmp_path / f"{seed}.png", tmp_path / f"{seed}_label.png"
            cv2.imwrite(str(paths[0]), image[..., ::-1])
            cv2.imwrite(str(paths[1]), label)
            samples.append(Sample(paths[0].name, *paths))
        return ImageSet(tuple(samples), "list", "made for a test", encoding="train-id")

    return write


def weights(path):
    return open_target(path).module().state_dict()


# ---------------------------------------------------------------- the whole training


def test_a_trained_target_opens_without_options_and_knows_its_images(street, tmp_path):
    members = street(3)
    out = tmp_path / "out" / "target.safetensors"
    result = train_target([members], SCHEME, TINY, out)
    target = open_target(out)
    assert target.info.classes == 4
    assert target.preprocessing.resize == (64, 64)
    assert target.info.scheme == "street4"
    posteriors = target.posteriors([np.zeros((48, 64, 3), np.uint8)])[0]
    assert posteriors.shape == (4, 48, 64)
    manifest = read_manifest(out)
    assert manifest.kind == "target"
    assert manifest.members == tuple(sha256_of_file(s.image) for s in members.samples)
    assert manifest.settings == TINY.to_mapping()
    assert result.sha256 == manifest.checkpoint_sha256 == sha256_of_file(out)
    assert result.validation_miou is None


def test_the_loss_curve_has_one_row_per_epoch(street, tmp_path):
    result = train_target([street(3)], SCHEME, TINY, tmp_path / "t.safetensors")
    with (tmp_path / "t.safetensors.losses.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(r["loss"]) for r in rows] == pytest.approx(result.losses)
    assert [int(r["epoch"]) for r in rows] == [1, 2]


def test_training_learns_its_images(street, tmp_path):
    settings = TargetTraining(
        architecture="smp:Unet", encoder="resnet18", size=(32, 64), epochs=25, batch=4, augment="none"
    )
    result = train_target([street(4)], SCHEME, settings, tmp_path / "t.safetensors")
    assert result.losses[-1] < 0.5 * result.losses[0]
    # A model that always says the most frequent class has an mIoU below 1/4.
    assert result.miou > 0.5


def test_the_same_seed_gives_the_same_weights_whatever_global_randomness_was(street, tmp_path):
    members = street(3)
    paths = [tmp_path / f"{name}.safetensors" for name in ("a", "b", "c")]
    for path, seed in zip(paths, (5, 5, 6), strict=True):
        torch.manual_seed(hash(path.name) % 1000)
        train_target([members], SCHEME, TargetTraining(**{**vars(TINY), "seed": seed, "augment": "flip-crop"}), path)
    first, again, other = (weights(path) for path in paths)
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not all(torch.equal(first[k], other[k]) for k in first)


def test_training_leaves_global_randomness_alone(street, tmp_path):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    train_target([street(2)], SCHEME, TINY, tmp_path / "t.safetensors")
    assert torch.equal(before, torch.random.get_rng_state())


def test_cancelling_leaves_nothing_behind(street, tmp_path):
    members = street(4)

    def stop_in_the_second_epoch(progress):
        if progress.message.startswith("epoch 2/"):
            progress.cancel()

    out = tmp_path / "out" / "t.safetensors"
    with pytest.raises(Cancelled):
        train_target([members], SCHEME, TINY, out, progress=Progress(stop_in_the_second_epoch))
    assert not out.parent.exists()


def test_progress_says_epoch_and_loss(street, tmp_path):
    messages = []
    train_target(
        [street(2)], SCHEME, TINY, tmp_path / "t.safetensors", progress=Progress(lambda p: messages.append(p.message))
    )
    assert any(m.startswith("epoch 2/2, loss ") for m in messages)


class Exploding(torch.nn.Conv2d):
    def __init__(self, classes):
        super().__init__(3, classes, 1)

    def forward(self, x):
        return super().forward(x) * 1e38 * 10


def test_an_exploding_loss_is_an_error_with_a_remedy(street, tmp_path, monkeypatch):
    monkeypatch.setattr(target_training, "build", lambda _a, _e, classes, _k: Exploding(classes))
    with pytest.raises(TargetError, match=r"The loss became (nan|inf) in epoch 1 of 2.*Lower the learning rate"):
        train_target([street(4)], SCHEME, TINY, tmp_path / "t.safetensors")
    assert not (tmp_path / "t.safetensors").exists()


def test_validation_images_are_judged_and_not_learned_from(street, tmp_path):
    held = street(2, first=50)
    result = train_target([street(2)], SCHEME, TINY, tmp_path / "t.safetensors", validation=[held])
    assert 0 <= result.validation_miou <= 1
    seen = read_manifest(tmp_path / "t.safetensors").members
    assert not set(seen) & {sha256_of_file(s.image) for s in held.samples}


def test_an_architecture_with_global_pooling_trains_on_an_odd_number_of_images(street, tmp_path):
    settings = TargetTraining(architecture="smp:PSPNet", encoder="resnet18", size=(64, 64), epochs=1, batch=2)
    assert len(train_target([street(3)], SCHEME, settings, tmp_path / "t.safetensors").losses) == 1


def test_one_image_is_not_enough(street, tmp_path):
    with pytest.raises(TargetError, match="Give at least two"):
        train_target([street(1)], SCHEME, TINY, tmp_path / "t.safetensors")


def test_an_unknown_architecture_is_refused_before_anything_is_written(street, tmp_path):
    settings = TargetTraining(**{**vars(TINY), "architecture": "smp:Nothing"})
    with pytest.raises(TargetError):
        train_target([street(2)], SCHEME, settings, tmp_path / "out" / "t.safetensors")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", [(64, 50), (64,), (0, 64), (64, 64, 64), (32.0, 32)])
def test_sizes_that_encoders_cannot_take_are_refused(size):
    with pytest.raises(SpecError, match=r"'size'.*multiples of 32"):
        TargetTraining(size=size)


# ---------------------------------------------------------------- images


def test_images_without_label_maps_are_named(street):
    found = street(2)
    bare = ImageSet((*found.samples, Sample("x.png", found.samples[0].image)), "list", "")
    with pytest.raises(DataError, match=r"0\.png: has no label map \(1 of 3"):
        labelled_samples([bare], SCHEME)


def test_a_label_map_of_another_shape_is_named(street, tmp_path):
    found = street(2)
    cv2.imwrite(str(found.samples[1].label), np.zeros((64, 64), np.uint8))
    with pytest.raises(DataError, match=r"1_label\.png: is 64x64 px, its image 64x48 px"):
        TrainingImages(labelled_samples([found], SCHEME), SCHEME, (32, 32)).load(Progress(), "reading")


def test_a_label_map_of_half_the_size_is_taken(street):
    found = street(2)
    cv2.imwrite(str(found.samples[1].label), np.zeros((24, 32), np.uint8))
    images = TrainingImages(labelled_samples([found], SCHEME), SCHEME, (32, 32))
    images.load(Progress(), "reading")
    assert (images.batch([1])[1] == 0).all()


def test_an_entirely_void_label_map_is_named(street):
    found = street(2)
    cv2.imwrite(str(found.samples[0].label), np.full((48, 64), 255, np.uint8))
    with pytest.raises(DataError, match=r"0_label\.png: no pixel belongs to a class"):
        TrainingImages(labelled_samples([found], SCHEME), SCHEME, (32, 32)).load(Progress(), "reading")


def test_a_missing_image_is_named(street):
    found = street(2)
    found.samples[1].image.unlink()
    with pytest.raises(DataError, match=r"1\.png"):
        TrainingImages(labelled_samples([found], SCHEME), SCHEME, (32, 32)).load(Progress(), "reading")


def test_images_over_the_memory_budget_are_the_same_images(street):
    samples = labelled_samples([street(5)], SCHEME)
    kept, decoded = (TrainingImages(samples, SCHEME, (32, 64), budget) for budget in (1 << 30, 100))
    for images in (kept, decoded):
        images.load(Progress(), "reading")
    assert kept.sha256 == decoded.sha256
    for a, b in zip(kept.batch([3, 0]), decoded.batch([3, 0]), strict=True):
        assert torch.equal(a, b)


def test_images_of_the_right_size_are_not_changed(street, street_like):
    images = TrainingImages(labelled_samples([street(1)], SCHEME), SCHEME, (48, 64))
    images.load(Progress(), "reading")
    pixels, label = images.batch([0])
    expected, classes = street_like((48, 64), 0)
    assert np.array_equal(pixels[0].permute(1, 2, 0).numpy(), expected)
    assert np.array_equal(label[0].numpy(), classes)


def test_resizing_is_that_of_the_targets_preprocessing(street):
    settings = TargetTraining(size=(32, 32))
    found = street(1, size=(96, 128))
    images = TrainingImages(labelled_samples([found], SCHEME), SCHEME, settings.size)
    images.load(Progress(), "reading")
    wanted = input_batch([read_image(found.samples[0].image)], settings.preprocessing).values[0]
    mean, std = (torch.tensor(v)[:, None, None] for v in (settings.preprocessing.mean, settings.preprocessing.std))
    ours = (images.batch([0])[0][0].float() / 255 - mean) / std
    # Half a grey level of rounding, in units of the standard deviation.
    assert (ours - wanted).abs().max() <= 0.51 / 255 / min(settings.preprocessing.std)


def test_decoding_threads_are_few(street, monkeypatch):
    monkeypatch.setattr(training_images, "THREADS", 1)
    images = TrainingImages(labelled_samples([street(3)], SCHEME), SCHEME, (32, 32))
    images.load(Progress(), "reading")
    assert len(images.sha256) == 3


# ---------------------------------------------------------------- parts


@given(st.integers(2, 60), st.integers(2, 12), st.integers(0, 5))
def test_an_epoch_shows_every_image_once_and_never_one_alone(count, batch, seed):
    batches = epoch_batches(count, batch, torch.Generator().manual_seed(seed))
    assert sorted(i for b in batches for i in b) == list(range(count))
    assert all(2 <= len(b) <= batch + 1 for b in batches)


def test_balanced_batches_go_through_each_side_in_turn():
    batches = list(balanced_batches([0, 1, 2], [3, 4, 5, 6], 4, 6, torch.Generator().manual_seed(0)))
    members = [i for b in batches for i in b if i < 3]
    others = [i for b in batches for i in b if i >= 3]
    assert len(members) == len(others) == 12
    assert all(sorted(members[i : i + 3]) == [0, 1, 2] for i in range(0, 12, 3))
    assert all(sorted(others[i : i + 4]) == [3, 4, 5, 6] for i in range(0, 12, 4))


@given(st.sampled_from(["flip", "flip-crop"]), st.integers(0, 30))
def test_augmentation_moves_images_and_labels_alike(kind, seed):
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(0, 5, (3, 8, 8)).repeat_interleave(4, 1).repeat_interleave(4, 2)
    image = label[:, None].float().repeat(1, 3, 1, 1)
    moved, classes = augment(kind, image, label, generator)
    assert moved.shape == image.shape
    assert set(classes.unique().tolist()) <= set(label.unique().tolist())
    # Where interpolation mixed nothing, the picture of the label map is still the label map.
    whole = moved[:, 0] == moved[:, 0].round()
    same = moved[:, 0][whole].long() == classes[whole]
    assert same.float().mean() > 0.97


def test_half_of_the_images_are_flipped():
    image = torch.arange(4.0).expand(400, 3, 2, 4)
    label = torch.arange(4).expand(400, 2, 4)
    moved, classes = augment("flip", image, label, torch.Generator().manual_seed(0))
    flipped = classes[:, 0, 0] == 3
    assert 150 < flipped.sum() < 250
    assert torch.equal(moved[:, 0].long(), classes)


def test_void_survives_a_zoom():
    label = torch.full((2, 16, 16), 255)
    _, classes = augment("flip-crop", torch.zeros(2, 3, 16, 16), label, torch.Generator().manual_seed(1))
    assert (classes == 255).all()


def test_the_learning_rate_rises_then_falls_as_its_formula_says():
    cosine = [rate_factor("cosine", i, 100) for i in range(100)]
    assert cosine[:5] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6])
    assert cosine[5] == 1
    assert cosine[50] == pytest.approx(0.5 * (1 + math.cos(math.pi * 45 / 95)))
    assert rate_factor("poly", 50, 100) == pytest.approx((50 / 95) ** 0.9)
    assert rate_factor("constant", 99, 100) == 1
    assert all(0 < f <= 1 for f in cosine)


def test_bfloat16_can_be_forced_and_switched_off():
    assert resolve("bfloat16", "cpu") is torch.bfloat16
    assert resolve("float32", "cpu") is torch.float32
    assert resolve("auto", "cpu") in (torch.bfloat16, torch.float32)
