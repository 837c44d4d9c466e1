import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.attacks.base import ATTACKS, AttackContext, Needs, Observation
from core.attacks.label_only.boundary import BoundaryAgreement, near_boundary
from core.attacks.label_only.correctness import Correctness
from core.attacks.label_only.probes import Probe
from core.attacks.label_only.stability import Stability
from core.audit.beside import Beside
from core.audit.observe import defended, observe, recorded_probe
from core.defenses.argmax import Argmax
from core.defenses.chain import Chain
from core.defenses.gauss import Gauss
from core.defenses.noise import GridNoise
from core.errors import AttackError, SpecError

SHA = "ef" * 32
PROBES = [Probe("flip", 1.0), Probe("shift", 5.0), Probe("brightness", 0.2), Probe("blur", 1.5)]


def observed(seed=0, classes=3, size=(8, 10)):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.5), size).transpose(2, 0, 1).astype(np.float32)
    label = np.kron(rng.integers(0, classes, (2, 2)), np.ones((size[0] // 2, size[1] // 2))).astype(np.uint8)
    label[0, :3] = 255
    return Observation(SHA, np.ascontiguousarray(p), label)


def result(attack, seen):
    return attack.start(AttackContext())([seen])[0]


def test_correctness_is_the_share_of_right_pixels():
    seen = observed(1)
    right = [
        seen.posteriors[:, *place].argmax() == seen.label[place]
        for place in np.ndindex(*seen.label.shape)
        if seen.label[place] != 255
    ]
    found = result(Correctness(block=1), seen)
    assert found.score == pytest.approx(np.mean(right))
    np.testing.assert_array_equal(np.isnan(found.maps["correctness"]), seen.label == 255)


@given(band=st.integers(1, 4), seed=st.integers(0, 500))
@settings(max_examples=30, deadline=None)
def test_boundaries_are_found_as_by_plain_loops(band, seed):
    rng = np.random.default_rng(seed)
    label = rng.choice([0, 0, 0, 1, 255], (7, 9)).astype(np.uint8)

    def touches(i, j):
        sides = [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        near = [label[a, b] for a, b in sides if 0 <= a < 7 and 0 <= b < 9]
        return label[i, j] != 255 and any(k not in (255, label[i, j]) for k in near)

    edge = [place for place in np.ndindex(7, 9) if touches(*place)]
    found = near_boundary(label, band)
    for i, j in np.ndindex(7, 9):
        assert found[i, j] == any(max(abs(i - a), abs(j - b)) < band for a, b in edge)


def test_boundary_agreement_looks_along_boundaries_only():
    seen = observed(2)
    near = near_boundary(seen.label, 2) & (seen.label != 255)
    right = seen.posteriors.argmax(axis=0) == seen.label
    assert result(BoundaryAgreement(), seen).score == pytest.approx(right[near].mean())


def test_an_image_of_one_class_has_no_boundary_and_no_score():
    seen = observed(2)
    with pytest.raises(AttackError, match="no pixel to judge"):
        result(BoundaryAgreement(), Observation(SHA, seen.posteriors, np.zeros_like(seen.label)))


def test_stability_is_the_share_of_pixels_and_changes_that_agree():
    seen = observed(3)
    said = seen.posteriors.argmax(axis=0).astype(np.uint8)
    attack = Stability(brightness=0.0, blur=0.0, block=1)
    other, moved = said.copy(), said.copy()
    other[:2] = (other[:2] + 1) % 3
    moved[:, -3:] = 255
    probed = {probe.id: values for probe, values in zip(attack.probes(None), (other, moved), strict=True)}
    found = result(attack, Observation(SHA, seen.posteriors, probed=probed))
    expected = np.ones(said.shape)
    expected[:2] = 0.5
    expected[:2, -3:] = 0
    np.testing.assert_allclose(found.maps["stability"], expected)
    assert found.score == pytest.approx(expected.mean())


def test_stability_without_the_changed_queries_has_a_reason():
    with pytest.raises(AttackError, match="was not asked"):
        result(Stability(), observed())
    with pytest.raises(SpecError, match="every change is switched off"):
        Stability(flip=False, shift=0, brightness=0, blur=0)


# ---------------------------------------------------------------- label maps only


@pytest.mark.parametrize("kind", [k for k in ATTACKS if k.needs is Needs.LABELS_ONLY], ids=lambda k: k.name)
def test_an_attack_on_label_maps_is_blind_to_how_sure_the_target_is(kind):
    from tests.test_reference_attacks import observed as with_references

    seen, _ = with_references(5)
    hard = Argmax().apply(seen.posteriors, GridNoise(0, SHA), "")
    probed = {p.id: seen.label for p in kind().probes(AttackContext())}
    scores = {
        result(kind(), Observation(SHA, p, seen.label, None, flag, seen.references, probed)).score
        for p, flag in ((seen.posteriors, False), (hard, True))
    }
    assert len(scores) == 1


# ---------------------------------------------------------------- changed queries


def local_output(image):
    """A target whose posteriors at a pixel are of that pixel's colour alone, so that every change can be undone."""
    import torch

    from core.targets.base import Output

    values = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1) / 16)
    return Output(values, "logits", image.shape[:2], 3)


@pytest.mark.parametrize("label_scale", [1, 2], ids=["labels-as-large", "labels-twice-as-large"])
@pytest.mark.parametrize("probe", PROBES[:2], ids=lambda p: p.id)
def test_the_answer_for_a_moved_image_is_moved_back(probe, label_scale):
    image = np.random.default_rng(0).integers(0, 255, (140, 200, 3), np.uint8)
    size = (140 * label_scale, 200 * label_scale)
    plain = observe(local_output(image), None, size, SHA)
    moved = recorded_probe(local_output(probe.changed(image)), probe, size, 200)
    lost = np.isnan(moved.log_posteriors[0])
    agree = np.where(lost, True, moved.log_posteriors.argmax(axis=0) == plain.posteriors.argmax(axis=0))
    assert agree.mean() > 0.99  # at twice the size interpolation at the repeated border differs
    columns = lost.any(axis=0)
    assert (lost == columns).all()
    assert columns.mean() == pytest.approx(5 / 200 if probe.kind == "shift" else 0, abs=0.01)


def test_brightness_and_blur_change_pixels_in_place():
    image = np.random.default_rng(1).integers(0, 255, (40, 50, 3), np.uint8)
    bright = Probe("brightness", 0.2).changed(image)
    np.testing.assert_array_equal(bright, np.clip(np.round(image * 1.2), 0, 255))
    assert Probe("blur", 2.0).changed(image).std() < image.std()
    for probe in PROBES:
        assert probe.changed(image).shape == image.shape
        assert probe.changed(image).dtype == np.uint8


def test_a_random_defense_draws_anew_for_each_changed_query():
    image = np.random.default_rng(2).integers(0, 255, (40, 50, 3), np.uint8)
    seen = observe(local_output(image), None, (40, 50), SHA)
    same = Probe("brightness", 1e-9), Probe("brightness", 2e-9)  # no change at all, asked twice
    kept = {probe: recorded_probe(local_output(probe.changed(image)), probe, (40, 50), 50) for probe in same}
    for chain, agrees in ((Chain(()), True), (Chain((Gauss(sigma=0.6),)), False)):
        shown = Beside(probed=kept).put_to(defended(chain, seen, 0), chain, 0)
        answers = [shown.probed[probe.id] for probe in same]
        assert all(answer.dtype == np.uint8 for answer in answers)
        assert np.array_equal(*answers) is agrees
        assert np.array_equal(answers[0], shown.posteriors.argmax(axis=0)) is agrees
