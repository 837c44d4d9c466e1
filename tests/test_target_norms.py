import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.errors import TargetError
from core.targets.architectures import build
from core.targets.checkpoint import save_target
from core.targets.norms import group_count, with_group_norm
from core.targets.open import open_target
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing

GROUP = {"norm": "group"}
SOME = [
    ("smp:Unet", "resnet18"),
    ("smp:PSPNet", "resnet18"),
    ("smp:DeepLabV3Plus", "mobilenet_v2"),
    ("smp:UPerNet", "tu-convnext_femto"),
    ("smp:FPN", "tu-mobilenetv3_small_050"),
    ("torchvision:lraspp_mobilenet_v3_large", ""),
]
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def made(architecture, encoder, arguments):
    torch.manual_seed(0)
    return build(architecture, encoder, 5, arguments)


def answers(module, inputs):
    found = module(inputs)
    return found["out"] if isinstance(found, dict) else found


@pytest.mark.parametrize(("architecture", "encoder"), SOME)
def test_what_group_normalisation_says_of_an_image_does_not_depend_on_its_batch(architecture, encoder):
    module = made(architecture, encoder, GROUP).train()
    for layer in module.modules():
        if isinstance(layer, nn.Dropout | nn.Dropout2d):
            layer.p = 0.0
    inputs = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        alone, together = answers(module, inputs[:1]), answers(module, inputs)
    assert torch.allclose(alone, together[:1], atol=1e-4)
    assert list(module.buffers()) == [], "nothing keeps statistics"


@pytest.mark.parametrize(("architecture", "encoder"), SOME)
def test_group_normalisation_changes_no_name_and_no_initial_weight(architecture, encoder):
    plain = {k: v for k, v in made(architecture, encoder, {}).state_dict().items() if not k.endswith(STATISTICS)}
    grouped = made(architecture, encoder, GROUP).state_dict()
    assert plain.keys() == grouped.keys()
    assert all(torch.equal(plain[key], grouped[key]) for key in plain)


def test_batch_normalisation_is_what_no_word_about_it_means():
    assert (
        made("smp:Unet", "resnet18", {"norm": "batch"}).state_dict().keys()
        == made("smp:Unet", "resnet18", {}).state_dict().keys()
    )


def test_the_activation_inside_a_layer_of_timm_is_kept():
    from timm.layers.norm_act import BatchNormAct2d

    inputs = torch.randn(2, 8, 5, 5)
    active, passive = (
        with_group_norm(nn.Sequential(BatchNormAct2d(8, act_layer=nn.Hardswish, apply_act=on))) for on in (True, False)
    )
    by_hand = nn.functional.group_norm(inputs, 2)
    assert torch.allclose(passive(inputs), by_hand, atol=1e-5)
    assert torch.allclose(active(inputs.clone()), nn.functional.hardswish(by_hand), atol=1e-5)


def test_a_batch_normalisation_that_cannot_be_replaced_is_refused():
    with pytest.raises(ValueError, match="BatchNorm1d cannot become"):
        with_group_norm(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)))


@given(st.integers(1, 2048))
def test_groups_divide_the_channels_and_are_never_single_channels(channels):
    groups = group_count(channels)
    assert 1 <= groups <= 32
    assert channels % groups == 0
    assert groups == 1 or channels // groups >= 4
    better = [g for g in range(groups + 1, 33) if channels % g == 0 and channels // g >= 4]
    assert not better


def test_group_counts_known_by_heart():
    assert [group_count(c) for c in (1, 3, 8, 16, 64, 96, 128, 256, 576)] == [1, 1, 2, 4, 16, 24, 32, 32, 32]


# ---------------------------------------------------------------- checkpoints


def saved(path, arguments, module=None):
    module = module or made("smp:FPN", "tu-mobilenetv3_small_050", arguments)
    card = ("smp:FPN", "tu-mobilenetv3_small_050", 5, arguments, Preprocessing(multiple=32), None)
    save_target(path, module, *card)
    return module


def test_a_checkpoint_with_group_normalisation_opens_with_nothing_else(tmp_path):
    module = saved(tmp_path / "t.safetensors", GROUP).eval()
    opened = open_target(tmp_path / "t.safetensors").module()
    inputs = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(answers(module, inputs), answers(opened, inputs))
    assert any(isinstance(layer, nn.GroupNorm) for layer in opened.modules())
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in opened.modules())


@pytest.mark.parametrize("norm", ["instance", "", None, 3, ["group"], {"group": 1}, "x" * 1000])
def test_a_card_with_another_normalisation_is_refused(norm, tmp_path):
    saved(tmp_path / "t.safetensors", {"norm": norm}, made("smp:FPN", "tu-mobilenetv3_small_050", {}))
    with pytest.raises(TargetError, match=r"'norm' cannot be .*Choose one of: batch, group") as caught:
        open_target(tmp_path / "t.safetensors")
    assert len(str(caught.value)) < 300


def test_weights_of_the_other_normalisation_do_not_fit(tmp_path):
    saved(tmp_path / "t.safetensors", {}, made("smp:FPN", "tu-mobilenetv3_small_050", GROUP))
    with pytest.raises(TargetError, match=r"running_mean"):
        open_target(tmp_path / "t.safetensors")


def test_weights_alone_open_with_the_normalisation_named(tmp_path):
    module = made("smp:FPN", "tu-mobilenetv3_small_050", GROUP).eval()
    torch.save(module.state_dict(), tmp_path / "t.pth")
    options = TargetOptions.from_mapping(
        {
            "architecture": "smp:FPN",
            "encoder": "tu-mobilenetv3_small_050",
            "classes": 5,
            "arguments": GROUP,
        }
    )
    opened = open_target(tmp_path / "t.pth", options).module()
    inputs = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(answers(module, inputs), answers(opened, inputs))
