import math

import pytest
import torch
from torch import nn

from core.errors import SpecError
from core.training.hardening import HARDENINGS
from core.training.method import cross_entropy
from core.training.target import train_target
from tests.training_world import SCHEME, TINY, InMemory, fit_of, write_street

SIDE = 16
VOID = 255


class Memory(nn.Module):
    """Learns a rule for all pixels, and by heart what every single image says at every place."""

    def __init__(self):
        super().__init__()
        self.rule = nn.Conv2d(3, 2, 1)
        self.memory = nn.Linear(3 * SIDE * SIDE, 2 * SIDE * SIDE)
        nn.init.zeros_(self.memory.weight)
        nn.init.zeros_(self.memory.bias)

    def forward(self, x):
        return self.rule(x) + self.memory(x.flatten(1)).view(-1, 2, SIDE, SIDE)


def images(seed, name, count=24):
    """Two classes by the brightness of a pixel, but for 3 of 10 labels, which can only be learned by heart."""
    draws = torch.Generator().manual_seed(seed)
    bright = torch.randint(0, 2, (count, SIDE, SIDE), generator=draws)
    pixels = (60 + 120 * bright)[:, None].expand(-1, 3, -1, -1).to(torch.uint8)
    wrong = torch.rand(bright.shape, generator=draws) < 0.3
    return InMemory(pixels, torch.where(wrong, 1 - bright, bright).to(torch.uint8), name)


def method_of(weight, model=None, **options):
    torch.manual_seed(0)
    fit = fit_of(
        model or Memory(),
        images(1, "member"),
        images(2, "reference"),
        classes=2,
        learning_rate=1e-3,
        weight_decay=0,
        epochs=24,
        batch=6,
        augment="flip",
    )
    return HARDENINGS.make({"name": "min-max", "weight": weight, **options}).method(fit)


@pytest.fixture(scope="module")
def played():
    """Weight -> a method after all its epochs."""
    methods = {0.0: method_of(0.0), 3.0: method_of(3.0)}
    for method in methods.values():
        for _ in range(24):
            for batch in method.batches():
                method.step(batch)
    return methods


def losses(method):
    """Cross-entropy on members and on references."""
    found = []
    for some in (method.fit.images, method.references):
        pixels, labels = some.batch(range(len(some)))
        with torch.no_grad():
            found.append(cross_entropy(method.fit.model(method.fit.inputs(pixels)), labels.long()).item())
    return found


# ---------------------------------------------------------------- the game


def test_the_inference_network_learns_to_tell_members_of_an_undefended_target(played):
    before, after = method_of(0.0).report(), played[0.0].report()
    assert before["inference_accuracy"] == pytest.approx(0.5, abs=0.1)
    assert before["inference_gain"] == pytest.approx(math.log(0.5), abs=0.05)
    assert after["inference_accuracy"] > 0.95
    assert -0.1 < after["inference_gain"] < 0
    assert after["references"] == 24


def test_under_min_max_members_and_references_come_closer(played):
    (own, other), (own_played, other_played) = losses(played[0.0]), losses(played[3.0])
    assert abs(other_played - own_played) < 0.5 * (other - own)
    assert played[3.0].report()["inference_gain"] < played[0.0].report()["inference_gain"] - 0.2


# ---------------------------------------------------------------- single steps


def test_the_loss_is_cross_entropy_plus_the_weighted_log_of_the_member_probability():
    method = method_of(0.7)
    for _ in range(3):
        method.inference_step()
    inputs, labels = method.batch([0, 1, 2])
    labels[:, :5] = VOID
    logits = method.fit.model(inputs)
    one_hot = torch.zeros(3, 2, SIDE, SIDE)
    for image, row, col in torch.nonzero(labels < VOID).tolist():
        one_hot[image, labels[image, row, col], row, col] = 1
    seen = torch.cat([(1 + 100 * logits.softmax(1)).log(), one_hot], 1)
    member = 1 / (1 + (-method.inference(seen)).exp())
    by_hand = cross_entropy(logits, labels) + 0.7 * member.log().mean()
    assert method.loss(inputs, labels).item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_the_target_goes_where_its_members_look_less_like_members():
    method = method_of(0.0)
    inputs, labels = method.batch(range(12))
    weights = list(method.fit.model.parameters())

    def member_logit():
        return method.margins(method.fit.model(inputs), labels).mean().item()

    def gradient():
        return torch.autograd.grad(method.loss(inputs, labels), weights)

    before, without = member_logit(), gradient()
    method.hardening = HARDENINGS.make({"name": "min-max", "weight": 5.0})
    term = [full - plain for full, plain in zip(gradient(), without, strict=True)]
    with torch.no_grad():
        for weight, slope in zip(weights, term, strict=True):
            weight.sub_(0.1 * slope)
    assert member_logit() < before


def test_a_step_of_the_inference_network_raises_its_gain_and_leaves_the_target_alone():
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    method = method_of(1.0, model)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    gain = method.report()["inference_gain"]
    model.train()
    for _ in range(30):
        method.inference_step()
    assert method.report()["inference_gain"] > gain
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert model.training


def test_each_step_of_the_target_follows_the_steps_of_the_inference_network(monkeypatch):
    method = method_of(1.0, steps=3)
    order = []
    monkeypatch.setattr(method, "inference_step", lambda: order.append("inference"))
    method.optimizer.register_step_pre_hook(lambda *_: order.append("target"))
    method.step([0, 1])
    assert order == ["inference"] * 3 + ["target"]


def test_posteriors_are_seen_on_the_attack_grid():
    method = method_of(1.0)
    shapes = []
    method.inference.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    method.margins(torch.zeros(1, 2, 256, 512), torch.zeros(1, 256, 512, dtype=torch.long))
    assert shapes == [(1, 4, 128, 256)]


def test_min_max_needs_references(street_like, tmp_path):
    members = write_street(tmp_path, street_like, 2)
    with pytest.raises(SpecError, match="'min-max' needs reference images"):
        train_target([members], SCHEME, TINY, tmp_path / "t", hardening=HARDENINGS.make({"name": "min-max"}))
