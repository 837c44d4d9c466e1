from pathlib import Path

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
import torchvision
from torch import nn

from core.defenses.dropout import Dropout
from core.errors import TargetError
from core.targets.base import Target, TargetInfo
from core.targets.dropout import with_dropout
from core.targets.module_target import ModuleTarget
from core.targets.options import TargetOptions
from core.targets.output import full_posteriors
from core.targets.preprocessing import Preprocessing


def target_of(module, classes=4, preprocessing=None):
    info = TargetInfo(Path("model.pth"), "test", "0" * 64, classes=classes)
    return ModuleTarget(module, info, preprocessing or Preprocessing(), "cpu", TargetOptions())


@pytest.fixture(scope="module")
def unet():
    torch.manual_seed(0)
    return target_of(smp.Unet("resnet18", encoder_weights=None, classes=4))


@pytest.fixture(scope="module")
def fpn():
    torch.manual_seed(0)
    return target_of(smp.FPN("resnet18", encoder_weights=None, classes=4))


@pytest.fixture(scope="module")
def images():
    return list(np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8))


def values(outputs):
    return [o.values.numpy() for o in outputs]


def test_the_answer_of_an_image_depends_on_its_key_alone(unet, images):
    dropped = with_dropout(unet, Dropout(p=0.3, passes=2))
    together = values(dropped.outputs_for(images, [7, 8, 9]))
    torch.manual_seed(123)
    np.random.seed(5)  # noqa: NPY002 - global state is exactly what must not matter
    alone = [values(dropped.outputs_for([images[i]], [7 + i]))[0] for i in (2, 0, 1)]
    for i, found in zip((2, 0, 1), alone, strict=True):
        np.testing.assert_array_equal(found, together[i])
    assert not np.array_equal(values(dropped.outputs_for(images[:1], [8]))[0], together[0])


def test_global_random_state_is_left_alone(unet, images):
    before = torch.get_rng_state()
    with_dropout(unet, Dropout(p=0.3)).outputs_for(images[:1], [1])
    assert torch.equal(torch.get_rng_state(), before)


def test_the_target_is_as_before_even_after_an_error(fpn, images):
    before = values(fpn.outputs(images))
    dropped = with_dropout(fpn, Dropout(p=0.5, passes=2))
    assert not np.allclose(values(dropped.outputs_for(images, [1, 2, 3]))[0], before[0])
    with pytest.raises(TargetError):
        dropped.outputs_for([np.zeros((33, 33, 3), np.uint8)], [1])
    assert not fpn.module().training
    np.testing.assert_array_equal(values(fpn.outputs(images)), before)


def test_nothing_dropped_is_the_undefended_answer(unet, images):
    dropped = with_dropout(unet, Dropout(p=0.0, passes=3, place="classifier")).outputs_for(images, [1, 2, 3])
    for out, plain in zip(dropped, unet.posteriors(images), strict=True):
        np.testing.assert_allclose(full_posteriors(out, (64, 64)), plain, atol=1e-5)


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
def test_nothing_dropped_is_the_undefended_answer_at_a_coarse_stride_too(images, kind):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 4, stride=4), nn.Conv2d(8, 4, 1)]
    target = target_of(nn.Sequential(*layers, *([nn.Softmax(1)] if kind == "probabilities" else [])))
    (out,) = with_dropout(target, Dropout(p=0.0, passes=2)).outputs_for(images[:1], [1])
    assert out.kind == kind
    np.testing.assert_allclose(full_posteriors(out, (64, 64)), target.posteriors(images[:1])[0], atol=1e-6)


def test_passes_are_averaged_as_probabilities(unet, images):
    # The first of several passes is the only one of one pass: compare with passes told apart by their running mean.
    def posteriors(passes):
        (out,) = with_dropout(unet, Dropout(p=0.3, passes=passes)).outputs_for(images[:1], [5])
        return full_posteriors(out, (64, 64)).astype(np.float64)

    sums = [n * posteriors(n) for n in (1, 2, 3)]
    for single in (sums[0], sums[1] - sums[0], sums[2] - sums[1]):
        np.testing.assert_allclose(single.sum(0), 1, atol=1e-5)
        assert single.min() > -1e-5
    assert np.abs(sums[1] - 2 * sums[0]).max() > 1e-3


class OneLayer(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return (
            self.layer(torch.ones(1, 400, *x.shape[2:]))[:, :4] if x is None else self.layer(torch.ones(1, 200, 8, 8))
        )


@pytest.mark.parametrize("layer", [nn.Dropout(0.3), nn.Dropout2d(0.3)])
@pytest.mark.parametrize("p", [0.0, 0.6])
def test_own_layers_drop_their_share_and_scale_the_rest(layer, p):
    target = target_of(OneLayer(layer), classes=200)
    (out,) = with_dropout(target, Dropout(p=p, place="own")).outputs_for([np.zeros((8, 8, 3), np.uint8)], [3])
    share = p or 0.3
    kept = np.exp(out.values.numpy() - out.values.numpy().max(0)) > 0.5  # logits were 0 or 1 / (1 - p)
    assert kept.mean() == pytest.approx(1 - share, abs=0.1 if isinstance(layer, nn.Dropout2d) else 0.02)
    whole = np.all(kept == kept[:, :1, :1])
    assert whole == isinstance(layer, nn.Dropout2d)
    gap = out.values.numpy().max(0) - out.values.numpy().min(0)
    np.testing.assert_allclose(gap, 1 / (1 - share), rtol=1e-4)


def test_auto_uses_own_layers_where_there_are_any(fpn, unet):
    assert list(with_dropout(fpn, Dropout()).layers) == ["decoder.dropout"]
    assert list(with_dropout(unet, Dropout()).layers) == ["segmentation_head.0"]
    assert with_dropout(fpn, Dropout(p=0.0)).layers == {"decoder.dropout": 0.2}
    with pytest.raises(TargetError, match="no dropout layers"):
        with_dropout(unet, Dropout(place="own"))


def test_the_classifier_is_not_the_auxiliary_one():
    module = torchvision.models.segmentation.fcn_resnet50(
        weights=None, weights_backbone=None, num_classes=4, aux_loss=True
    )
    assert with_dropout(target_of(module), Dropout(place="classifier")).classifier == "classifier.4"
    assert list(with_dropout(target_of(module), Dropout(place="auto")).layers) == ["classifier.3"]


def test_everything_dropped_before_the_classifier_leaves_its_bias(unet, images):
    (out,) = with_dropout(unet, Dropout(p=1.0, place="classifier")).outputs_for(images[:1], [1])
    bias = unet.module().segmentation_head[0].bias.detach().softmax(0).numpy()
    np.testing.assert_allclose(full_posteriors(out, (64, 64))[:, 20, 20], bias, atol=1e-6)


def test_tiles_of_one_image_draw_masks_of_their_own():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 64, 1), nn.Dropout2d(0.5), nn.Conv2d(64, 4, 1))
    target = target_of(module, preprocessing=Preprocessing(tile=8))
    image = np.full((8, 16, 3), 200, np.uint8)
    (out,) = with_dropout(target, Dropout(p=0.5)).outputs_for([image], [1])
    left, right = out.values[:, 0, 0], out.values[:, 0, -1]
    assert (left - right).abs().max() > 1e-3


def test_formats_without_a_module_say_why():
    class Sealed(Target):
        def forward(self, batch):
            return batch

    sealed = Sealed(TargetInfo(Path("m.onnx"), "onnx", "0" * 64), Preprocessing(), "cpu")
    with pytest.raises(TargetError, match=r"m\.onnx.*cannot be changed"):
        with_dropout(sealed, Dropout())


def test_a_model_without_a_recognisable_classifier_is_an_error():
    with pytest.raises(TargetError, match="no last convolution with 4"):
        with_dropout(target_of(nn.Conv2d(3, 7, 1)), Dropout())


def test_label_maps_cannot_be_averaged():
    class Hard(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x):
            return self.conv(x).argmax(1)

    with pytest.raises(TargetError, match="label maps"):
        with_dropout(target_of(Hard()), Dropout()).outputs_for([np.zeros((4, 4, 3), np.uint8)], [1])
