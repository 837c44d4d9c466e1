import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from core.attacks import cropped, dense
from core.attacks.all import ATTACKS
from core.attacks.base import AttackContext, Observation
from core.attacks.network_attack import NetworkAttack
from core.attacks.networks import AttackCard, AttackNetwork, LoadedNetwork, build_network, load_attack, save_attack
from core.attacks.patch import cropped_result, dense_result
from core.attacks.representations import REPRESENTATIONS
from core.errors import AttackError, SpecError
from core.parameters import parameters_of

torch.set_num_threads(1)

PATCH = 34


def observe(shape=(44, 61), classes=4, seed=0, label=True):
    random = np.random.default_rng(seed)
    posteriors = random.dirichlet(np.full(classes, 0.5), shape).transpose(2, 0, 1).astype(np.float32)
    labels = random.integers(0, classes, shape).astype(np.uint8)
    labels[:3] = 255
    return Observation(f"{seed:064x}", np.ascontiguousarray(posteriors), labels if label else None)


def make_network(path, representation="slm", patch=PATCH, seed=0, classes=None):
    torch.manual_seed(seed)
    transform = "log" if representation == "slm" else "none"
    card = AttackCard("small", representation, {"width": 0.1}, classes=classes, patch=patch, transform=transform)
    network = build_network(card)
    nn.init.normal_(network.fc.weight)
    nn.init.normal_(network.fc.bias)
    save_attack(path, network, card)
    return path


@pytest.fixture
def context(tmp_path):
    make_network(tmp_path / "slm.safetensors")
    make_network(tmp_path / "both.safetensors", "concatenation", classes=4)
    make_network(tmp_path / "free.safetensors", "posteriors", classes=4)
    make_network(tmp_path / "image.safetensors", patch=0)
    return AttackContext(folder=tmp_path, batch=5)


def attack(network="slm.safetensors", name="patch", **values):
    return ATTACKS.make({"name": name, "network": network, **values})


SAMPLERS = ["dense", "random", "rejection", "sliding"]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("network", ["slm.safetensors", "both.safetensors", "free.safetensors"])
@pytest.mark.parametrize("shape", [(44, 61), (34, 34), (20, 50), (51, 9), (7, 3)])
def test_the_evidence_sums_to_the_score_and_the_windows_average_to_it(context, sampler, network, shape):
    result = attack(network, sampler=sampler).start(context)([observe(shape)])[0]
    evidence = result.maps["evidence"]
    assert set(result.maps) == {"score", "evidence", "evidence_corrected"}
    assert all(m.shape == shape and m.dtype == np.float32 for m in result.maps.values())
    assert np.isfinite(evidence).all()
    assert abs(evidence.sum(dtype=np.float64) - result.score) <= 1e-4 * max(1, abs(result.score))
    assert result.windows.dtype == np.float32
    assert result.windows[:, 2].mean() == pytest.approx(result.score, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("shape", [(44, 61), (34, 40), (20, 50)])
def test_dense_maps_cover_every_point(context, shape):
    maps = attack().start(context)([observe(shape)])[0].maps
    assert all(np.isfinite(m).all() for m in maps.values())


def test_the_dense_windows_are_the_averages_of_the_cells_of_one_pass(context):
    observation = observe()
    result = attack().start(context)([observation])[0]
    values = REPRESENTATIONS.get("slm")().of(observation)
    with torch.inference_mode():
        network = load_attack(context.folder / "slm.safetensors").network
        margins = network.window_margins(torch.from_numpy(values)[None], PATCH)[0].numpy()
    assert margins.shape == (2, 4)
    np.testing.assert_allclose(result.windows[:, 2].reshape(2, 4), margins, atol=1e-5)
    assert result.windows[:, :2].tolist() == [[i, j] for i in (0, 8) for j in (0, 8, 16, 24)]


def test_cropped_windows_are_what_the_classifier_says_of_each_crop(context):
    observation = observe()
    result = attack(sampler="sliding", stride=7).start(context)([observation])[0]
    values = REPRESENTATIONS.get("slm")().of(observation)
    network = load_attack(context.folder / "slm.safetensors").network
    assert len(result.windows) == 3 * 5
    for top, left, margin in result.windows:
        crop = values[:, int(top) : int(top) + PATCH, int(left) : int(left) + PATCH]
        logits = network(torch.from_numpy(crop)[None])[0]
        assert margin == pytest.approx(float(logits[1] - logits[0]), abs=1e-4)


def test_maps_of_cropped_windows_say_nothing_where_no_window_was(context):
    result = attack(sampler="random", windows=1).start(context)([observe()])[0]
    top, left = result.windows[0, :2].astype(int)
    visited = np.zeros((44, 61), dtype=bool)
    visited[top : top + PATCH, left : left + PATCH] = True
    assert np.array_equal(np.isfinite(result.maps["score"]), visited)
    assert np.array_equal(np.isfinite(result.maps["evidence_corrected"]), visited)
    assert np.array_equal(result.maps["evidence"] != 0, visited)
    probability = 1 / (1 + np.exp(-result.windows[0, 2]))
    np.testing.assert_allclose(result.maps["score"][visited], probability, atol=1e-5)


class Pointwise(AttackNetwork):
    """Sees one grid point per cell, so that padding plays no part."""

    def __init__(self):
        super().__init__(1)
        self.points = nn.Conv2d(1, 3, 1, stride=8)
        self.fc = nn.Linear(3, 2)

    def features(self, x):
        return torch.relu(self.points(x))


def test_without_padding_dense_and_cropped_are_the_same():
    torch.manual_seed(0)
    loaded = LoadedNetwork(Pointwise().eval(), AttackCard("small", "slm", patch=PATCH), "")
    values = np.random.default_rng(0).random((1, 50, 66), dtype=np.float32)
    shape = (50, 66)
    whole = dense_result(values, loaded, shape)
    places = dense.window_places((3, 5))
    alone = cropped_result(values, places, loaded, shape, batch=4)
    np.testing.assert_allclose(whole.windows, alone.windows, atol=1e-6)
    assert whole.score == pytest.approx(alone.score, abs=1e-6)
    np.testing.assert_allclose(whole.maps["score"], alone.maps["score"], atol=1e-6)


def test_with_padding_dense_and_cropped_agree_only_roughly(tmp_path):
    make_network(tmp_path / "net.safetensors", patch=90)
    loaded = load_attack(tmp_path / "net.safetensors")
    random = np.random.default_rng(0)
    coarse = random.random((1, 17, 24)) * np.linspace(0.2, 5, 24)
    values = np.kron(coarse, np.ones((8, 8))).astype(np.float32)
    shape = values.shape[1:]
    whole = dense_result(values, loaded, shape)
    alone = cropped_result(values, dense.window_places((6, 13)), loaded, shape, batch=16)
    difference = np.abs(whole.windows[:, 2] - alone.windows[:, 2])
    assert difference.max() > 1e-4
    assert np.corrcoef(whole.windows[:, 2], alone.windows[:, 2])[0, 1] > 0.7


def test_the_inner_cells_of_a_crop_are_those_of_the_dense_pass(tmp_path):
    make_network(tmp_path / "net.safetensors", patch=90)
    loaded = load_attack(tmp_path / "net.safetensors")
    values = np.random.default_rng(0).random((1, 128, 128), dtype=np.float32)
    whole = loaded.cell_logits(values[None])[0]
    crop = loaded.cell_logits(cropped.crops(values, np.array([[16, 24]]), 90))[0]
    # A cell sees 23 points each way: cells 3..8 of 12 see nothing of the crop's border.
    np.testing.assert_allclose(crop[:, 3:9, 3:9], whole[:, 5:11, 6:12], atol=1e-4)
    assert np.abs(crop[:, 0] - whole[:, 2, 3:15]).max() > 1e-3


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_result_does_not_depend_on_the_other_images_of_the_call(context, sampler):
    scorer = attack(sampler=sampler).start(context)
    images = [observe(seed=1), observe((40, 40), seed=2), observe(seed=3), observe((20, 50), seed=4)]
    together, alone = scorer(images), [scorer([image])[0] for image in reversed(images)][::-1]
    for a, b in zip(together, alone, strict=True):
        assert a.score == b.score
        assert np.array_equal(a.windows, b.windows)
        assert all(np.array_equal(a.maps[key], b.maps[key], equal_nan=True) for key in a.maps)


def test_the_batch_size_changes_results_by_rounding_only(context):
    wide = AttackContext(folder=context.folder, batch=64)
    a, b = (attack(sampler="sliding").start(c)([observe()])[0] for c in (context, wide))
    assert a.score == pytest.approx(b.score, abs=1e-5)


def test_random_places_depend_on_seed_and_image_alone(context):
    other = AttackContext(folder=context.folder, seed=1)
    image = observe((60, 90))
    first, again = (attack(sampler="random").start(context)([image])[0].windows for _ in range(2))
    moved = attack(sampler="random").start(other)([image])[0].windows
    assert np.array_equal(first, again)
    assert len(first) == 6
    assert not np.array_equal(first[:, :2], moved[:, :2])


def test_rejection_avoids_patches_with_nearly_no_loss(context):
    observation = observe((44, 200))
    observation.posteriors[:, :, :150] = 0
    easy = np.where(observation.label == 255, 0, observation.label)[None, :, :150]
    np.put_along_axis(observation.posteriors[:, :, :150], easy, 1, axis=0)
    windows = attack(sampler="rejection", floor=0.3).start(context)([observation])[0].windows
    assert (windows[:, 1] + PATCH > 150).all()
    assert (attack(sampler="random", windows=50).start(context)([observation])[0].windows[:, 1] + PATCH <= 150).any()


def test_the_published_setting_sums_member_logits(context):
    observation = observe()
    result = attack(sampler="random", setting="published").start(context)([observation])[0]
    values = REPRESENTATIONS.get("slm")().of(observation)
    network = load_attack(context.folder / "slm.safetensors").network
    total = 0.0
    for top, left, _ in result.windows.astype(int):
        total += float(network(torch.from_numpy(values[None, :, top : top + PATCH, left : left + PATCH]))[0, 1])
    assert result.score == pytest.approx(total, abs=1e-4)
    assert result.maps["evidence"].sum() == pytest.approx(total, abs=1e-3)


def test_the_published_setting_refuses_the_dense_pass():
    with pytest.raises(SpecError, match="published"):
        attack(setting="published")


@pytest.mark.parametrize("name", ["patch", "image"])
def test_losses_of_a_label_map_release_are_scaled(context, name):
    observation = observe()
    one_hot = np.eye(4, dtype=np.float32)[observation.posteriors.argmax(axis=0)].transpose(2, 0, 1)
    hard = Observation("0", one_hot, observation.label, hard=True)
    file = "slm.safetensors" if name == "patch" else "image.safetensors"
    scaled, by_one, soft = (
        attack(file, name, hard_scale=scale).start(context)([o])[0].score
        for scale, o in ((50.0, hard), (1.0, hard), (50.0, Observation("0", one_hot, observation.label)))
    )
    assert by_one == soft
    assert scaled != by_one


@pytest.mark.parametrize(("file", "needed"), [("slm", True), ("both", True), ("free", False)])
def test_the_card_says_whether_a_label_map_is_needed(context, file, needed):
    chosen = attack(f"{file}.safetensors")
    assert chosen.requires_label(context) is needed
    assert attack(f"{file}.safetensors", sampler="rejection").requires_label(context)
    scorer = chosen.start(context)
    if needed:
        with pytest.raises(AttackError, match="label map"):
            scorer([observe(label=False)])
    else:
        assert np.isfinite(scorer([observe(label=False)])[0].score)


def test_an_image_without_any_labelled_pixel_is_refused(context):
    void = Observation("0", observe().posteriors, np.full((44, 61), 255, dtype=np.uint8))
    with pytest.raises(AttackError, match="void"):
        attack().start(context)([void])


def test_a_target_with_other_classes_is_refused_unless_the_network_is_class_free(context):
    image = observe(classes=6)
    for file in ("both", "free"):
        with pytest.raises(AttackError, match=r"4 classes, the target gives 6"):
            attack(f"{file}.safetensors").start(context)([image])
    assert np.isfinite(attack().start(context)([image])[0].score)


def test_each_attack_refuses_the_other_s_network(context):
    with pytest.raises(AttackError, match="attack 'image'"):
        attack("image.safetensors").start(context)
    with pytest.raises(AttackError, match="attack 'patch'"):
        attack("slm.safetensors", "image").start(context)


def test_a_network_of_another_grid_is_refused(context):
    card = AttackCard("small", "slm", {"width": 0.1}, short_side=256)
    save_attack(context.folder / "fine.safetensors", build_network(card), card)
    with pytest.raises(AttackError, match=r"fine\.safetensors.*256"):
        attack("fine.safetensors").start(context)


@pytest.mark.parametrize("name", ["patch", "image"])
def test_a_missing_network_is_named(context, name):
    with pytest.raises(AttackError, match=r"nowhere\.safetensors"):
        attack("nowhere.safetensors", name).start(context)


@pytest.mark.parametrize("shape", [(44, 61), (7, 90), (1, 1)])
def test_the_image_attack_scores_the_whole_map_and_its_evidence_sums_to_it(context, shape):
    random = np.random.default_rng(0)
    posteriors = random.dirichlet(np.ones(4), shape).transpose(2, 0, 1).astype(np.float32)
    observation = Observation("0", posteriors, random.integers(0, 4, shape).astype(np.uint8))
    result = attack("image.safetensors", "image").start(context)([observation])[0]
    network = load_attack(context.folder / "image.safetensors").network
    logits = network(torch.from_numpy(REPRESENTATIONS.get("slm")().of(observation))[None])[0]
    assert result.score == pytest.approx(float(logits[1] - logits[0]), abs=1e-5)
    assert result.maps["evidence"].sum(dtype=np.float64) == pytest.approx(result.score, abs=1e-5)
    assert result.maps["evidence_corrected"].shape == shape
    assert result.windows is None


def test_a_published_checkpoint_serves_both_attacks(tmp_path):
    card = AttackCard("resnet18", "slm")
    torch.manual_seed(0)
    torch.save({"state_dict": build_network(card).state_dict()}, tmp_path / "loss.pth.tar")
    context = AttackContext(folder=tmp_path)
    image = observe((90, 100))
    for name in ("patch", "image"):
        chosen = attack("loss.pth.tar", name)
        assert chosen.requires_label(context)
        assert np.isfinite(chosen.start(context)([image])[0].score)
    plain, dilated = (attack("loss.pth.tar", dilated=d).start(context)([image])[0].score for d in (False, True))
    assert plain != dilated


def test_every_attack_lists_its_parameters_without_torch():
    code = "import sys, core.attacks.all as a; print(*a.ATTACKS.names()); assert 'torch' not in sys.modules"
    names = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {"patch", "image", "loss", "dice", "confidence", "entropy"} <= set(names)
    for name in ("patch", "image"):
        assert issubclass(ATTACKS.get(name), NetworkAttack)
        assert all(info.help for info in parameters_of(ATTACKS.get(name)))
