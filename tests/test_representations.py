import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.attacks.base import Observation, Reference
from core.attacks.losses import LARGEST_LOSS, loss_map, true_posteriors
from core.attacks.representations import REPRESENTATIONS
from core.attacks.representations.concatenation import Concatenation
from core.attacks.representations.posteriors import Posteriors
from core.attacks.representations.slm import StructuredLossMap
from core.errors import AttackError

ALL = [cls() for cls in REPRESENTATIONS]


@st.composite
def observations(draw):
    classes, height, width = draw(st.tuples(st.integers(2, 5), st.integers(1, 5), st.integers(1, 5)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    p = rng.dirichlet(np.full(classes, 0.05), (height, width)).transpose(2, 0, 1).astype(np.float32)
    label = rng.choice([*range(classes), 255], (height, width)).astype(np.uint8)
    beside = Reference(np.zeros(p.shape, np.float16), np.zeros(label.shape, np.float32))
    return Observation("ab" * 32, np.ascontiguousarray(p), label, hard=draw(st.booleans()), references=(beside,))


def slow_loss(p, label, row, col):
    true = label[row, col]
    return 0.0 if true == 255 else -math.log(max(float(p[true, row, col]), 1e-30))


@given(seen=observations())
@settings(max_examples=80, deadline=None)
def test_slm_equals_plain_python(seen):
    out = StructuredLossMap().of(seen)
    assert out.shape == (1, *seen.label.shape)
    assert out.dtype == np.float32
    for row, col in np.ndindex(*seen.label.shape):
        expected = slow_loss(seen.posteriors, seen.label, row, col) / (50 if seen.hard else 1)
        assert out[0, row, col] == pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(seen=observations())
@settings(max_examples=80, deadline=None)
def test_concatenation_equals_plain_python(seen):
    out = Concatenation().of(seen)
    classes = len(seen.posteriors)
    assert out.shape == (2 * classes, *seen.label.shape)
    assert out.dtype == np.float32
    for row, col in np.ndindex(*seen.label.shape):
        one_hot = [float(seen.label[row, col] == c) for c in range(classes)]
        assert out[:, row, col].tolist() == [*seen.posteriors[:, row, col].tolist(), *one_hot]


@given(seen=observations())
@settings(max_examples=20, deadline=None)
def test_no_representation_changes_what_it_looks_at(seen):
    before = seen.posteriors.copy(), seen.label.copy()
    for representation in ALL:
        representation.of(seen)
    np.testing.assert_array_equal(seen.posteriors, before[0])
    np.testing.assert_array_equal(seen.label, before[1])


@given(seen=observations())
@settings(max_examples=20, deadline=None)
def test_channels_are_what_comes_out(seen):
    for representation in ALL:
        assert len(representation.of(seen)) == representation.channels(len(seen.posteriors))


def test_nineteen_classes_give_the_published_channels():
    assert StructuredLossMap().channels(19) == 1
    assert Concatenation().channels(19) == 38
    assert Posteriors().channels(19) == 19


def test_slm_prefers_the_true_log_probability():
    p = np.array([[[1.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]], np.float32)
    label = np.array([[0, 255, 0]], np.uint8)
    log_p = np.array([[-1e-9, -5.0, -200.0]], np.float32)
    out = StructuredLossMap().of(Observation("", p, label, log_p))
    np.testing.assert_allclose(out, [[[1e-9, 0, LARGEST_LOSS]]], rtol=1e-6)
    assert log_p[0, 1] == -5


def test_a_log_probability_above_zero_by_rounding_is_no_negative_loss():
    p = np.ones((1, 1, 1), np.float32)
    seen = Observation("", p, np.zeros((1, 1), np.uint8), np.full((1, 1), 1e-7, np.float32))
    assert loss_map(seen).item() == 0


def test_hard_releases_are_scaled_down_by_fifty():
    p = np.array([[[1.0, 0.0]], [[0.0, 1.0]]], np.float32)
    seen = Observation("", p, np.zeros((1, 2), np.uint8), hard=True)
    np.testing.assert_allclose(StructuredLossMap().of(seen), [[[0, 69.0776 / 50]]], rtol=1e-5)
    np.testing.assert_allclose(StructuredLossMap(hard_scale=2.0).of(seen), [[[0, 69.0776 / 2]]], rtol=1e-5)


def test_posteriors_need_no_label_and_the_others_say_that_they_do():
    p = np.full((2, 3, 4), 0.5, np.float32)
    for representation in ALL:
        if representation.needs_label:
            with pytest.raises(AttackError, match="needs a label map"):
                representation.of(Observation("", p))
        else:
            np.testing.assert_array_equal(representation.of(Observation("", p)), p)
    assert [r.name for r in ALL if not r.needs_label] == ["posteriors"]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (np.full((3, 4), 2, np.uint8), "class 2, the target gives 2 classes"),
        (np.zeros((4, 3), np.uint8), r"\(4, 3\).*\(3, 4\)"),
    ],
)
def test_a_label_map_that_does_not_fit_is_refused(label, words):
    p = np.full((2, 3, 4), 0.5, np.float32)
    with pytest.raises(AttackError, match=words):
        StructuredLossMap().of(Observation("", p, label))
    with pytest.raises(AttackError, match=words):
        Concatenation().of(Observation("", p, label, np.zeros((3, 4), np.float32)))


def test_void_pixels_get_the_value_asked_for():
    p = np.full((2, 1, 2), 0.5, np.float32)
    seen = Observation("", p, np.array([[1, 255]], np.uint8))
    np.testing.assert_allclose(loss_map(seen), [[math.log(2), 0]], rtol=1e-6)
    np.testing.assert_allclose(loss_map(seen, void=np.nan), [[math.log(2), np.nan]], rtol=1e-6)
    np.testing.assert_array_equal(true_posteriors(seen, void=np.nan), np.float32([[0.5, np.nan]]))
