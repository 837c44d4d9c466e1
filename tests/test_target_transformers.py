import builtins
import json
import os
import socket

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from core.errors import TargetError
from core.targets.open import open_target, recognised_format
from core.targets.preprocessing import Preprocessing
from core.targets.recognition import recognise

transformers = pytest.importorskip("transformers")

PLAIN = Preprocessing(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), divide=255.0)


def segformer(labels=5):
    config = transformers.SegformerConfig(
        num_labels=labels,
        depths=[1] * 4,
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1] * 4,
        decoder_hidden_size=16,
    )
    return transformers.SegformerForSemanticSegmentation(config).eval()


def mask2former():
    swin = transformers.SwinConfig(
        embed_dim=8,
        depths=[1] * 4,
        num_heads=[1] * 4,
        window_size=4,
        image_size=64,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = transformers.Mask2FormerConfig(
        backbone_config=swin,
        use_pretrained_backbone=False,
        num_labels=5,
        hidden_dim=32,
        feature_size=32,
        mask_feature_size=32,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        dim_feedforward=16,
        encoder_feedforward_dim=16,
        num_queries=7,
    )
    return transformers.Mask2FormerForUniversalSegmentation(config).eval()


@pytest.fixture(scope="module")
def models():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {"segformer": segformer(), "mask2former": mask2former()}


@pytest.fixture
def folder(models, tmp_path):
    def save(name="segformer", processor=None, **config):
        path = tmp_path / name
        models[name].save_pretrained(path)
        if processor is not None:
            (path / "preprocessor_config.json").write_text(json.dumps(processor))
        if config:
            edit(path / "config.json", **config)
        return path

    return save


def edit(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


def scaled(image):
    return torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255))


def test_segformer_gives_transformers_posteriors(folder, models, image):
    target = open_target(folder(), preprocessing=PLAIN)
    with torch.no_grad():
        logits = models["segformer"](scaled(image)).logits
    full = interpolate(logits, (64, 96), mode="bilinear", align_corners=False).softmax(1)[0]
    np.testing.assert_allclose(target.posteriors([image])[0], full.numpy(), atol=1e-5)
    assert target.info.classes == 5
    assert target.info.architecture == "transformers:SegformerForSemanticSegmentation"
    assert not target.info.runs_code and not target.module().training


def test_mask2former_gives_transformers_semantic_segmentation(folder, models, image):
    target = open_target(folder("mask2former"), preprocessing=PLAIN)
    with torch.no_grad():
        raw = target.forward(scaled(image))
        own = models["mask2former"](scaled(image))
    for key in ("class_queries_logits", "masks_queries_logits"):
        torch.testing.assert_close(raw[key], own[key])
    # The queries of an untrained model are all alike. Its own function first upsamples masks to 384 x 384: at that
    # size nothing is left to interpolate.
    random = torch.Generator().manual_seed(0)
    raw.class_queries_logits = 3 * torch.randn(1, 7, 6, generator=random)
    raw.masks_queries_logits = interpolate(3 * torch.randn(1, 7, 16, 24, generator=random), (384, 384), mode="bilinear")
    (oracle,) = transformers.Mask2FormerImageProcessor().post_process_semantic_segmentation(raw)
    found = recognise(raw, classes=5)
    assert found.kind == "probabilities" and len(oracle.unique()) == 5
    torch.testing.assert_close(found.values.argmax(1)[0], oracle)
    torch.testing.assert_close(found.values.sum(1), torch.ones(1, 384, 384))
    assert target.posteriors([image])[0].shape == (5, 64, 96)


def test_a_folder_is_told_from_other_folders(folder, tmp_path):
    target_format, sentence = recognised_format(folder())
    assert target_format.name == "transformers" and "SegformerForSemanticSegmentation" in sentence
    edit(tmp_path / "segformer" / "config.json", architectures=["SegformerForImageClassification"])
    with pytest.raises(TargetError, match="segformer"):
        recognised_format(tmp_path / "segformer")


def test_the_folders_preprocessing_is_used(folder, image):
    said = {
        "image_processor_type": "SegformerImageProcessor",
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.1, 0.2, 0.3],
        "image_std": [0.4, 0.5, 0.6],
        "rescale_factor": 1 / 255,
        "resample": 2,
        "size": {"height": 32, "width": 64},
    }
    target = open_target(folder(processor=said))
    wanted = transformers.SegformerImageProcessor.from_dict(said)(image, return_tensors="pt")["pixel_values"]
    seen = []
    target.module().register_forward_pre_hook(lambda _, args, kwargs: seen.append(kwargs), with_kwargs=True)
    target.outputs([image])
    # transformers resizes bytes and rounds them, so half a grey level divided by the deviation may differ.
    torch.testing.assert_close(seen[0]["pixel_values"], wanted, atol=1.01 / 255 / 0.4, rtol=0)
    assert (target.preprocessing.resize, target.info.notes) == ((32, 64), ())


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"do_rescale": False, "do_normalize": False}, {"divide": 1.0, "mean": (0.0,) * 3, "std": (1.0,) * 3}),
        ({"image_processor_type": "MobileViTImageProcessor"}, {"channels": "bgr", "mean": (0.0,) * 3}),
        ({"do_flip_channel_order": True, "image_mean": [0.5] * 3}, {"channels": "bgr", "mean": (0.5,) * 3}),
        ({"feature_extractor_type": "SegformerFeatureExtractor", "size": 40}, {"resize": (40, 40)}),
        ({"size": {"shortest_edge": 40}}, {"resize": None}),
        ({"size": {"height": 8, "width": 9}, "do_resize": False}, {"resize": None}),
        ({"size_divisor": 32}, {"multiple": 32}),
        ({"size_divisor": 32, "do_pad": False}, {"multiple": 1}),
        ({"rescale_factor": 1 / 127.5}, {"divide": 127.5}),
    ],
)
def test_preprocessor_settings_are_read_as_their_processor_means_them(folder, said, wanted):
    found = open_target(folder(processor=said)).preprocessing
    assert {key: getattr(found, key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"size": {"shortest_edge": 40, "longest_edge": 80}}, "own size"),
        ({"size": {"height": 8, "width": 8}, "resample": 3}, "bilinearly"),
        ({"do_center_crop": True, "crop_size": 8}, "crops"),
    ],
)
def test_what_cannot_be_followed_is_said_in_a_note(folder, said, word):
    path = folder(processor=said)
    assert any(word in note for note in open_target(path).info.notes)
    assert not any(word in note for note in open_target(path, preprocessing=PLAIN).info.notes)


@pytest.mark.parametrize("said", [{"rescale_factor": 0}, {"image_mean": "x"}, {"image_std": [0, 0, 0]}, {"size": {
    "height": -1, "width": 2}}, {"size_divisor": 5000}, {"image_mean": 3}])  # fmt: skip
def test_broken_preprocessing_is_an_error_naming_the_file(folder, said):
    with pytest.raises(TargetError, match=r"segformer/preprocessor_config\.json"):
        open_target(folder(processor=said))


def test_opening_never_touches_the_network(folder, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    tried = []
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, lambda *args: tried.append(args))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: tried.append(args) or [])
    open_target(folder())
    remote = {"backbone": "somebody/model", "backbone_config": None, "use_timm_backbone": False}
    with pytest.raises(TargetError, match="mask2former"):
        open_target(folder("mask2former", use_pretrained_backbone=True, **remote))
    assert not tried
    assert constants.HF_HUB_OFFLINE is False and "HF_HUB_OFFLINE" not in os.environ


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"auto_map": {"AutoConfig": "evil.Config"}}, "auto_map"),
        ({"backbone_config": {"auto_map": {}}}, "auto_map"),
        ({"attn_implementation": "somebody/kernel"}, "attn_implementation"),
        ({"backbone_config": [{"_attn_implementation": {"": "a/b"}}]}, "attn_implementation"),
    ],
)
def test_a_folder_that_brings_code_is_refused_with_the_reason(folder, config, reason):
    with pytest.raises(TargetError, match=rf"segformer: refused.*{reason}"):
        open_target(folder(**config))


def test_an_adapter_is_refused(folder):
    path = folder()
    (path / "adapter_config.json").write_text('{"base_model_name_or_path": "/elsewhere"}')
    with pytest.raises(TargetError, match=r"segformer: refused.*adapter"):
        open_target(path)


def test_pickled_weights_are_not_opened(folder):
    path = folder()
    (path / "model.safetensors").rename(path / "pytorch_model.bin")
    with pytest.raises(TargetError, match=r"segformer.*model\.safetensors.*save_pretrained"):
        open_target(path)


def test_weights_in_several_files_are_read(models, tmp_path, image):
    models["segformer"].save_pretrained(tmp_path / "sharded", max_shard_size="20KB")
    assert len(list((tmp_path / "sharded").glob("*.safetensors"))) > 1
    found = open_target(tmp_path / "sharded", preprocessing=PLAIN).module().state_dict()
    torch.testing.assert_close(found, models["segformer"].state_dict())


@pytest.mark.parametrize("name", ["../w.safetensors", "/w.safetensors", "sub/w.safetensors", "..\\w.safetensors"])
def test_shards_outside_the_folder_are_refused(folder, name):
    path = folder()
    (path / "model.safetensors").rename(path.parent / "w.safetensors")
    (path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(TargetError, match=r"segformer: refused.*outside"):
        open_target(path)


def test_missing_weights_are_an_error_rather_than_random_numbers(folder):
    from safetensors.torch import load_file, save_file

    path = folder()
    weights = load_file(path / "model.safetensors")
    del weights["decode_head.classifier.weight"]
    save_file(weights, path / "model.safetensors", {"format": "pt"})
    with pytest.raises(TargetError, match=r"segformer.*missing: decode_head\.classifier\.weight"):
        open_target(path)


def test_weights_that_are_not_used_are_noted(folder):
    from safetensors.torch import load_file, save_file

    path = folder()
    weights = load_file(path / "model.safetensors")
    save_file({**weights, "extra.weight": torch.zeros(1)}, path / "model.safetensors", {"format": "pt"})
    assert any("extra.weight" in note for note in open_target(path).info.notes)


def test_half_precision_weights_run_in_float32(models, tmp_path, image):
    import copy

    copy.deepcopy(models["segformer"]).half().save_pretrained(tmp_path / "half")
    target = open_target(tmp_path / "half", preprocessing=PLAIN)
    assert {p.dtype for p in target.module().parameters()} == {torch.float32}
    assert target.outputs([image])[0].values.dtype == torch.float32


def test_one_label_is_the_second_of_two_classes(tmp_path, image):
    segformer(labels=1).save_pretrained(tmp_path / "binary")
    target = open_target(tmp_path / "binary", preprocessing=PLAIN)
    assert target.info.classes == 2 and target.posteriors([image])[0].shape == (2, 64, 96)


def test_a_model_that_needs_more_than_an_image_is_refused(folder, monkeypatch):
    def forward(self, pixel_values, task_inputs, return_dict=None):
        raise AssertionError("not reached")

    monkeypatch.setattr(transformers.SegformerForSemanticSegmentation, "forward", forward)
    with pytest.raises(TargetError, match=r"segformer.*task_inputs"):
        open_target(folder())


def test_a_configuration_that_does_not_fit_the_weights_is_an_error(folder):
    with pytest.raises(TargetError, match="segformer"):
        open_target(folder(hidden_sizes=[8, 8, 16, 24]))
    with pytest.raises(TargetError, match="segformer"):
        open_target(folder(num_attention_heads=[0, 0, 0, 0]))
    with pytest.raises(TargetError, match=r"segformer.*has no FantasyForSemanticSegmentation"):
        open_target(folder(architectures=["FantasyForSemanticSegmentation"]))


def test_without_transformers_the_command_to_install_it_is_named(folder, monkeypatch):
    path, real = folder(), builtins.__import__

    def without(name, *args, **kwargs):
        if name == "transformers":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TargetError, match=r'pip install "segleak\[transformers\]"'):
        open_target(path)


def test_opening_prints_nothing(folder, capfd):
    path = folder()
    capfd.readouterr()
    open_target(path)
    assert capfd.readouterr() == ("", "")
