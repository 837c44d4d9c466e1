import json
import math

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from core.errors import Cancelled, DataError, SpecError, TargetError
from core.files import sha256_of_file
from core.progress import Progress
from core.targets.architectures import build
from core.targets.open import open_target
from core.training.hardening import HARDENINGS
from core.training.manifest import read_manifest
from core.training.method import Method, cross_entropy
from core.training.resume import Resume
from core.training.settings import TargetTraining
from core.training.target import train_target
from tests.training_world import SCHEME, TINY, InMemory, fit_of, same_weights, write_street

EVERY = ("label-smoothing", "mix-up", "crop-training", "dropout-training", "distillation", "min-max")
OPTIONS = {"crop-training": {"side": 32}, "mix-up": {"alpha": 0.7}}
VOID = 255


@pytest.fixture(scope="module")
def street(tmp_path_factory, street_like):
    """Members, references and a plainly trained teacher."""
    folder = tmp_path_factory.mktemp("street")
    members = write_street(folder, street_like, 4)
    train_target([members], SCHEME, TINY, folder / "teacher.safetensors")
    return members, write_street(folder, street_like, 3, first=20), folder / "teacher.safetensors"


@pytest.fixture(scope="module")
def train(street):
    """A function that trains under a hardening, with the references where it takes some."""
    members, references, teacher = street

    def trained(name, out, seed=0, progress=None):
        options = {"teacher": str(teacher)} if name == "distillation" else OPTIONS.get(name, {})
        hardening = HARDENINGS.make({"name": name, **options})
        settings = TargetTraining(**{**vars(TINY), "seed": seed, "augment": "flip-crop"})
        return train_target(
            [members],
            SCHEME,
            settings,
            out,
            progress=progress,
            hardening=hardening,
            references=[references] if hardening.references != "no" else [],
        )

    return trained


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """Name -> (checkpoint, result), each trained once."""
    folder = tmp_path_factory.mktemp("whole")
    made = {}

    def get(name):
        if name not in made:
            out = folder / f"{name}.safetensors"
            made[name] = out, train(name, out)
        return made[name]

    return get


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", EVERY)
def test_a_hardened_target_is_a_plain_checkpoint_that_says_how_it_was_trained(name, whole, street):
    out, result = whole(name)
    plain = build(TINY.architecture, "", 4).state_dict()
    assert open_target(out).module().state_dict().keys() == load_file(out).keys() == plain.keys()
    manifest = read_manifest(out)
    assert manifest.settings["hardening"]["name"] == name
    assert manifest.members == tuple(sha256_of_file(s.image) for s in street[0].samples)
    others = {sha256_of_file(s.image) for s in street[1].samples}
    assert set(manifest.others) == (others if HARDENINGS.get(name).references != "no" else set())
    assert manifest.report == result.report == json.loads(json.dumps(result.report))
    assert len(result.losses) == 2


@pytest.mark.parametrize("name", EVERY)
def test_one_seed_gives_one_hardened_target_stopped_in_between_or_not(name, whole, train, tmp_path, monkeypatch):
    monkeypatch.setattr(Resume, "due", True)
    torch.manual_seed(77)
    out = tmp_path / "t.safetensors"
    stop = Progress(lambda p: p.cancel() if p.message.startswith("epoch 2/") else None)
    with pytest.raises(Cancelled):
        train(name, out, progress=stop)
    messages = []
    train(name, out, progress=Progress(lambda p: messages.append(p.message)))
    assert "going on after epoch 1" in messages
    assert not any(m.startswith("epoch 1/") for m in messages)
    assert same_weights(whole(name)[0], out)
    assert not list(tmp_path.glob("*.partial"))


def test_every_hardening_trains_otherwise_than_the_others(whole, train, tmp_path):
    train("none", tmp_path / "plain.safetensors")
    found = [load_file(tmp_path / "plain.safetensors"), *(load_file(whole(name)[0]) for name in EVERY)]
    key = "classifier.high_classifier.weight"
    assert all(not torch.equal(a[key], b[key]) for i, a in enumerate(found) for b in found[:i])


@pytest.mark.parametrize("name", ["label-smoothing", "mix-up", "crop-training", "dropout-training"])
def test_references_are_refused_where_nothing_is_learned_from_them(name, street, tmp_path):
    hardening = HARDENINGS.make({"name": name, **OPTIONS.get(name, {})})
    with pytest.raises(SpecError, match=f"'{name}' takes no reference"):
        train_target([street[0]], SCHEME, TINY, tmp_path / "t", hardening=hardening, references=[street[1]])


@pytest.mark.parametrize(("count", "message"), [(2, "2 reference images are given as members too"), (1, "One ref")])
def test_references_are_several_and_no_members(count, message, street, street_like, tmp_path):
    members = street[0]
    some = write_street(tmp_path, street_like, count)  # the first members again
    with pytest.raises(DataError, match=message):
        train_target(
            [members], SCHEME, TINY, tmp_path / "t", hardening=HARDENINGS.make({"name": "min-max"}), references=[some]
        )


# ---------------------------------------------------------------- label smoothing


def linear(classes=4, channels=3):
    torch.manual_seed(0)
    return nn.Conv2d(channels, classes, 1)


def test_smoothed_labels_are_those_of_the_formula():
    logits = torch.tensor([[1.0, -2.0], [0.5, 0.0], [-1.0, 3.0]]).T.reshape(1, 2, 3, 1).permute(0, 2, 1, 3)
    logits = logits.contiguous()  # (1, 3 classes, 2 rows, 1 column)
    labels = torch.tensor([[[0], [VOID]]])

    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.logits = nn.Parameter(logits)

        def forward(self, x):
            return self.logits

    fit = fit_of(Constant(), InMemory(torch.zeros(2, 3, 2, 1), torch.zeros(2, 2, 1)), classes=3)
    method = HARDENINGS.make({"name": "label-smoothing", "smoothing": 0.3}).method(fit)
    found = method.loss(torch.zeros(1, 3, 2, 1), labels)
    values = logits[0, :, 0, 0].tolist()
    log_p = [v - math.log(sum(math.exp(w) for w in values)) for v in values]
    by_hand = -(0.8 * log_p[0] + 0.1 * log_p[1] + 0.1 * log_p[2])  # 0.7 + 0.3 / 3, and 0.3 / 3; void not counted
    assert found.item() == pytest.approx(by_hand, rel=1e-6)


# ---------------------------------------------------------------- mix-up


def noise_images(count, size=(64, 64), classes=4, seed=0):
    draws = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 3, *size), generator=draws, dtype=torch.uint8)
    labels = torch.randint(0, classes, (count, *size), generator=draws, dtype=torch.uint8)
    labels[:, :3] = VOID
    return InMemory(pixels, labels)


def test_mix_up_is_the_mix_made_by_hand(monkeypatch):
    fit = fit_of(linear(), noise_images(3))
    method = HARDENINGS.make({"name": "mix-up"}).method(fit)
    monkeypatch.setattr(method, "draw", lambda count: (0.3, torch.tensor([2, 0, 1])))
    inputs, labels = method.batch([0, 1, 2])
    mixed = torch.stack([0.3 * inputs[i] + 0.7 * inputs[j] for i, j in ((0, 2), (1, 0), (2, 1))])
    own = cross_entropy(fit.model(mixed), labels)
    other = cross_entropy(fit.model(mixed), torch.stack([labels[2], labels[0], labels[1]]))
    assert torch.allclose(method.loss(inputs, labels), 0.3 * own + 0.7 * other)


def test_mix_up_draws_a_beta_distribution_and_every_image_is_a_partner_once():
    method = HARDENINGS.make({"name": "mix-up", "alpha": 0.4}).method(fit_of(linear(), noise_images(2)))
    drawn = [method.draw(5) for _ in range(4000)]
    shares = torch.tensor([share for share, _ in drawn], dtype=torch.float64)
    assert shares.mean().item() == pytest.approx(0.5, abs=0.02)
    assert shares.var().item() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), abs=0.005)
    assert all(sorted(partners.tolist()) == [0, 1, 2, 3, 4] for _, partners in drawn[:50])


# ---------------------------------------------------------------- crop training


def placed(size):
    """An image and label map that say at each pixel where it is."""
    rows, cols = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    pixels = torch.stack([rows, cols, rows]).to(torch.uint8)
    return InMemory(pixels.repeat(2, 1, 1, 1), (rows % 4).to(torch.uint8).repeat(2, 1, 1))


def test_crop_training_shows_every_part_of_an_image_and_never_all_of_it():
    fit = fit_of(linear(), placed((64, 96)), size=(64, 96))
    method = HARDENINGS.make({"name": "crop-training", "side": 32}).method(fit)
    tops, lefts, shapes = set(), set(), set()
    fit.model.register_forward_pre_hook(lambda _, inputs: shapes.add(tuple(inputs[0].shape)))
    mean = torch.tensor(fit.settings.preprocessing.mean)[:, None, None]
    std = torch.tensor(fit.settings.preprocessing.std)[:, None, None]
    for _ in range(400):
        inputs, labels = method.batch([0, 1])
        where = ((inputs * std + mean) * 255).round().long()
        assert torch.equal(labels, where[:, 0] % 4)
        tops.update(where[:, 0, 0, 0].tolist())
        lefts.update(where[:, 1, 0, 0].tolist())
        assert (where[:, :2, -1, -1] - where[:, :2, 0, 0] == 31).all()
    assert (tops, lefts) == (set(range(33)), set(range(65)))
    method.step([0, 1])
    assert shapes == {(2, 3, 32, 32)}
    assert method.steps_of_epoch() == Method(fit).steps_of_epoch()


@pytest.mark.parametrize(("side", "size"), [(96, (64, 128)), (64, (64, 64)), (128, (96, 128))])
def test_a_crop_that_is_no_part_of_the_image_is_refused(side, size):
    hardening = HARDENINGS.make({"name": "crop-training", "side": side})
    with pytest.raises(SpecError, match=f"squares of {side} px are no part"):
        hardening.check(TargetTraining(size=size))
    hardening.check(TargetTraining(size=(side, side + 32)))


def test_a_crop_that_encoders_cannot_take_is_refused():
    with pytest.raises(SpecError, match=r"'side' cannot be 100.*multiple of 32"):
        HARDENINGS.make({"name": "crop-training", "side": 100})


# ---------------------------------------------------------------- dropout


class TwoLayers(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 400, 1)
        self.head = nn.Conv2d(400, 4, 1)

    def forward(self, x):
        return self.head(self.encoder(x))


def test_whole_channels_before_the_head_are_dropped_in_training_only():
    model = TwoLayers()
    fit = fit_of(model, noise_images(2))
    method = HARDENINGS.make({"name": "dropout-training", "p": 0.3}).method(fit)
    seen = []
    model.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    inputs = torch.randn(2, 3, 8, 8)
    model.train()
    model(inputs)
    whole = model.encoder(inputs)
    dropped = (seen[0] == 0).all(dim=(2, 3))
    assert dropped.float().mean().item() == pytest.approx(0.3, abs=0.06)
    assert not torch.equal(dropped[0], dropped[1])
    assert torch.allclose(seen[0], torch.where(dropped[:, :, None, None], 0.0, whole / 0.7))
    model.eval()
    model(inputs)
    model.train()
    assert method.report() == {"dropout_before": "head"}
    method.finish()
    model(inputs)
    assert torch.equal(seen[1], whole)
    assert torch.equal(seen[2], whole)


def test_dropout_without_a_last_convolution_is_an_error():
    fit = fit_of(linear(classes=7), noise_images(2))
    with pytest.raises(TargetError, match="no last convolution with 4 outputs"):
        HARDENINGS.make({"name": "dropout-training"}).method(fit)
