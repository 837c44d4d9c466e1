import io
import json
import os
import pickle

import numpy as np
import pytest
import safetensors.torch
import segmentation_models_pytorch as smp
import torch
import torchvision
from torch.nn import functional

from core.errors import SpecError, TargetError
from core.targets import architectures
from core.targets.checkpoint import read_card, save_target
from core.targets.open import open_target, recognised_format
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing

UNET = TargetOptions(architecture="smp:Unet", encoder="resnet18")


@pytest.fixture(scope="module")
def unet():
    torch.manual_seed(0)
    return smp.Unet("resnet18", encoder_weights=None, classes=5).eval()


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)


def plain_posteriors(module, image, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)):
    pixels = (torch.from_numpy(image).permute(2, 0, 1) / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[
        :, None, None
    ]
    with torch.no_grad():
        raw = module(pixels[None])
    logits = raw["out"] if isinstance(raw, dict) else raw
    logits = functional.interpolate(logits, image.shape[:2], mode="bilinear")
    return logits.softmax(1)[0].numpy()


def bytes_of(contents, **how):
    stream = io.BytesIO()
    torch.save(contents, stream, **how)
    return stream.getvalue()


HOLDERS = {
    "plain.pth": lambda s: s,
    "wrapped.pt": lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items()}, "epoch": 3, "best": 0.5},
    "lightning.ckpt": lambda s: {"state_dict": {f"model._orig_mod.{k}": v for k, v in s.items()}, "optimizer": {}},
    "averaged.bin": lambda s: {"model_ema": s, "args": "x"},
    "scores.pth.tar": lambda s: {"model": {"state_dict": s}, "best_pred": np.float64(0.7)},
}


@pytest.mark.parametrize("name", HOLDERS)
def test_weights_are_found_wherever_a_training_script_put_them(tmp_path, unet, image, name):
    (tmp_path / name).write_bytes(bytes_of(HOLDERS[name](unet.state_dict())))
    target = open_target(tmp_path / name, UNET)
    assert target.info.classes == 5
    np.testing.assert_allclose(target.posteriors([image])[0], plain_posteriors(unet, image), atol=1e-5)


def test_the_old_torch_file_form_opens(tmp_path, unet, image):
    (tmp_path / "old.pth").write_bytes(bytes_of(unet.state_dict(), _use_new_zipfile_serialization=False))
    got = open_target(tmp_path / "old.pth", UNET).posteriors([image])[0]
    np.testing.assert_allclose(got, plain_posteriors(unet, image), atol=1e-5)


def test_weights_in_half_precision_run_in_float32(tmp_path, unet, image):
    safetensors.torch.save_file({k: v.half() for k, v in unet.state_dict().items()}, tmp_path / "half.safetensors")
    target = open_target(tmp_path / "half.safetensors", UNET)
    assert {p.dtype for p in target.module().parameters()} == {torch.float32}
    np.testing.assert_allclose(target.posteriors([image])[0], plain_posteriors(unet, image), atol=0.02)


@pytest.mark.parametrize("name", ["lraspp_mobilenet_v3_large", "fcn_resnet50"])
def test_torchvision_weights_open_with_their_auxiliary_head_left_out(tmp_path, image, name):
    extra = {"aux_loss": True} if name.startswith("fcn") else {}
    torch.manual_seed(1)
    module = torchvision.models.get_model(name, weights=None, weights_backbone=None, num_classes=4, **extra).eval()
    torch.save(module.state_dict(), tmp_path / "tv.pth")
    target = open_target(tmp_path / "tv.pth", TargetOptions(architecture=f"torchvision:{name}"))
    assert target.info.classes == 4
    np.testing.assert_allclose(target.posteriors([image])[0], plain_posteriors(module, image), atol=1e-5)


def test_a_missing_architecture_is_asked_for_with_a_guess(tmp_path):
    module = smp.FPN("resnet34", encoder_weights=None, classes=3)
    torch.save(module.state_dict(), tmp_path / "w.pth")
    with pytest.raises(TargetError, match=r"w\.pth.*smp:FPN with encoder resnet34.*torchvision:fcn_resnet50"):
        open_target(tmp_path / "w.pth")


@pytest.mark.parametrize("name", ["deeplabv3_mobilenet_v3_large", "fcn_resnet50"])
def test_torchvision_weights_are_guessed_too(name):
    with torch.device("meta"):
        module = torchvision.models.get_model(name, weights=None, weights_backbone=None, num_classes=19)
    assert architectures.best_guess(module.state_dict()) == f"torchvision:{name}"


def test_weights_of_something_else_are_not_guessed():
    assert architectures.best_guess(torch.nn.Linear(3, 4).state_dict()) == ""


def test_names_that_do_not_fit_are_counted_and_the_first_ones_shown(tmp_path, unet):
    tensors = {k: v for k, v in unet.state_dict().items() if not k.startswith("decoder.")}
    tensors["extra.weight"] = torch.zeros(1)
    torch.save(tensors, tmp_path / "half.pth")
    with pytest.raises(TargetError) as caught:
        open_target(tmp_path / "half.pth", UNET)
    wanted = sum(k.startswith("decoder.") and not k.endswith("num_batches_tracked") for k in unet.state_dict())
    assert f"{wanted} missing: decoder.blocks.0.conv1.0.weight" in caught.value.message
    assert "1 unexpected: extra.weight" in caught.value.message
    assert caught.value.message.count("decoder.") == 5


def test_a_wrong_number_of_classes_shows_both_shapes(tmp_path, unet):
    torch.save(unet.state_dict(), tmp_path / "w.pth")
    options = TargetOptions(architecture="smp:Unet", encoder="resnet18", classes=19)
    with pytest.raises(TargetError, match=r"segmentation_head.0.weight \(5x16x3x3 instead of 19x16x3x3\)"):
        open_target(tmp_path / "w.pth", options)


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.open, (str(self.path), os.O_CREAT | os.O_WRONLY)


def test_the_payload_of_these_tests_does_create_a_file(tmp_path):
    os.close(pickle.loads(pickle.dumps(Payload(tmp_path / "made"))))
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("form", ["zip", "legacy", "bare"])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt"])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path, form, suffix):
    contents = {"state_dict": {"w": torch.zeros(2)}, "extra": Payload(tmp_path / "made")}
    data = (
        pickle.dumps(contents["extra"])
        if form == "bare"
        else bytes_of(contents, _use_new_zipfile_serialization=form == "zip")
    )
    (tmp_path / f"evil{suffix}").write_bytes(data)
    with pytest.raises(TargetError, match=f"evil{suffix}"):
        open_target(tmp_path / f"evil{suffix}", UNET)
    assert not (tmp_path / "made").exists()


def test_a_whole_pickled_module_is_refused_with_the_way_out(tmp_path, unet):
    torch.save(unet, tmp_path / "whole.pt")
    with pytest.raises(TargetError, match=r"whole\.pt.*torch\.save\(model\.state_dict\(\)"):
        open_target(tmp_path / "whole.pt", UNET)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("kept", [0, 7, 300, 0.5, 0.99])
def test_truncated_weights_are_refused(tmp_path, unet, name, kept):
    tensors = unet.state_dict()
    data = bytes_of(tensors) if name == "w.pth" else safetensors.torch.save(tensors)
    (tmp_path / name).write_bytes(data[: kept if isinstance(kept, int) else int(kept * len(data))])
    with pytest.raises(TargetError, match=name):
        open_target(tmp_path / name, UNET)


def test_our_own_checkpoint_needs_no_options(tmp_path, unet, image):
    path = tmp_path / "target.safetensors"
    preprocessing = Preprocessing(mean=(0.5,) * 3, std=(0.25,) * 3, resize=(64, 96))
    save_target(path, unet, "smp:Unet", "resnet18", 5, {}, preprocessing, "camvid11", {"made": "today"})
    target = open_target(path)
    assert recognised_format(path)[0].name == "checkpoint"
    assert (target.info.classes, target.info.scheme) == (5, "camvid11")
    assert target.preprocessing.resize == (64, 96)
    assert target.preprocessing.mean == (0.5,) * 3
    assert not [note for note in target.info.notes if "assumed" in note]
    assert read_card(path).extra == {"made": "today"}
    expected = plain_posteriors(unet, image, mean=(0.5,) * 3, std=(0.25,) * 3)
    np.testing.assert_allclose(target.posteriors([image])[0], expected, atol=1e-5)


def test_the_spec_overrules_the_checkpoint(tmp_path, unet):
    path = tmp_path / "target.safetensors"
    save_target(path, unet, "smp:Unet", "resnet18", 5, {}, Preprocessing(), "camvid11")
    target = open_target(path, TargetOptions(scheme="mine.toml"), Preprocessing(channels="bgr"))
    assert target.info.scheme == "mine.toml"
    assert target.preprocessing.channels == "bgr"


def test_an_architectures_arguments_survive_in_the_checkpoint(tmp_path):
    module = architectures.build("smp:Unet", "resnet18", 2, {"encoder_depth": 3, "decoder_channels": [16, 8, 8]})
    path = tmp_path / "t.safetensors"
    arguments = {"encoder_depth": 3, "decoder_channels": [16, 8, 8]}
    save_target(path, module, "smp:Unet", "resnet18", 2, arguments, Preprocessing(), None)
    assert open_target(path).module().state_dict().keys() == module.state_dict().keys()


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "os:system"},
        {"classes": "many"},
        {"classes": 0},
        {"arguments": {"encoder_weights": "imagenet"}},
        {"encoder": "tu-hf-hub:somebody/model"},
        {"encoder": "../model"},
        {"preprocessing": {"divide": -1}},
        {"version": 99},
        {"scheme": 3},
    ],
)
def test_a_tampered_checkpoint_is_refused(tmp_path, unet, change):
    path = tmp_path / "t.safetensors"
    save_target(path, unet, "smp:Unet", "resnet18", 5, {}, Preprocessing(), None)
    card = json.loads(read_card(path).to_json()) | change
    safetensors.torch.save_file(unet.state_dict(), path, metadata={"segleak_target": json.dumps(card)})
    with pytest.raises(TargetError):
        open_target(path)


def test_an_smp_folder_opens_offline_although_its_configuration_names_pretrained_weights(tmp_path, unet, image):
    unet.save_pretrained(tmp_path / "model")
    config_path = tmp_path / "model" / "config.json"
    config = json.loads(config_path.read_text())
    config_path.write_text(json.dumps(config | {"encoder_weights": "imagenet"}))
    target = open_target(tmp_path / "model")
    assert (target.info.format, target.info.classes) == ("smp-folder", 5)
    np.testing.assert_allclose(target.posteriors([image])[0], plain_posteriors(unet, image), atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"_model_class": "from_pretrained"},
        {"_model_class": "__loader__"},
        {"_model_class": ["Unet"]},
        {"encoder_name": "tu-hf_hub:x/y"},
        {"encoder_name": 4},
        {"in_channels": 4},
        {"unheard_of": 1},
    ],
)
def test_an_smp_folder_with_a_hostile_configuration_is_refused(tmp_path, unet, change):
    unet.save_pretrained(tmp_path / "model")
    config_path = tmp_path / "model" / "config.json"
    config_path.write_text(json.dumps(json.loads(config_path.read_text()) | change))
    with pytest.raises(TargetError):
        open_target(tmp_path / "model")


def test_an_smp_folder_without_weights_says_so(tmp_path, unet):
    unet.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(TargetError, match=r"there is no model\.safetensors"):
        open_target(tmp_path / "model")


def test_images_are_padded_to_what_the_architecture_needs(tmp_path):
    torch.manual_seed(2)
    module = smp.FPN("resnet18", encoder_weights=None, classes=3).eval()
    torch.save(module.state_dict(), tmp_path / "fpn.pth")
    target = open_target(tmp_path / "fpn.pth", TargetOptions(architecture="smp:fpn", encoder="resnet18"))
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    assert target.preprocessing.multiple == 32
    assert any("multiples of 32" in note for note in target.info.notes)
    assert target.posteriors([image])[0].shape == (3, 50, 70)


def test_unknown_files_and_folders_are_named_with_the_known_formats(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    for name in ("notes.txt", "folder"):
        with pytest.raises(TargetError, match=rf"{name}.*onnx.*state-dict"):
            open_target(tmp_path / name)
    with pytest.raises(TargetError, match="no such file"):
        open_target(tmp_path / "absent.pth")


def test_a_wrong_device_or_format_is_named(tmp_path):
    (tmp_path / "w.pth").write_bytes(b"")
    with pytest.raises(TargetError, match="cuda:99"):
        open_target(tmp_path / "w.pth", device="cuda:99")
    with pytest.raises(TargetError, match="no device 'tpu9'"):
        open_target(tmp_path / "w.pth", device="tpu9")
    with pytest.raises(TargetError, match="no target format 'keras'"):
        open_target(tmp_path / "w.pth", TargetOptions(format="keras"))


def test_every_architecture_on_the_list_builds_and_gives_its_classes():
    for name in architectures.architectures():
        encoder = (
            "" if name.startswith("torchvision") else "tu-vit_tiny_patch16_224" if name.endswith("DPT") else "resnet18"
        )
        with torch.device("meta"):
            module = architectures.build(name, encoder, 7)
        assert architectures.class_count(module.state_dict()) == 7, name


@pytest.mark.parametrize(
    ("name", "encoder", "classes", "arguments", "words"),
    [
        ("smp:Nothing", "resnet18", 2, {}, "no architecture 'smp:Nothing'"),
        ("smp:Unet", "", 2, {}, "needs an encoder"),
        ("smp:Unet", "resnet19", 2, {}, "no encoder 'resnet19'"),
        ("smp:Unet", "tu-no_such_model", 2, {}, "cannot be built"),
        ("smp:Unet", "resnet18", 0, {}, "number of classes"),
        ("smp:Unet", "resnet18", 2, {"encoder_weights": "imagenet"}, "encoder_weights"),
        ("torchvision:fcn_resnet50", "", 2, {"weights_backbone": "DEFAULT"}, "weights_backbone"),
        ("torchvision:fcn_resnet50", "resnet18", 2, {}, "fixed encoder"),
    ],
)
def test_what_cannot_be_built_says_why(name, encoder, classes, arguments, words):
    with pytest.raises(TargetError, match=words):
        architectures.build(name, encoder, classes, arguments)


def test_arguments_may_be_json_or_a_table():
    assert TargetOptions.from_mapping({"arguments": {"a": [1]}}).keyword_arguments() == {"a": [1]}
    assert TargetOptions(arguments='{"a": 2}').keyword_arguments() == {"a": 2}
    for wrong in ("{", "[1]"):
        with pytest.raises(SpecError, match="arguments"):
            TargetOptions(arguments=wrong)


@pytest.mark.parametrize("given", [{"tile": 64, "overlap": 16}, {"channels": "bgr"}, {"mean": [0.5, 0.5, 0.5]}])
def test_keys_that_are_given_go_before_the_files_and_the_rest_stays(tmp_path, unet, given):
    said = Preprocessing(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6), divide=1.0, resize=(64, 96), multiple=32)
    path = tmp_path / "own.safetensors"
    save_target(path, unet, "smp:Unet", "resnet18", 5, {}, said, None)
    opened = open_target(path, preprocessing=given)
    assert opened.preprocessing.to_mapping() == said.to_mapping() | given
    assert open_target(path).preprocessing == said


def test_keys_without_mean_and_std_still_note_what_is_assumed(tmp_path, unet):
    path = tmp_path / "plain.pth"
    torch.save(unet.state_dict(), path)
    notes = open_target(path, UNET, {"tile": 64}).info.notes
    assert any("ImageNet" in note for note in notes)
    given = {"mean": [0, 0, 0], "std": [1, 1, 1]}
    assert not any("ImageNet" in note for note in open_target(path, UNET, given).info.notes)
