from functools import partial

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.attacks.all import ATTACKS
from core.attacks.base import AttackContext
from core.attacks.networks import load_attack
from core.audit.observe import observe
from core.data.images import read_image
from core.data.samples import ImageSet, Sample
from core.errors import AttackError, Cancelled, DataError, SpecError
from core.files import sha256_of_bytes, sha256_of_file
from core.progress import Progress
from core.training.attack import train_attack
from core.training.crops import padded_to, patches, whole_maps, windows
from core.training.holdout import judge, split
from core.training.manifest import TrainingManifest, read_manifest, write_manifest
from core.training.shadows import Example, ShadowData
from tests.leaky import QUICK, SCHEME, changed, leaky_shadow


@pytest.fixture
def shadow(tmp_path, street_like):
    """A function that makes a shadow with members and non-members in groups of two."""
    return partial(leaky_shadow, tmp_path, street_like)


def audit_score(shadow, sample, network, attack="patch"):
    """The image score as an audit computes it."""
    image = read_image(sample.image)
    label = cv2.imread(str(sample.label), cv2.IMREAD_UNCHANGED)
    seen = observe(shadow.target.outputs([image])[0], label, label.shape, "0" * 64)
    scorer = ATTACKS.make({"name": attack, "network": str(network)}).start(AttackContext())
    return scorer([seen])[0].score


# ---------------------------------------------------------------- the whole training


def test_an_attack_network_learns_the_leak_and_the_audit_reads_it(shadow, tmp_path):
    data, other = shadow(), shadow(4, 4, "other", first=50)
    out = tmp_path / "out" / "attack.safetensors"
    result = train_attack([data], changed(iterations=40), out)
    assert result.held_out.auc == 1
    assert (result.held_out.members, result.held_out.non_members) == (2, 2)
    assert result.losses[-1] < 0.5 * result.losses[0]
    members = [audit_score(other, s, out) for s in other.members.samples]
    others = [audit_score(other, s, out) for s in other.non_members.samples]
    assert min(members) > max(others)


def test_the_threshold_is_an_image_score_of_the_audit(shadow, tmp_path):
    data = shadow(6, 6)
    out = tmp_path / "attack.safetensors"
    result = train_attack([data], QUICK, out)
    scores = [audit_score(data, s, out) for s in (*data.members.samples, *data.non_members.samples)]
    assert min(abs(s - result.held_out.threshold) for s in scores) < 1e-2
    card = load_attack(out).card
    assert card.threshold == result.held_out.threshold
    assert card.threshold_source == "held-out shadow images"


def test_the_card_says_what_the_network_is(shadow, tmp_path):
    out = tmp_path / "attack.safetensors"
    result = train_attack([shadow(5, 5)], changed(representation="concatenation"), out)
    card = load_attack(out).card
    assert (card.architecture, card.representation, card.classes, card.patch) == ("small", "concatenation", 4, 40)
    assert (card.transform, card.defense) == ("none", "none")
    assert card.extra["shadow_auc"] == result.held_out.auc
    assert "5 members, 5 non-members" in card.trained_on


def test_slm_is_class_free_and_compressed(shadow, tmp_path):
    out = tmp_path / "attack.safetensors"
    train_attack([shadow(3, 3), shadow(3, 3, "seven", classes=7, first=60)], QUICK, out)
    card = load_attack(out).card
    assert card.classes is None
    assert card.transform == "log"


def test_the_manifest_names_all_images_and_shadows(shadow, tmp_path):
    one, two = shadow(3, 3), shadow(3, 3, "two", first=60)
    trained = (*sorted(sha256_of_file(s.image) for s in one.members.samples), sha256_of_bytes(b"more"))
    write_manifest(one.target.info.path, TrainingManifest("target", one.target.info.sha256, trained))
    out = tmp_path / "attack.safetensors"
    result = train_attack([one, two], QUICK, out)
    manifest = read_manifest(out, result.sha256)
    assert manifest.kind == "attack"
    expected = [sha256_of_file(s.image) for d in (one, two) for s in d.members.samples]
    assert list(manifest.members) == expected
    assert len(manifest.non_members) == 6
    assert [s.sha256 for s in manifest.shadows] == [one.target.info.sha256, two.target.info.sha256]
    # The shadow's own list is longer than what was given as members here.
    assert set(manifest.shadows[0].members) == set(trained)
    assert manifest.settings["network"] == "small"


def test_the_shadow_is_asked_once_per_image(shadow, tmp_path):
    data = shadow(4, 4)
    train_attack([data], changed(iterations=30), tmp_path / "a.safetensors")
    assert data.target.queries == 8


def test_the_same_seed_gives_the_same_weights(shadow, tmp_path):
    data = shadow(4, 4)
    paths = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        torch.manual_seed(ord(path.name[0]))
        train_attack([data], changed(seed=seed), path)
    first, again, other = (load_attack(p).network.state_dict() for p in paths)
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not all(torch.equal(first[k], other[k]) for k in first)


@pytest.mark.parametrize("stage", ["observing shadows", "training", "scoring held-out images"])
def test_cancelling_leaves_nothing_behind(shadow, tmp_path, stage):
    def stop(progress):
        if progress.stage == stage and progress.done == 2:
            progress.cancel()

    out = tmp_path / "out" / "a.safetensors"
    with pytest.raises(Cancelled):
        train_attack([shadow(10, 10)], QUICK, out, progress=Progress(stop))
    assert not out.parent.exists()


@pytest.mark.parametrize("network", ["small", "resnet18"])
@pytest.mark.parametrize("mode", ["dense", "cropped"])
def test_every_network_trains_in_both_modes(shadow, tmp_path, network, mode):
    settings = changed(network=network, mode=mode, width=0.07, iterations=2, batch=2, precision="auto")
    result = train_attack([shadow(5, 5)], settings, tmp_path / "a.safetensors")
    assert len(result.losses) == 2
    assert np.isfinite(result.held_out.threshold)


def test_a_whole_image_network_serves_the_image_attack(shadow, tmp_path):
    data = shadow(6, 6)
    out = tmp_path / "a.safetensors"
    result = train_attack([data], changed(patch=0, iterations=30), out)
    scores = [audit_score(data, s, out, "image") for s in (*data.members.samples, *data.non_members.samples)]
    assert min(scores[:6]) > max(scores[6:])
    assert min(abs(s - result.held_out.threshold) for s in scores) < 1e-2


def test_images_smaller_than_a_patch_and_of_several_sizes_are_trained_on(shadow, tmp_path):
    data, small = shadow(3, 3), shadow(3, 3, "small", size=(30, 50), first=60)
    result = train_attack([data, small], QUICK, tmp_path / "a.safetensors")
    assert len(result.losses) == 12


def test_posteriors_need_no_label_maps(shadow, tmp_path):
    data = shadow(5, 5)
    bare = [
        ImageSet(tuple(Sample(s.key, s.image, None, s.group) for s in images.samples), "list", "")
        for images in (data.members, data.non_members)
    ]
    data = ShadowData(data.target, *bare, SCHEME)
    out = tmp_path / "a.safetensors"
    train_attack([data], changed(representation="posteriors"), out)
    assert load_attack(out).card.classes == 4
    with pytest.raises(DataError, match="has no label map"):
        train_attack([data], QUICK, out)


# ---------------------------------------------------------------- refusals


def test_an_image_that_is_member_and_non_member_is_refused(shadow, tmp_path):
    data = shadow(3, 3)
    both = ImageSet((*data.non_members.samples, data.members.samples[0]), "list", "", encoding="train-id")
    with pytest.raises(DataError, match=r"shadow\.bin: 1 images are given as members and as non-members"):
        train_attack([ShadowData(data.target, data.members, both, SCHEME)], QUICK, tmp_path / "a.safetensors")


def test_roles_that_contradict_the_shadows_list_are_refused(shadow, tmp_path):
    data = shadow(3, 3)
    info = data.target.info
    hashes = [sha256_of_file(s.image) for s in (*data.members.samples, *data.non_members.samples)]
    write_manifest(info.path, TrainingManifest("target", info.sha256, tuple(hashes[:2])))
    with pytest.raises(DataError, match=r"1 images are given as members, but the shadow's list .* lacks them"):
        train_attack([data], QUICK, tmp_path / "a.safetensors")
    write_manifest(info.path, TrainingManifest("target", info.sha256, tuple(hashes[:5])))
    with pytest.raises(DataError, match="2 images are given as non-members, but the shadow was trained on them"):
        train_attack([data], QUICK, tmp_path / "a.safetensors")


def test_shadows_of_different_classes_are_refused_where_channels_count(shadow, tmp_path):
    shadows = [shadow(2, 2), shadow(2, 2, "five", classes=5, first=60)]
    with pytest.raises(AttackError, match="4 and 5 channels"):
        train_attack(shadows, changed(representation="posteriors"), tmp_path / "a.safetensors")


def test_one_kind_of_images_is_not_enough(shadow, tmp_path):
    with pytest.raises(AttackError, match="The shadows have no non-members"):
        train_attack([shadow(3, 0)], QUICK, tmp_path / "a.safetensors")


def test_a_log_transform_is_for_losses_only():
    with pytest.raises(SpecError, match="'transform' cannot be 'log' for posteriors"):
        changed(representation="posteriors", transform="log")


# ---------------------------------------------------------------- parts


def examples_of(groups, member):
    return [Example(torch.zeros(1, 1, 1), member, str(g), f"{member}{i}") for i, g in enumerate(groups)]


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.lists(st.integers(10, 19), min_size=1, max_size=40),
    st.floats(0, 0.5),
    st.integers(0, 99),
)
def test_held_out_groups_are_whole_and_near_the_fraction(inside, outside, holdout, seed):
    examples = examples_of(inside, True) + examples_of(outside, False)
    training, held = split(examples, holdout, seed)
    assert sorted(e.sha256 for e in training + held) == sorted(e.sha256 for e in examples)
    assert not {e.group for e in training} & {e.group for e in held}
    for member, groups in ((True, inside), (False, outside)):
        assert any(e.member == member for e in training)
        largest = max(groups.count(g) for g in groups)
        assert sum(e.member == member for e in held) <= holdout * len(groups) + largest / 2


def test_an_image_with_both_roles_is_learned_from_in_none_or_in_both():
    examples = examples_of(range(40), True) + examples_of(range(20, 60), False)
    training, held = split(examples, 0.25, 3)
    assert not {e.group for e in training} & {e.group for e in held}
    assert [sum(e.member == m for e in held) for m in (True, False)] == [10, 10]


def test_a_fifth_of_single_images_is_held_out():
    examples = examples_of(range(100), True) + examples_of(range(100, 150), False)
    _, held = split(examples, 0.2, 0)
    assert sum(e.member for e in held) == 20
    assert len(held) == 30
    assert split(examples, 0.0, 0)[1] == []


def test_a_verdict_without_both_kinds_has_no_numbers():
    assert judge(examples_of([1, 2], True), [0.1, 0.2]).auc is None
    verdict = judge(examples_of([1, 2], True) + examples_of([3, 4], False), [0.9, 0.4, 0.5, 0.1])
    assert verdict.auc == 0.75
    assert verdict.threshold in (0.9, 0.4)


def numbered(height, width):
    return torch.arange(height * width, dtype=torch.float32).view(1, height, width)


@given(st.integers(0, 50))
def test_patches_are_cut_out_whole_or_mirrored(seed):
    example = Example(numbered(9, 13), True, "g", "s")
    (patch,) = patches([example], 4, torch.Generator().manual_seed(seed))
    patch = patch[0] if patch[0, 0, 0] < patch[0, 0, 1] else patch[0].flip(-1)
    top, left = divmod(int(patch[0, 0]), 13)
    assert torch.equal(patch, example.values[0, top : top + 4, left : left + 4])


def test_patches_reach_every_corner_and_both_orientations():
    example = Example(numbered(6, 6), True, "g", "s")
    cut = patches([example] * 400, 4, torch.Generator().manual_seed(0))
    corners = {(int(p[0, 0, 0]), bool(p[0, 0, 0] < p[0, 0, 1])) for p in cut}
    assert {0, 2, 12, 14} <= {c for c, ascending in corners if ascending}
    assert any(not ascending for _, ascending in corners)


def test_maps_of_several_sizes_are_cropped_to_the_smallest():
    examples = [Example(numbered(h, w), True, "g", "s") for h, w in ((20, 30), (25, 28), (10, 40))]
    assert whole_maps(examples, 16, torch.Generator()).shape == (3, 1, 16, 28)


def test_padding_is_zero_at_the_bottom_and_right():
    padded = padded_to(numbered(2, 3) + 1, 4)
    assert torch.equal(padded[:, :2, :3], numbered(2, 3) + 1)
    assert padded.sum() == (numbered(2, 3) + 1).sum()


def test_windows_are_those_of_two_plain_loops():
    values = numbered(13, 17)
    expected = [values[:, y : y + 5, x : x + 5] for y in range(0, 9, 3) for x in range(0, 13, 3)]
    assert torch.equal(windows(values, 5, 3), torch.stack(expected))
