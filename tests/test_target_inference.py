from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn import functional

from core.data._cv import cv2
from core.errors import TargetError
from core.targets.base import TargetInfo
from core.targets.inference import input_batch, run_images
from core.targets.module_target import ModuleTarget
from core.targets.options import TargetOptions
from core.targets.output import prediction
from core.targets.preprocessing import Preprocessing
from core.targets.tiling import starts


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.calls = []

    def forward(self, x):
        self.calls.append(tuple(x.shape))
        return self.function(x)


def target_of(module, preprocessing=None, classes=0, **options):
    info = TargetInfo(Path("model.pth"), "test", "0" * 64, classes=classes)
    module = module if isinstance(module, nn.Module) else Function(module)
    return ModuleTarget(module, info, preprocessing or Preprocessing(), "cpu", TargetOptions(**options))


def pictures(*sizes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def test_preprocessing_is_what_it_says_pixel_by_pixel():
    (image,) = pictures((4, 5))
    how = Preprocessing(mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0), divide=2.0, channels="bgr")
    got = input_batch([image], how).values.numpy()
    for row in range(4):
        for col in range(5):
            for channel in range(3):
                value = (image[row, col, 2 - channel] / 2 - how.mean[channel]) / how.std[channel]
                assert got[0, channel, row, col] == pytest.approx(value, rel=1e-6)


def test_resizing_down_averages_like_an_area_filter():
    (image,) = pictures((64, 64))
    got = input_batch([image], Preprocessing(mean=(0,) * 3, std=(1,) * 3, divide=1.0, resize=(8, 8))).values[0].numpy()
    area = cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
    assert np.abs(got - area).mean() < 8  # a bilinear filter without antialiasing differs by about 40
    assert got.std() < 12


@pytest.mark.parametrize(("size", "mode"), [((10, 13), "reflect"), ((2, 3), "edge")])
def test_padding_repeats_the_image_at_the_bottom_and_on_the_right(size, mode):
    (image,) = pictures(size)
    got = input_batch([image], Preprocessing(mean=(0,) * 3, std=(1,) * 3, divide=1.0, multiple=8))
    down, right = -size[0] % 8, -size[1] % 8
    expected = np.pad(image, ((0, down), (0, right), (0, 0)), mode=mode).transpose(2, 0, 1)
    assert got.covered == size
    np.testing.assert_array_equal(got.values[0].numpy(), expected)


def test_images_of_one_size_go_through_together_and_come_back_in_order():
    module = Function(lambda x: x * 2)
    target = target_of(module)
    images = pictures((8, 8), (6, 8), (8, 8), (6, 8), (8, 8))
    outputs = run_images(target, images)
    assert sorted(module.calls) == [(2, 3, 6, 8), (3, 3, 8, 8)]
    for image, out in zip(images, outputs, strict=True):
        torch.testing.assert_close(out.values, 2 * input_batch([image], target.preprocessing).values[0])
        assert out.extent == image.shape[:2]


def test_nothing_in_gives_nothing_out():
    assert run_images(target_of(lambda x: x), []) == []


def test_another_preprocessing_can_be_tried_without_changing_the_target():
    target = target_of(lambda x: x)
    (image,) = pictures((4, 4))
    (out,) = run_images(target, [image], Preprocessing(mean=(0,) * 3, std=(1,) * 3, divide=1.0, channels="bgr"))
    np.testing.assert_array_equal(out.values.numpy(), image[..., ::-1].transpose(2, 0, 1))
    assert target.preprocessing == Preprocessing()


@pytest.mark.parametrize("stride", [1, 4])
def test_posteriors_have_the_image_s_size_after_resize_padding_and_stride(stride):
    target = target_of(lambda x: functional.avg_pool2d(x, stride), Preprocessing(resize=(18, 30), multiple=8))
    (image,) = pictures((37, 61))
    (out,) = target.outputs([image])
    assert out.values.shape[1:] == (24 // stride, 32 // stride)
    assert out.extent == (18 / stride, 30 / stride)
    (posteriors,) = target.posteriors([image])
    assert posteriors.shape == (3, 37, 61)
    np.testing.assert_allclose(posteriors.sum(0), 1, atol=1e-5)


def test_padding_does_not_shift_the_prediction():
    image = np.zeros((50, 70, 3), np.uint8)
    image[20:40, 30:60, 0] = 255
    how = Preprocessing(mean=(0.1, 0.2, 0.0), std=(1.0,) * 3, multiple=16)
    (out,) = target_of(lambda x: x, how).outputs([image])
    np.testing.assert_array_equal(prediction(out, (50, 70)) == 0, image[..., 0] == 255)


@given(st.integers(1, 300), st.integers(1, 80), st.integers(0, 79), st.sampled_from([1, 4, 8]))
@settings(max_examples=100)
def test_tiles_cover_everything_and_overlap_enough(length, tile, overlap, multiple):
    tile, length = -(-tile // multiple) * multiple, -(-length // multiple) * multiple
    overlap = min(overlap, tile - 1)
    begins = starts(length, tile, overlap, multiple)
    assert begins[0] == 0
    assert begins[-1] == max(length - tile, 0)
    assert all(b % multiple == 0 for b in begins)
    steps = np.diff(begins)
    assert (steps > 0).all()
    assert (steps <= max(tile - overlap, multiple)).all()


@given(st.integers(20, 60), st.integers(20, 60), st.integers(8, 30), st.integers(0, 7), st.integers(0, 9))
@settings(max_examples=25)
def test_tiling_a_pointwise_model_changes_nothing(height, width, tile, overlap, seed):
    torch.manual_seed(seed)
    module = nn.Conv2d(3, 4, 1)
    (image,) = pictures((height, width), seed=seed)
    whole = target_of(module).outputs([image])[0]
    tiled = target_of(module, Preprocessing(tile=tile, overlap=overlap)).outputs([image])[0]
    torch.testing.assert_close(tiled.values, whole.values, atol=1e-5, rtol=1e-5)
    assert tiled.extent == whole.extent


@pytest.mark.parametrize(("tile", "overlap", "native"), [(16, 8, True), (16, 5, True), (14, 5, False)])
def test_tiling_a_strided_model_stays_at_its_stride_where_tiles_allow(tile, overlap, native):
    module = Function(lambda x: functional.avg_pool2d(x, 4, ceil_mode=True))
    (image,) = pictures((40, 56))
    multiple = 4 if native else 1
    how = Preprocessing(multiple=multiple, tile=tile, overlap=overlap)
    whole = target_of(module).outputs([image])[0]
    tiled = target_of(module, how).outputs([image])[0]
    if native:
        torch.testing.assert_close(tiled.values, whole.values, atol=1e-5, rtol=1e-5)
    else:
        assert tiled.values.shape[1:] == (40, 56)
        assert tiled.extent == (40, 56)


def test_label_maps_are_cut_in_the_middle_of_the_overlap():
    def edges_are_wrong(x):
        labels = (x[:, 0] > 0).long()
        labels[..., :3], labels[..., -3:], labels[:, :3], labels[:, -3:] = 7, 7, 7, 7
        return labels

    (image,) = pictures((40, 52))
    how = Preprocessing(mean=(0.5,) * 3, std=(1.0,) * 3, tile=16, overlap=6)
    (out,) = target_of(edges_are_wrong, how, classes=8).outputs([image])
    assert out.kind == "labels"
    expected = (image[..., 0] / 255 > 0.5).astype(np.int64)
    np.testing.assert_array_equal(out.values.numpy()[3:-3, 3:-3], expected[3:-3, 3:-3])


def test_tiles_that_disagree_about_their_kind_are_an_error():
    def moody(x):
        return x.softmax(1) if x.mean() > 0 else x

    image = np.zeros((16, 32, 3), np.uint8)
    image[:, :16] = 255
    with pytest.raises(TargetError, match="output_kind"):
        target_of(moody, Preprocessing(tile=16)).outputs([image])


def test_an_input_the_model_cannot_take_is_explained():
    def picky(x):
        raise RuntimeError("Expected sides divisible by 32\nand more")

    with pytest.raises(TargetError, match=r"model\.pth: .* 10 x 12 pixels \(Expected sides divisible by 32\)"):
        target_of(picky).outputs(pictures((10, 12)))


def test_unusable_outputs_name_the_file():
    with pytest.raises(TargetError, match=r"model\.pth: .*NaN"):
        target_of(lambda x: x / 0).outputs([np.zeros((4, 4, 3), np.uint8)])


def test_a_batch_that_comes_back_with_another_length_is_an_error():
    with pytest.raises(TargetError, match="2 images gave 1 outputs"):
        target_of(lambda x: x[:1]).outputs(pictures((4, 4), (4, 4)))


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_running_out_of_memory_passes_through(error):
    def hungry(x):
        raise error

    with pytest.raises(type(error)) as caught:
        target_of(hungry).outputs(pictures((4, 4)))
    assert caught.value is error


def test_the_owner_s_word_on_the_output_is_heard():
    target = target_of(lambda x: {"a": x, "b": x.softmax(1)}, output="b", output_kind="logits")
    (out,) = target.outputs(pictures((4, 4)))
    assert out.kind == "logits"
    assert out.values.max() <= 1
