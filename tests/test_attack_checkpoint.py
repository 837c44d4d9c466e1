import json
import os
import pickle
import warnings
import zipfile
from functools import partial

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.attacks.networks import AttackCard, build_network, load_attack, read_card, save_attack
from core.attacks.networks.checkpoint import METADATA_KEY
from core.errors import AttackError
from core.files import sha256_of_file

torch.set_num_threads(1)

CARD = AttackCard(
    "small",
    "slm",
    {"width": 0.25},
    transform="log",
    threshold=0.5,
    threshold_source="held-out shadow images",
    trained_on="a shadow",
    extra={"auc": 0.75},
)


def trained(card):
    torch.manual_seed(1)
    network = build_network(card)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 1e5)
    return network.eval()


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "attack.safetensors"
    save_attack(path, trained(CARD), CARD)
    return path


def deep_stem_resnet(depth, channels):
    """The paper's network by surgery on a stock torchvision ResNet, independent of ours."""
    network = getattr(torchvision.models, f"resnet{depth}")(num_classes=2)
    conv, norm = partial(nn.Conv2d, kernel_size=3, padding=1, bias=False), nn.BatchNorm2d
    stem = [conv(channels, 64, stride=2), norm(64), nn.ReLU(), conv(64, 64), norm(64), nn.ReLU(), conv(64, 128)]
    network.conv1, network.bn1 = nn.Sequential(*stem), norm(128)
    first, width = network.layer1[0], 256 if depth == 50 else 64
    first.conv1 = nn.Conv2d(128, 64, 1, bias=False) if depth == 50 else conv(128, 64)
    first.downsample = nn.Sequential(nn.Conv2d(128, width, 1, bias=False), norm(width))
    for layer in (network.layer3, network.layer4):
        for module in layer.modules():
            if isinstance(module, nn.Conv2d):
                module.stride = (1, 1)
    for module in network.modules():
        if isinstance(module, norm):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


def published(depth, channels, prefix=""):
    """What the authors' training saves: a dict with the state dict and more."""
    network = deep_stem_resnet(depth, channels)
    state = {prefix + name: value for name, value in network.state_dict().items()}
    return network, {"epoch": 3, "arch": f"resnet{depth}", "state_dict": state}


def test_a_saved_network_comes_back_the_same(saved):
    loaded = load_attack(saved)
    x = torch.rand(2, 1, 40, 48) * 5
    expected = trained(CARD).cell_logits(x).detach().numpy()
    assert np.array_equal(loaded.cell_logits(x.numpy()), expected)
    assert loaded.card == CARD
    assert loaded.sha256 == sha256_of_file(saved)
    assert not loaded.network.training
    assert not any(p.requires_grad for p in loaded.network.parameters())
    assert read_card(saved) == CARD


def test_half_precision_halves_the_file_and_nearly_keeps_the_margins(saved, tmp_path):
    path = tmp_path / "half.safetensors"
    save_attack(path, trained(CARD), CARD, half=True)
    assert path.stat().st_size < 0.65 * saved.stat().st_size
    x = np.random.default_rng(0).random((1, 1, 64, 64), dtype=np.float32) * 5
    whole, half = load_attack(saved).cell_logits(x), load_attack(path).cell_logits(x)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, whole, atol=1e-2 * np.abs(whole).max())


def test_loading_draws_no_random_numbers(saved):
    before = torch.get_rng_state()
    load_attack(saved)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_card_that_does_not_describe_the_network_is_not_saved(tmp_path):
    other = AttackCard("small", "posteriors", {"width": 0.25}, classes=4)
    with pytest.raises(AttackError, match="do not fit"):
        save_attack(tmp_path / "a.safetensors", trained(CARD), other)
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_is_not_finite_is_neither_saved_nor_loaded(tmp_path, saved):
    network = trained(CARD)
    with torch.no_grad():
        network.fc.weight[0, 0] = float("nan")
    with pytest.raises(AttackError, match=r"fc\.weight"):
        save_attack(tmp_path / "nan.safetensors", network, CARD)
    state = safetensors.torch.load_file(saved)
    state["fc.bias"][0] = float("inf")
    safetensors.torch.save_file(state, saved, {METADATA_KEY: CARD.to_json()})
    with pytest.raises(AttackError, match=r"attack\.safetensors.*fc\.bias"):
        load_attack(saved)


@pytest.mark.parametrize(("depth", "entries"), [(18, 140), (34, 236), (50, 332)])
@pytest.mark.parametrize("channels", [1, 38])
def test_published_checkpoints_load_unchanged(tmp_path, depth, entries, channels):
    network, content = published(depth, channels)
    path = tmp_path / "bdd100k.pth.tar"
    torch.save(content, path)
    assert len(content["state_dict"]) == entries
    loaded = load_attack(path)
    assert loaded.card.architecture == f"resnet{depth}"
    assert loaded.card.representation == ("slm" if channels == 1 else "concatenation")
    assert loaded.card.classes == (None if channels == 1 else 19)
    assert (loaded.card.patch, loaded.card.transform, loaded.card.threshold) == (90, "none", None)
    x = torch.rand(1, channels, 24, 24)
    assert torch.allclose(loaded.network(x), network(x), rtol=1e-4, atol=1e-5)


def test_parallel_training_s_prefix_and_numpy_numbers_beside_the_weights_do_no_harm(tmp_path):
    network, content = published(18, 1, prefix="module.")
    path = tmp_path / "old.pth.tar"
    torch.save({**content, "best_auc": np.float64(0.9)}, path, _use_new_zipfile_serialization=False)
    x = torch.rand(1, 1, 24, 24)
    assert torch.allclose(load_attack(path).network(x), network(x), rtol=1e-4, atol=1e-5)


def test_a_published_network_can_be_dilated_and_look_at_whole_images(tmp_path):
    path = tmp_path / "dilated.pth"
    torch.save(published(18, 1)[1], path)
    loaded = load_attack(path, patch=0, dilated=True)
    assert loaded.network.layer4[1].conv1.dilation == (4, 4)
    assert loaded.card.patch == 0
    assert loaded.network.receptive_field > load_attack(path).network.receptive_field


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("ending", [".pth.tar", ".pth", ".pt"])
def test_a_pickle_that_would_run_code_is_refused_and_leaves_no_trace(tmp_path, ending):
    trap = tmp_path / "trap"
    path = tmp_path / f"evil{ending}"
    torch.save({"state_dict": {"conv1.0.weight": Malicious(trap)}}, path)
    with pytest.raises(AttackError, match=path.name):
        load_attack(path)
    path.write_bytes(pickle.dumps(Malicious(trap), protocol=2))
    with pytest.raises(AttackError, match=path.name):
        load_attack(path)
    assert not trap.exists()


@pytest.mark.filterwarnings("error")
def test_torchscript_is_refused_as_a_program_before_torch_looks_at_it(tmp_path):
    path = tmp_path / "program.pt"
    with warnings.catch_warnings(action="ignore"):
        torch.jit.script(nn.Linear(2, 2)).save(path)
    with pytest.raises(AttackError, match="TorchScript is a program"):
        load_attack(path)


def test_a_pickled_module_is_refused(tmp_path):
    path = tmp_path / "module.pth"
    torch.save(nn.Linear(2, 2), path)
    with pytest.raises(AttackError, match=r"module\.pth") as caught:
        load_attack(path)
    assert "trust" not in str(caught.value), "torch's own message tells how to run the code"


@pytest.mark.filterwarnings("ignore:Validating sparse")
@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"epoch": 1},
        {"state_dict": None},
        {"state_dict": {"conv1.0.weight": 3}},
        {"state_dict": {"conv1.0.weight": torch.zeros(3)}},
        {"state_dict": {"conv1.0.weight": torch.zeros(64, 3, 3, 3)}},
        {"state_dict": {"conv1.0.weight": torch.zeros(64, 1, 3, 3)}},
        {"state_dict": {"conv1.0.weight": torch.zeros(64, 100_000, 3, 3).to_sparse()}},
        {"state_dict": {7: torch.zeros(1)}},
    ],
)
def test_other_contents_are_refused(tmp_path, content):
    path = tmp_path / "other.pth"
    torch.save(content, path)
    with pytest.raises(AttackError, match=r"other\.pth"):
        load_attack(path)


def test_a_tensor_that_pretends_to_be_huge_is_refused_before_it_takes_memory(tmp_path):
    content = published(18, 1)[1]
    content["state_dict"]["fc.weight"] = torch.zeros(1, 1).expand(1 << 20, 1 << 20)
    path = tmp_path / "huge.pth"
    torch.save(content, path)
    with pytest.raises(AttackError, match=r"huge\.pth.*shape"):
        load_attack(path)


@pytest.mark.filterwarnings("ignore:Validating sparse")
@pytest.mark.parametrize(
    "value",
    [torch.zeros(2, 512).to_sparse(), torch.zeros(2, 512, dtype=torch.int64), torch.zeros(2, 512, device="meta")],
)
def test_tensors_that_are_no_plain_numbers_are_refused(tmp_path, value):
    content = published(18, 1)[1]
    content["state_dict"]["fc.weight"] = value
    path = tmp_path / "odd.pth"
    torch.save(content, path)
    with pytest.raises(AttackError, match=r"odd\.pth.*fc\.weight"):
        load_attack(path)


def test_weights_that_are_missing_or_too_many_are_named(tmp_path):
    content = published(18, 1)[1]
    del content["state_dict"]["layer1.0.conv1.weight"]
    content["state_dict"]["decoder.weight"] = torch.zeros(1)
    path = tmp_path / "part.pth"
    torch.save(content, path)
    with pytest.raises(AttackError, match=r"1 weights missing.*layer1\.0\.conv1.*unexpected.*decoder"):
        load_attack(path)


@pytest.mark.parametrize("keep", [0, 1, 9, 200, 0.5, 0.99])
def test_truncated_files_are_refused(saved, tmp_path, keep):
    old = tmp_path / "old.pth"
    torch.save({"state_dict": {"conv1.0.weight": torch.zeros(4, 1, 3, 3)}}, old)
    for path in (saved, old):
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * keep) if isinstance(keep, float) else keep])
        with pytest.raises(AttackError, match=path.name):
            load_attack(path)


@given(data=st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_any_bytes_are_refused_with_the_file_s_name(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("x.safetensors", "x.pth.tar", "x.zip"):
        path = folder / name
        path.write_bytes(data)
        with pytest.raises(AttackError, match=name):
            load_attack(path)


def test_a_zip_of_something_else_is_refused(tmp_path):
    path = tmp_path / "archive.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside.txt", "x")
    with pytest.raises(AttackError, match=r"archive\.pth"):
        load_attack(path)


def test_missing_files_and_unknown_endings_are_named(tmp_path):
    with pytest.raises(AttackError, match="nowhere"):
        load_attack(tmp_path / "nowhere.safetensors")
    with pytest.raises(AttackError, match="nowhere"):
        read_card(tmp_path / "nowhere.safetensors")
    with pytest.raises(AttackError, match="onnx"):
        save_attack(tmp_path / "attack.onnx", trained(CARD), CARD)


def test_safetensors_without_a_card_are_no_attack_network(saved):
    safetensors.torch.save_file(safetensors.torch.load_file(saved), saved)
    with pytest.raises(AttackError, match=METADATA_KEY):
        load_attack(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"representation": "loss"},
        {"representation": 3},
        {"architecture": None},
        {"architecture": "vit"},
        {"arguments": [1]},
        {"arguments": {"width": 1e9}},
        {"arguments": {"code": "x"}},
        {"classes": 1},
        {"classes": 10**9},
        {"patch": -1},
        {"patch": 90.5},
        {"short_side": True},
        {"transform": "square"},
        {"threshold": "high"},
        {"threshold": 10**400},
        {"threshold": float("nan")},
        {"representation": "posteriors"},
        {"representation": "posteriors", "classes": 4},
        {"extra": "x"},
    ],
)
def test_a_wrong_card_in_a_file_is_refused_with_the_file_s_name(saved, change):
    card = {**json.loads(CARD.to_json()), **change}
    safetensors.torch.save_file(safetensors.torch.load_file(saved), saved, {METADATA_KEY: json.dumps(card)})
    with pytest.raises(AttackError, match=r"attack\.safetensors"):
        load_attack(saved)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "{}", '{"architecture": "small"}'])
def test_a_card_that_is_no_table_is_refused(saved, text):
    safetensors.torch.save_file(safetensors.torch.load_file(saved), saved, {METADATA_KEY: text})
    with pytest.raises(AttackError, match=r"attack\.safetensors"):
        load_attack(saved)


def test_a_card_goes_through_json_unchanged_and_ignores_keys_of_later_versions():
    assert AttackCard.from_json(CARD.to_json()) == CARD
    later = {**json.loads(CARD.to_json()), "new_key": 1}
    assert AttackCard.from_json(json.dumps(later)) == CARD


def test_a_card_with_values_json_has_not_cannot_be_written():
    with pytest.raises(AttackError, match="cannot be written"):
        AttackCard("small", "slm", extra={"auc": float("nan")}).to_json()


@pytest.mark.parametrize(
    ("representation", "classes", "channels"),
    [("slm", None, 1), ("slm", 19, 1), ("concatenation", 19, 38), ("posteriors", 4, 4)],
)
def test_a_card_knows_the_channels_of_its_representation(representation, classes, channels):
    assert AttackCard("small", representation, classes=classes).channels == channels


def test_a_device_that_is_not_there_is_named(saved):
    with pytest.raises(AttackError, match="cuda:99"):
        load_attack(saved, "cuda:99")
