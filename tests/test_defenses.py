import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.defenses import DEFENSES
from core.defenses.argmax import Argmax
from core.defenses.base import Kind
from core.defenses.chain import Chain
from core.defenses.dropout import Dropout
from core.defenses.gauss import Gauss
from core.defenses.hardened import Hardened
from core.defenses.noise import GridNoise
from core.defenses.none import NoDefense
from core.defenses.rounding import Rounding
from core.defenses.temperature import Temperature
from core.defenses.topk import TopK
from core.errors import SpecError
from core.randomness import generator

SHA = "ab" * 32
NOISE = GridNoise(3, SHA)
OUTPUTS = [
    NoDefense(),
    Argmax(),
    Gauss(0.0),
    Gauss(0.05),
    Gauss(1.0),
    Temperature(0.01),
    Temperature(0.5),
    Temperature(100.0),
    Rounding(0),
    Rounding(1),
    Rounding(3),
    TopK(1),
    TopK(2),
    TopK(200),
]


def named(defense):
    return defense.describe()


@st.composite
def posteriors(draw):
    """Valid posteriors with exact zeros, ties and values close to 0 and 1."""
    shape = (draw(st.integers(2, 5)), draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    weights = st.sampled_from([0.0, 1e-30, 1e-6, 0.25, 0.5, 1.0]) | st.floats(0, 1, width=32)
    values = draw(hnp.arrays(np.float64, shape, elements=weights))
    values[0][values.sum(axis=0) < 1e-12] = 1
    return (values / values.sum(axis=0)).astype(np.float32)


def pixel(*values):
    return np.array(values, np.float32).reshape(-1, 1, 1)


def released(defense, *values):
    return defense.apply(pixel(*values), NOISE, "test").ravel()


@pytest.mark.parametrize("defense", OUTPUTS, ids=named)
@given(p=posteriors())
@settings(max_examples=60, deadline=None)
def test_every_release_is_valid_and_the_input_is_untouched(defense, p):
    before = p.copy()
    out = defense.apply(p, NOISE, "test")
    assert out.dtype == np.float32
    assert out.shape == p.shape
    assert (out >= 0).all()
    np.testing.assert_allclose(out.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(p, before)


@pytest.mark.parametrize("defense", [d for d in OUTPUTS if not d.changes_argmax], ids=named)
@given(p=posteriors())
@settings(max_examples=150, deadline=None)
def test_the_predicted_class_stays_where_a_defense_says_so(defense, p):
    np.testing.assert_array_equal(defense.apply(p, NOISE, "test").argmax(axis=0), p.argmax(axis=0))


def test_the_predicted_class_survives_posteriors_that_float32_cannot_tell_apart_afterwards():
    close = pixel(0.5, np.nextafter(np.float32(0.5), np.float32(1)))
    assert Temperature(100.0).apply(close, NOISE, "test").argmax(axis=0).item() == 1


@pytest.mark.parametrize(
    ("defense", "changes"),
    [
        (NoDefense(), False),
        (Argmax(), False),
        (Gauss(), True),
        (Temperature(), False),
        (Rounding(), True),
        (TopK(), False),
        (Dropout(), True),
        (Hardened("model.pt"), True),
    ],
    ids=lambda value: value if isinstance(value, bool) else value.name,
)
def test_which_defenses_can_change_the_prediction(defense, changes):
    assert defense.changes_argmax is changes
    assert Chain((defense,)).changes_argmax is changes


def test_rounding_really_changes_a_prediction_through_a_tie():
    assert released(Rounding(1), 0.48, 0.52).argmax() == 0


def test_gauss_really_changes_predictions():
    p = np.full((2, 20, 20), 0.5, np.float32) + np.float32([0.01, -0.01]).reshape(2, 1, 1)
    share = (Gauss(0.5).apply(p, NOISE, "test").argmax(axis=0) == 1).mean()
    assert 0.3 < share < 0.6


def test_argmax_gives_a_tie_to_the_lowest_class():
    np.testing.assert_array_equal(released(Argmax(), 0.2, 0.4, 0.4), [0, 1, 0])


def test_gauss_follows_the_formula_pixel_by_pixel():
    p = generator(0, SHA, "p").dirichlet(np.ones(4), (3, 5)).transpose(2, 0, 1).astype(np.float32)
    draws = NOISE.normal(p.shape, "test")
    out = Gauss(0.3).apply(p, NOISE, "test")
    for row, col in np.ndindex(3, 5):
        noisy = [max(float(p[c, row, col]) + 0.3 * float(draws[c, row, col]), 1e-6) for c in range(4)]
        np.testing.assert_allclose(out[:, row, col], np.array(noisy) / sum(noisy), rtol=1e-4)


@pytest.mark.parametrize("T", [0.1, 0.5, 1.0, 2.0, 30.0])
def test_temperature_is_the_softmax_of_scaled_logits(T):
    logits = generator(0, SHA, "logits").normal(0, 4, (5, 6, 7))
    p = np.exp(logits - logits.max(axis=0))
    p /= p.sum(axis=0)
    scaled = np.exp((logits - logits.max(axis=0)) / T)
    out = Temperature(T).apply(p.astype(np.float32), NOISE, "test")
    np.testing.assert_allclose(out, scaled / scaled.sum(axis=0), rtol=2e-4, atol=1e-7)


def test_temperature_keeps_tiny_and_zero_posteriors_finite():
    np.testing.assert_allclose(released(Temperature(0.01), 1.0, 0.0), [1, 0])
    np.testing.assert_allclose(released(Temperature(100.0), 1.0, 1e-38), [0.7057, 0.2943], atol=1e-3)


@pytest.mark.parametrize(
    ("decimals", "before", "after"),
    [
        (1, (0.84, 0.13, 0.03), (8 / 9, 1 / 9, 0)),
        (2, (0.126, 0.434, 0.44), (0.13, 0.43, 0.44)),
        (0, (0.6, 0.4), (1, 0)),
        (0, (0.3, 0.4, 0.3), (0, 1, 0)),
        (0, (0.5, 0.5), (1, 0)),
    ],
)
def test_rounding_by_hand(decimals, before, after):
    np.testing.assert_allclose(released(Rounding(decimals), *before), after, rtol=1e-6)


def test_rounding_helps_only_the_pixels_that_lost_everything():
    p = np.array([[[0.3, 0.9]], [[0.4, 0.1]], [[0.3, 0.0]]], np.float32)
    expected = np.array([[[0, 1]], [[1, 0]], [[0, 0]]], np.float32)
    np.testing.assert_array_equal(Rounding(0).apply(p, NOISE, "test"), expected)


@given(p=posteriors(), k=st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_topk_keeps_what_a_sort_by_value_and_class_keeps(p, k):
    out = TopK(k).apply(p, NOISE, "test")
    for row, col in np.ndindex(*p.shape[1:]):
        order = sorted(range(len(p)), key=lambda c: (-p[c, row, col], c))[:k]
        total = sum(float(p[c, row, col]) for c in order)
        expected = [float(p[c, row, col]) / total if c in order else 0 for c in range(len(p))]
        np.testing.assert_allclose(out[:, row, col], expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "values", "key"),
    [
        ("gauss", {"sigma": -0.1}, "sigma"),
        ("gauss", {"sigma": math.nan}, "sigma"),
        ("temperature", {"T": 0}, "T"),
        ("rounding", {"decimals": 1.5}, "decimals"),
        ("topk", {"k": 0}, "k"),
        ("dropout", {"p": 1.2}, "p"),
        ("dropout", {"passes": 0}, "passes"),
        ("dropout", {"place": "head"}, "place"),
        ("hardened", {}, "path"),
        ("hardened", {"path": " "}, "path"),
        ("argmax", {"sigma": 1.0}, "sigma"),
    ],
)
def test_wrong_parameters_are_refused_by_name(name, values, key):
    with pytest.raises(SpecError, match=f"'{key}'"):
        DEFENSES.make({"name": name, **values})


def test_all_defenses_are_registered():
    names = {"none", "argmax", "gauss", "temperature", "rounding", "topk", "dropout", "hardened"}
    assert set(DEFENSES.names()) == names


def test_kinds_are_told_apart():
    kinds = {cls.name: cls.kind for cls in DEFENSES}
    assert kinds.pop("dropout") is Kind.QUERY
    assert kinds.pop("hardened") is Kind.HARDENED
    assert set(kinds.values()) == {Kind.OUTPUT}
