from types import SimpleNamespace

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional

from core.errors import TargetError
from core.targets import output as output_module
from core.targets.base import Output
from core.targets.output import full_posteriors, log_posteriors_at, posteriors_at, prediction
from core.targets.recognition import recognise


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def whole(values, kind="logits"):
    """An output that covers the image entirely."""
    classes = 4 if kind == "labels" else values.shape[0]
    return Output(values, kind, tuple(float(n) for n in values.shape[-2:]), classes)


def upsampled(values, size):
    return functional.interpolate(values[None].double(), size, mode="bilinear", align_corners=False)[0]


SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 40), st.integers(1, 40))


@given(SIZES, st.integers(2, 5), st.integers(0, 99))
@settings(max_examples=60)
def test_log_posteriors_at_some_pixels_are_those_of_the_full_upsampled_map(sizes, classes, seed):
    h, w, height, width = sizes
    values = 5 * noise(classes, h, w, seed=seed)
    rng = np.random.default_rng(seed)
    rows, cols = rng.integers(0, height, 7), np.sort(rng.integers(0, width, 5))
    expected = upsampled(values, (height, width)).log_softmax(0).numpy()[:, rows[:, None], cols]
    got = log_posteriors_at(whole(values), (height, width), rows, cols)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, atol=2e-5)


@given(SIZES, st.integers(0, 99))
@settings(max_examples=40)
def test_probabilities_are_upsampled_as_probabilities(sizes, seed):
    h, w, height, width = sizes
    values = (3 * noise(3, h, w, seed=seed)).softmax(0)
    expected = upsampled(values, (height, width)).numpy()
    got = full_posteriors(whole(values, "probabilities"), (height, width))
    np.testing.assert_allclose(got, expected, atol=1e-5)


@given(SIZES, st.integers(0, 99))
@settings(max_examples=40)
def test_label_maps_are_read_at_the_nearest_cell(sizes, seed):
    h, w, height, width = sizes
    values = torch.randint(0, 4, (h, w), generator=torch.Generator().manual_seed(seed))
    out = whole(values, "labels")
    middles = [(2 * np.arange(n) + 1) * cells // (2 * n) for n, cells in ((height, h), (width, w))]
    expected = values.numpy()[middles[0][:, None], middles[1]]
    rows, cols = np.arange(height), np.arange(width)
    got = log_posteriors_at(out, (height, width), rows, cols)
    np.testing.assert_array_equal(got.argmax(0), expected)
    np.testing.assert_array_equal(prediction(out, (height, width)), expected)
    assert set(np.unique(got)) <= {np.float32(np.log(1e-30)), np.float32(0)}


def test_padding_of_the_input_is_left_out_by_the_extent():
    values = noise(3, 8, 8)
    out = Output(values, "logits", (6.5, 8.0), 3)  # an image of 26 x 32 in an input of 32 x 32 at stride 4
    expected = upsampled(values, (32, 32)).softmax(0).numpy()[:, :26]
    np.testing.assert_allclose(full_posteriors(out, (26, 32)), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "labels"])
def test_posteriors_are_the_exponential_of_log_posteriors(kind):
    values = {"logits": noise(4, 5, 6), "probabilities": noise(4, 5, 6).softmax(0), "labels": noise(5, 6).gt(0).long()}
    out, rows, cols = whole(values[kind], kind), np.arange(3, 17), np.array([0, 5, 21])
    got = posteriors_at(out, (20, 22), rows, cols)
    np.testing.assert_allclose(got, np.exp(log_posteriors_at(out, (20, 22), rows, cols)), atol=1e-6)
    np.testing.assert_allclose(got.sum(0), 1, atol=1e-6)


def test_a_sure_pixel_keeps_its_tiny_loss():
    values = torch.tensor([20.0, 0.0]).view(2, 1, 1)
    got = log_posteriors_at(whole(values), (1, 1), np.array([0]), np.array([0]))
    np.testing.assert_allclose(got[0, 0, 0], -np.log1p(np.exp(-20.0)), rtol=1e-3)


def test_ruled_out_classes_have_the_papers_floor():
    values = torch.tensor([1.0, 0.0]).view(2, 1, 1)
    got = log_posteriors_at(whole(values, "probabilities"), (1, 1), np.array([0]), np.array([0]))
    np.testing.assert_allclose(got.ravel(), [0, np.log(1e-30)])


@pytest.mark.parametrize("budget", [1, 300, 1 << 20])
def test_bands_do_not_change_anything(monkeypatch, budget):
    out = whole(noise(5, 7, 9))
    expected = upsampled(out.values, (40, 50)).softmax(0).numpy()
    monkeypatch.setattr(output_module, "BAND_VALUES", budget)
    np.testing.assert_allclose(full_posteriors(out, (40, 50)), expected, atol=1e-5)
    np.testing.assert_array_equal(prediction(out, (40, 50)), expected.argmax(0))
    np.testing.assert_array_equal(prediction(out, (40, 50), slice(11, 30)), expected.argmax(0)[11:30])
    assert prediction(out, (40, 50), slice(5, 5)).shape == (0, 50)


def test_ties_go_to_the_lowest_class():
    assert prediction(whole(torch.zeros(3, 2, 2)), (2, 2)).max() == 0


LOGITS = 4 * noise(2, 5, 6, 7)
LABELS = torch.randint(0, 5, (2, 6, 7), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "raw",
    [
        LOGITS,
        LOGITS.numpy(),
        {"out": LOGITS, "aux": torch.zeros(2, 5, 6, 7)},
        {"aux": torch.zeros(2, 5, 6, 7), "out": LOGITS},
        {"features": torch.zeros(2, 64, 3, 3), "seg": LOGITS},
        (LOGITS, torch.zeros(2, 5)),
        (torch.tensor(0.3), LOGITS),
        [torch.zeros(2, 64, 3, 3), [LOGITS]],
        SimpleNamespace(logits=LOGITS),
        LOGITS.permute(0, 2, 3, 1),
        LOGITS.double(),
    ],
)
def test_logits_are_found_in_whatever_a_model_returns(raw):
    found = recognise(raw, classes=5)
    assert (found.kind, found.note) == ("logits", "")
    assert found.values.dtype == torch.float32
    torch.testing.assert_close(found.values, LOGITS)


def test_probabilities_are_told_by_their_sums():
    found = recognise(LOGITS.softmax(1))
    assert found.kind == "probabilities"
    assert recognise(LOGITS.softmax(1).half()).kind == "probabilities"
    assert recognise(LOGITS.log_softmax(1)).kind == "logits"
    assert recognise(LOGITS.softmax(1) * 0.99).kind == "logits"
    assert recognise(LOGITS.softmax(1), kind="logits").kind == "logits"


def test_probabilities_per_class_come_with_a_note_and_can_be_declared():
    values = LOGITS.sigmoid()
    assert "output_kind" in recognise(values).note
    declared = recognise(values, kind="probabilities")
    torch.testing.assert_close(declared.values, values / values.sum(1, keepdim=True))


@pytest.mark.parametrize(
    "raw",
    [LABELS, LABELS.to(torch.uint8)[:, None], LABELS.int()[..., None], LABELS.float(), LABELS[:, None].float().numpy()],
)
def test_label_maps_are_told_by_whole_numbers(raw):
    found = recognise(raw, classes=5)
    assert found.kind == "labels"
    torch.testing.assert_close(found.values, LABELS)


def test_one_channel_is_the_second_of_two_classes():
    x = LOGITS[:, :1]
    as_logits, as_probabilities = recognise(x), recognise(x.sigmoid())
    assert (as_logits.kind, as_probabilities.kind) == ("logits", "probabilities")
    assert "two" in as_logits.note
    assert "two" in as_probabilities.note
    torch.testing.assert_close(as_logits.values.softmax(1), as_probabilities.values)
    torch.testing.assert_close(recognise(x[:, 0], classes=2).values, as_logits.values)


def test_mask_classifying_models_give_the_posteriors_of_their_queries():
    queries, masks = noise(2, 3, 5), noise(2, 3, 4, 6, seed=1)
    expected = np.zeros((2, 4, 4, 6))
    for n in range(2):
        for q in range(3):
            e = np.exp(queries[n, q].numpy())
            for c in range(4):
                expected[n, c] += e[c] / e.sum() / (1 + np.exp(-masks[n, q].numpy()))
    expected /= expected.sum(1, keepdims=True)
    found = recognise({"class_queries_logits": queries, "masks_queries_logits": masks}, classes=4)
    assert found.kind == "probabilities"
    np.testing.assert_allclose(found.values.numpy(), expected, atol=1e-6)


def test_an_output_can_be_chosen_by_name_or_index():
    raw = {"out": LOGITS, "aux": LOGITS + 1}
    torch.testing.assert_close(recognise(raw, name="aux").values, LOGITS + 1)
    torch.testing.assert_close(recognise(raw, name="1").values, LOGITS + 1)
    torch.testing.assert_close(recognise((LOGITS, LOGITS + 1), name="1").values, LOGITS + 1)
    with pytest.raises(TargetError, match=r"no output 'third'.*out, aux"):
        recognise(raw, name="third")


def with_one(value):
    values = LOGITS.clone()
    values[-1, 2, 1, 0] = value
    return values


@pytest.mark.parametrize(
    ("raw", "how", "words"),
    [
        (LOGITS * float("nan"), {}, "NaN"),
        (LOGITS / 0, {}, "NaN or infinite"),
        *((with_one(value), {}, "NaN or infinite") for value in (float("nan"), float("inf"), -float("inf"))),
        (LOGITS, {"classes": 19}, "gives 5 classes, but 19"),
        (LOGITS[:, :1], {"classes": 19}, "one channel"),
        (torch.zeros(2, 300, 2, 2), {}, "at most 255"),
        (torch.zeros(2, 5), {}, "None of the model's outputs"),
        ("text", {}, "None of the model's outputs"),
        (None, {}, "None of the model's outputs"),
        (LABELS, {}, "classes"),
        (LABELS, {"classes": 3}, "ids 0 to 4"),
        (LABELS - 1, {"classes": 5}, "ids -1"),
        (LOGITS, {"kind": "labels", "classes": 5}, "no label maps"),
        (LOGITS, {"kind": "probabilities"}, "no probabilities"),
        (torch.zeros(1, 3, 2, 2), {"kind": "probabilities"}, "all 0"),
        (LOGITS[:, :1], {"kind": "probabilities"}, "no probabilities"),
        ({"class_queries_logits": noise(1, 2, 3) / 0, "masks_queries_logits": noise(1, 2, 4, 4)}, {}, "NaN"),
    ],
)
def test_unusable_outputs_say_what_is_wrong(raw, how, words):
    with pytest.raises(TargetError, match=words):
        recognise(raw, **how)
