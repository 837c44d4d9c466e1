import functools
import json
import math

import numpy as np
import pytest
import torch
from opacus.accountants import PRVAccountant, RDPAccountant
from scipy.stats import norm
from torch import nn

from core.errors import Cancelled, DataError, SpecError
from core.progress import Progress
from core.targets.architectures import build
from core.targets.open import open_target
from core.training import target as target_training
from core.training.hardening import HARDENINGS, dp_sgd_method
from core.training.manifest import read_manifest
from core.training.method import cross_entropy
from core.training.resume import Resume
from core.training.settings import TargetTraining
from core.training.target import train_target
from tests.training_world import SCHEME, TINY, InMemory, fit_of, same_weights, write_street

VOID = 255
TINY_GROUP = TargetTraining(**{**vars(TINY), "norm": "group", "augment": "flip-crop"})


def dp_sgd(**options):
    return HARDENINGS.make({"name": "dp-sgd", **options})


def some_images(count, size=(8, 8), classes=4, seed=0):
    """Images with ever more void rows, so that a mean over the batch's pixels is not the mean over the images."""
    draws = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 3, *size), generator=draws, dtype=torch.uint8)
    labels = torch.randint(0, classes, (count, *size), generator=draws, dtype=torch.uint8)
    for i in range(count):
        labels[i, : i % size[0]] = VOID
    return InMemory(pixels, labels)


def small_model(classes=4):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, classes, 1))


def method_of(images, model=None, noise=1.0, *, batch=4, epochs=3, hardening=None, **settings):
    """A method over a small model, by plain steps; `noise`: the noise multiplier, None: searched as it should be."""
    plain = {"optimizer": "sgd", "learning_rate": 1.0, "weight_decay": 0.0, "batch": batch, "epochs": epochs}
    fit = fit_of(model or small_model(), images, **{**plain, "norm": "group", **settings})
    with pytest.MonkeyPatch.context() as patch:
        if noise is not None:
            patch.setattr(dp_sgd_method, "_noise_multiplier", lambda *_: noise)
        return (hardening or dp_sgd()).method(fit)


def flat(values):
    return torch.cat([value.detach().flatten() for value in values])


def moved(method, indices):
    """Change of the weights `(n,)` by one step, in units of the learning rate."""
    before, rate = flat(method.weights), method.optimizer.param_groups[0]["lr"]
    method.step(indices)
    return (flat(method.weights) - before) / rate


def gradient_of(method, index):
    """The gradient of one image's own loss, by hand."""
    inputs, labels = method.batch([index])
    return flat(torch.autograd.grad(cross_entropy(method.fit.model(inputs), labels), method.weights))


# ---------------------------------------------------------------- epsilon


def renyi_epsilon(noise, rate, steps, delta):
    """Epsilon of the sampled Gaussian mechanism: Mironov et al. 2019, equation for whole orders; Balle et al. 2020."""
    best = math.inf
    for order in range(2, 64):
        terms = [
            math.lgamma(order + 1)
            - math.lgamma(k + 1)
            - math.lgamma(order - k + 1)
            + k * math.log(rate)
            + (order - k) * math.log1p(-rate)
            + k * (k - 1) / (2 * noise**2)
            for k in range(order + 1)
        ]
        renyi = steps * np.logaddexp.reduce(terms) / (order - 1)
        best = min(best, renyi + math.log((order - 1) / order) - (math.log(delta) + math.log(order)) / (order - 1))
    return best


def spent(method):
    """The report after all planned steps, none of which is computed."""
    for _ in range(method.fit.settings.epochs * method.steps_of_epoch()):
        method.accountant.step(noise_multiplier=method.private.noise_multiplier, sample_rate=method.rate)
    return method.report()


@pytest.mark.parametrize(("epsilon", "count", "batch", "epochs"), [(8.0, 50, 5, 4), (1.0, 40, 4, 3), (0.5, 200, 8, 2)])
def test_the_reported_epsilon_is_that_of_the_accountant_and_of_the_formula(epsilon, count, batch, epochs):
    report = spent(
        method_of(some_images(count), noise=None, batch=batch, epochs=epochs, hardening=dp_sgd(epsilon=epsilon))
    )
    assert report["steps"] == epochs * count / batch
    assert report["sample_rate"] == batch / count
    assert 0.998 * epsilon <= report["epsilon"] <= epsilon
    accountant = RDPAccountant()
    accountant.history = [(report["noise_multiplier"], report["sample_rate"], report["steps"])]
    assert report["epsilon"] == pytest.approx(accountant.get_epsilon(report["delta"]), rel=1e-9)
    # Opacus also tries orders that are no whole numbers: at best a little tighter.
    by_hand = renyi_epsilon(report["noise_multiplier"], report["sample_rate"], report["steps"], report["delta"])
    assert 0.95 * by_hand <= report["epsilon"] <= by_hand * (1 + 1e-9)


def test_another_way_of_accounting_agrees_that_epsilon_is_a_bound():
    report = spent(method_of(some_images(50), noise=None, batch=5, epochs=4))
    accountant = PRVAccountant()
    accountant.history = [(report["noise_multiplier"], report["sample_rate"], report["steps"])]
    assert 0.7 * report["epsilon"] < accountant.get_epsilon(report["delta"]) < report["epsilon"]


def test_without_sampling_epsilon_bounds_the_exact_gaussian_mechanism():
    report = spent(method_of(some_images(4), noise=None, batch=4, epochs=6, hardening=dp_sgd(epsilon=2.0, delta=1e-3)))
    assert report["sample_rate"] == 1
    mu = math.sqrt(report["steps"]) / report["noise_multiplier"]
    epsilon = report["epsilon"]
    # Balle and Wang 2018, theorem 8.
    exact = norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)
    assert 1e-4 < exact < 1e-3


def test_every_step_is_counted_and_one_without_images_too():
    method = method_of(some_images(12), batch=4)
    for indices in ([0, 3], [], [1, 2, 3, 4, 5, 6]):
        method.step(indices)
    assert method.report()["steps"] == 3
    assert method.accountant.history == [(method.private.noise_multiplier, 1 / 3, 3)]


@pytest.mark.parametrize(("members", "delta"), [(9, 0.1), (10, 0.01), (99, 0.01), (100, 0.001), (2975, 1e-4)])
def test_delta_is_the_largest_power_of_ten_below_one_in_so_many_members(members, delta):
    assert dp_sgd().delta_for(members) == delta < 1 / members
    assert dp_sgd(delta=1e-6).delta_for(members) == 1e-6


def test_the_report_says_what_epsilon_is_about():
    report = method_of(some_images(12), hardening=dp_sgd(clip=0.5)).report()
    assert report == json.loads(json.dumps(report))
    assert report["unit"] == "one image with its label map, added or removed"
    assert report["clip"] == 0.5
    assert report["accountant"].startswith("RDP, opacus ")
    assert "seed" in report["noise"]
    assert report["trained_weights"] == sum(p.numel() for p in small_model().parameters())
    assert any("mIoU" in what for what in report["not_covered"])


# ---------------------------------------------------------------- gradients


def test_a_step_is_the_mean_of_the_clipped_gradients_of_single_images():
    method = method_of(some_images(12), noise=0.0, batch=4, hardening=dp_sgd(clip=0.5))
    chosen = [1, 4, 7, 6]
    gradients = [gradient_of(method, index) for index in chosen]
    clipped = [g * min(1.0, 0.5 / g.norm().item()) for g in gradients]
    assert any(torch.equal(a, b) for a, b in zip(gradients, clipped, strict=True)), "some are short enough"
    assert not all(torch.equal(a, b) for a, b in zip(gradients, clipped, strict=True)), "and some are not"
    # 12 images in 3 steps: 4 are expected in each, however many come.
    assert torch.allclose(moved(method, chosen), -sum(clipped) / 4, atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_an_image_with_a_huge_loss_moves_the_weights_by_no_more_than_the_clipped_share(precision, monkeypatch):
    def change(indices):
        method = method_of(some_images(12), noise=0.0, batch=4, hardening=dp_sgd(clip=0.7), precision=precision)
        plain = method.batch

        def poisoned(chosen):
            inputs, labels = plain(chosen)
            return inputs * torch.tensor([1e4 if i == 3 else 1.0 for i in chosen])[:, None, None, None], labels

        monkeypatch.setattr(method, "batch", poisoned)
        assert gradient_of(method, 3).norm() > 1000
        return moved(method, indices)

    share = (change([0, 3, 5]) - change([0, 5])).norm().item()
    assert share == pytest.approx(0.7 / 4, rel=1e-3)


def test_the_noise_has_the_size_the_accountant_was_told():
    nothing = InMemory(torch.zeros(8, 3, 8, 8, dtype=torch.uint8), torch.full((8, 8, 8), VOID, dtype=torch.uint8))
    torch.manual_seed(0)
    method = method_of(nothing, nn.Conv2d(3, 2000, 1), noise=2.5, batch=4, classes=2000, hardening=dp_sgd(clip=0.2))
    for indices in ([0, 1], []):
        change = moved(method, indices)
        assert change.std().item() == pytest.approx(2.5 * 0.2 / 4, rel=0.05)
        method.optimizer.state.clear()  # of the momentum


def test_each_batch_draws_every_image_by_itself():
    method = method_of(some_images(30), batch=3)
    batches = [batch for _ in range(200) for batch in method.batches()]
    assert len(batches) == 2000
    sizes = np.array([len(batch) for batch in batches])
    assert sizes.mean() == pytest.approx(3, abs=0.15)
    assert sizes.var() == pytest.approx(30 * 0.1 * 0.9, rel=0.15), "binomial"
    assert (sizes == 0).mean() == pytest.approx(0.9**30, abs=0.02)
    assert all(len(set(batch)) == len(batch) for batch in batches)
    times = np.bincount([i for batch in batches for i in batch], minlength=30)
    assert (abs(times - 200) < 5 * math.sqrt(200 * 0.9)).all()


# ---------------------------------------------------------------- what learns


class Named(nn.Module):
    """Names as smp gives them; `idle` is never used."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Conv2d(3, 5, 1), nn.Conv2d(5, 5, 1)
        self.segmentation_head = nn.Sequential(nn.Conv2d(5, 4, 1))
        self.idle = nn.Conv2d(5, 5, 1)

    def forward(self, x):
        return self.segmentation_head(self.decoder(self.encoder(x)).relu())


@pytest.mark.parametrize(
    ("part", "learns"),
    [
        ("all", {"encoder", "decoder", "segmentation_head"}),
        ("decoder", {"decoder", "segmentation_head"}),
        ("head", {"segmentation_head"}),
    ],
)
def test_nothing_moves_but_the_part_that_learns(part, learns):
    model = Named()
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    method = method_of(some_images(8), model, hardening=dp_sgd(part=part))
    method.step([0, 1, 2])
    changed = {n.partition(".")[0] for n, weight in model.named_parameters() if not torch.equal(weight, before[n])}
    assert changed == learns
    wanted = sum(w.numel() for n, w in before.items() if n.partition(".")[0] in learns)
    assert method.report()["trained_weights"] == wanted
    method.finish()
    assert all(weight.requires_grad for weight in model.parameters())
    assert not any(hasattr(weight, "grad_sample") for weight in model.parameters())


@pytest.mark.parametrize(
    "architecture", ["smp:Unet", "smp:DeepLabV3Plus", "torchvision:fcn_resnet50", TINY.architecture]
)
def test_every_kind_of_architecture_has_a_head(architecture):
    encoder = "resnet18" if architecture.startswith("smp") else ""
    model = build(architecture, encoder, 4, {"norm": "group"})
    counts = []
    for part in ("head", "decoder", "all"):
        method = method_of(some_images(2), model, hardening=dp_sgd(part=part), size=(32, 32))
        counts.append(method.report()["trained_weights"])
        method.finish()
    assert 0 < counts[0] < counts[1] < counts[2]


def test_a_model_without_the_part_is_refused():
    with pytest.raises(SpecError, match=r"no weights that belong to the part 'head'.*Set part to all"):
        method_of(some_images(4), small_model(), hardening=dp_sgd(part="head"))


def test_a_layer_that_keeps_statistics_of_the_images_is_refused():
    model = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1))
    with pytest.raises(SpecError, match="keeps statistics of the images"):
        method_of(some_images(4), model)


# ---------------------------------------------------------------- whole trainings


@pytest.fixture(scope="module", autouse=True)
def _each_noise_is_searched_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dp_sgd_method, "_noise_multiplier", functools.cache(dp_sgd_method._noise_multiplier))
        yield


@pytest.fixture(scope="module")
def street(tmp_path_factory, street_like):
    return write_street(tmp_path_factory.mktemp("street"), street_like, 5)


def trained(street, out, seed=0, progress=None, **options):
    settings = TargetTraining(**{**vars(TINY_GROUP), "seed": seed})
    return train_target([street], SCHEME, settings, out, hardening=dp_sgd(**options), progress=progress)


@pytest.fixture(scope="module")
def whole(street, tmp_path_factory):
    return trained(street, tmp_path_factory.mktemp("whole") / "whole.safetensors")


def test_one_seed_gives_one_target_stopped_in_between_or_not(street, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(Resume, "due", True)
    torch.manual_seed(77)
    out = tmp_path / "t.safetensors"
    with pytest.raises(Cancelled):
        trained(street, out, progress=Progress(lambda p: p.cancel() if p.message.startswith("epoch 2/") else None))
    messages = []
    result = trained(street, out, progress=Progress(lambda p: messages.append(p.message)))
    assert "going on after epoch 1" in messages
    assert same_weights(whole.checkpoint, out)
    assert result.report == whole.report == read_manifest(out).report
    assert 7.9 < result.report["epsilon"] <= 8
    trained(street, tmp_path / "other.safetensors", seed=1)
    assert not same_weights(tmp_path / "other.safetensors", out)


def test_a_kill_after_the_last_step_costs_nothing_of_the_privacy_report(street, whole, tmp_path, monkeypatch):
    class KillError(Exception):
        pass

    def kill(*_args, **_more):
        raise KillError

    monkeypatch.setattr(Resume, "due", True)
    with monkeypatch.context() as patch, pytest.raises(KillError):
        patch.setattr(target_training, "save_target", kill)
        trained(street, tmp_path / "t.safetensors")
    assert trained(street, tmp_path / "t.safetensors").report == whole.report
    assert same_weights(whole.checkpoint, tmp_path / "t.safetensors")


@pytest.mark.parametrize(
    ("architecture", "encoder", "precision"),
    [
        ("smp:Unet", "resnet18", "float32"),
        ("smp:PSPNet", "resnet18", "float32"),
        ("smp:FPN", "tu-mobilenetv3_small_050", "float32"),
        ("smp:FPN", "tu-mobilenetv3_small_050", "bfloat16"),
    ],
)
def test_a_target_so_trained_is_a_plain_checkpoint(architecture, encoder, precision, street, tmp_path):
    out = tmp_path / "t.safetensors"
    settings = TargetTraining(
        architecture=architecture, encoder=encoder, size=(32, 64), epochs=1, batch=3, norm="group", precision=precision
    )
    result = train_target([street], SCHEME, settings, out, hardening=dp_sgd())
    plain = build(architecture, encoder, 4, {"norm": "group"}).state_dict()
    found = open_target(out).module().state_dict()
    assert found.keys() == plain.keys()
    assert all(torch.isfinite(value).all() for value in found.values())
    unused = sum(value.numel() for value in plain.values()) - result.report["trained_weights"]
    assert (unused > 0) == (architecture == "smp:PSPNet"), "its encoder has a last stage that nothing asks"


def test_batch_normalisation_is_refused(street, tmp_path):
    with pytest.raises(SpecError, match=r"batch normalisation mixes images.*Set norm to group"):
        train_target([street], SCHEME, TINY, tmp_path / "t.safetensors", hardening=dp_sgd())


def test_a_budget_that_no_noise_keeps_is_refused():
    with pytest.raises(SpecError, match=r"no noise keeps 3 steps within epsilon 0\.01 at delta 1e-30"):
        method_of(some_images(4), noise=None, hardening=dp_sgd(epsilon=0.01, delta=1e-30))


def test_a_start_that_knows_members_is_refused_and_another_is_said(street, street_like, tmp_path):
    start = tmp_path / "start.safetensors"
    train_target([write_street(tmp_path / "other", street_like, 2, first=50)], SCHEME, TINY_GROUP, start)
    settings = TargetTraining(**{**vars(TINY_GROUP), "start": str(start), "epochs": 1})
    out = tmp_path / "t.safetensors"
    result = train_target([street], SCHEME, settings, out, hardening=dp_sgd(part="head"))
    assert any("start from" in what for what in result.report["not_covered"])
    before, after = (open_target(path).module().state_dict() for path in (start, out))
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed
    assert all(key.startswith(("classifier.low_classifier", "classifier.high_classifier")) for key in changed)
    again = TargetTraining(**{**vars(settings), "start": str(out)})
    with pytest.raises(DataError, match="trained on 5 of the members"):
        train_target([street], SCHEME, again, tmp_path / "u.safetensors", hardening=dp_sgd())
