import json
import os
import pickle
import struct
import warnings
import zipfile

import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from core.errors import SegLeakError
from core.targets.open import open_target
from core.targets.options import TargetOptions

KNOWN = TargetOptions(architecture="torchvision:lraspp_mobilenet_v3_large", classes=4)


class CreatesFile:
    """What a malicious checkpoint holds: unpickling it would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.fixture
def trap(tmp_path):
    """The file that must not come into being."""
    path = tmp_path / "trap"
    yield path
    assert not path.exists()


def refused(path, mentions=""):
    """Open it in every way there is; each must be refused with a sentence that names the file."""
    before = sorted(path.parent.rglob("*"))
    for trusted in (frozenset(), lambda _: True):
        for options in (KNOWN, TargetOptions()):
            with pytest.raises(SegLeakError) as caught:
                open_target(path, options, trusted=trusted)
            assert path.name in caught.value.message
            assert mentions in str(caught.value)
    assert sorted(path.parent.rglob("*")) == before


def plain_pickle(content, path):
    path.write_bytes(pickle.dumps(content))


def legacy_checkpoint(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def zip_checkpoint(content, path):
    torch.save(content, path)


def test_the_trap_works(tmp_path):
    path = tmp_path / "w.pt"
    zip_checkpoint({"state_dict": CreatesFile(tmp_path / "made")}, path)
    torch.load(path, weights_only=False)["state_dict"].close()
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("write", [plain_pickle, legacy_checkpoint, zip_checkpoint])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".pth.tar", ".safetensors", ".onnx"])
def test_a_checkpoint_that_would_create_a_file_is_refused(tmp_path, trap, write, suffix):
    path = tmp_path / f"weights{suffix}"
    write({"state_dict": {"w": torch.zeros(1), "x": CreatesFile(trap)}}, path)
    refused(path)


def test_a_zip_whose_pickle_was_replaced_is_refused(tmp_path, trap):
    good, path = tmp_path / "good.pt", tmp_path / "bad.pt"
    torch.save({"w": torch.zeros(3)}, good)
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            replaced = pickle.dumps(CreatesFile(trap)) if name.endswith("data.pkl") else source.read(name)
            target.writestr(name, replaced)
    good.unlink()
    refused(path)


@pytest.mark.parametrize("part", ["data.pkl", "constants.pkl"])
def test_a_malicious_pickle_posing_as_torchscript_asks_for_trust_and_is_not_run_even_then(tmp_path, trap, part):
    path = tmp_path / "program.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl"):
            archive.writestr(f"archive/{name}", pickle.dumps(CreatesFile(trap) if name == part else ()))
        archive.writestr("archive/code/__torch__.py", "")
        archive.writestr("archive/version", "3\n")
    refused(path)


def scripted(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(torch.nn.Conv2d(3, 4, 1)), path)


def exported(path):
    torch.export.save(torch.export.export(torch.nn.Conv2d(3, 4, 1), (torch.zeros(1, 3, 4, 4),)), path)


def onnx_file(path, external=None):
    weight = numpy_helper.from_array(torch.zeros(4, 3, 1, 1).numpy(), "w")
    if external is not None:
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=str(external))
    values = [helper.make_tensor_value_info(k, TensorProto.FLOAT, ["n", c, "h", "w"]) for k, c in (("x", 3), ("y", 4))]
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g", values[:1], values[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())


def weights(path):
    save_file({"a.weight": torch.zeros(8, 8), "a.bias": torch.zeros(8)}, path)


def checkpoint(path):
    torch.save({"a.weight": torch.zeros(8, 8), "a.bias": torch.zeros(8)}, path)


def legacy(path):
    torch.save({"a.weight": torch.zeros(8, 8)}, path, _use_new_zipfile_serialization=False)


FILES = {
    "model.onnx": onnx_file,
    "weights.safetensors": weights,
    "weights.pt": checkpoint,
    "weights.pth": legacy,
    "script.pt": scripted,
    "program.pt2": exported,
}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(tmp_path, name, share):
    path = tmp_path / name
    FILES[name](path)
    data = path.read_bytes()
    path.write_bytes(data[: min(int(len(data) * share), len(data) - 1)])
    refused(path)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_noise_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(bytes(torch.randint(0, 256, (5000,), generator=torch.Generator().manual_seed(0)).tolist()))
    refused(path)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_named_as_a_file_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    refused(tmp_path / name)


@pytest.mark.parametrize("name", [*FILES, "weights.ckpt", "weights.bin", "weights.pth.tar", "empty"])
def test_an_empty_file_is_refused(tmp_path, name):
    (tmp_path / name).touch()
    refused(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_and_a_broken_link_are_refused(tmp_path, name):
    refused(tmp_path / name)
    (tmp_path / name).symlink_to(tmp_path / "nowhere")
    refused(tmp_path / name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("chosen", ["onnx", "torchscript", "exported", "transformers", "smp-folder", "state-dict"])
def test_a_format_forced_onto_another_file_is_refused(tmp_path, name, chosen):
    FILES[name](tmp_path / name)
    if (name, chosen) == ("model.onnx", "onnx"):
        assert open_target(tmp_path / name, TargetOptions(format=chosen)).info.format == "onnx"
        return
    with pytest.raises(SegLeakError, match=name):
        open_target(tmp_path / name, TargetOptions(format=chosen))


@pytest.mark.parametrize("format_name", ["auto", "onnx", "torchscript", "exported"])
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path, format_name):
    path = tmp_path / "model.onnx"
    os.mkfifo(path)
    with pytest.raises(SegLeakError, match=r"model\.onnx"):
        open_target(path, TargetOptions(format=format_name))


@pytest.mark.parametrize("external", ["/etc/hostname", "../outside.bin", "sub/../../outside.bin", "link.bin"])
def test_an_onnx_model_with_weights_outside_its_folder_is_refused(tmp_path, external):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(48))
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    onnx_file(folder / "model.onnx", external)
    refused(folder / "model.onnx", mentions="outside the model's folder")


def test_an_onnx_model_nested_deeper_than_any_real_one_is_refused(tmp_path):
    def field(number, content):
        length, size = b"", len(content)
        while True:
            size, low = size >> 7, size & 127
            length += bytes([low | (128 if size else 0)])
            if not size:
                return bytes([number << 3 | 2]) + length + content

    graph = b""
    for _ in range(2000):
        attribute = field(1, b"then_branch") + field(6, graph)  # AttributeProto: name, g
        graph = field(1, field(4, b"If") + field(5, attribute))  # GraphProto: node; NodeProto: op_type, attribute
    (tmp_path / "deep.onnx").write_bytes(b"\x08\x09" + field(7, graph))
    refused(tmp_path / "deep.onnx")


@pytest.mark.parametrize("length", [1 << 62, (1 << 64) - 1, 1 << 40, 100_000_001, 0])
def test_safetensors_with_an_absurd_header_length_is_refused(tmp_path, length):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", length) + b'{"a":{}}')
    refused(path)


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 50_000,
        b"{}",
        b'{"a": 1}',
        b'{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}',
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}',
        b'{"__metadata__":{"segleak_target":"{\\"architecture\\": \\"os.system\\"}"}}',
    ],
)
def test_safetensors_with_an_odd_header_is_refused(tmp_path, header):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    refused(path)


@pytest.fixture(scope="module")
def transformers_folder(tmp_path_factory):
    transformers = pytest.importorskip("transformers")
    config = transformers.SegformerConfig(
        num_labels=4,
        depths=[1] * 4,
        hidden_sizes=[8] * 4,
        num_attention_heads=[1] * 4,
        decoder_hidden_size=8,
    )
    path = tmp_path_factory.mktemp("saved") / "segformer"
    transformers.SegformerForSemanticSegmentation(config).save_pretrained(path)
    return path


def copied(source, target):
    target.mkdir()
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    return target


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_folder_with_a_truncated_file_is_refused(tmp_path, transformers_folder, file, share):
    folder = copied(transformers_folder, tmp_path / "folder")
    data = (folder / file).read_bytes().rstrip()
    (folder / file).write_bytes(data[: min(int(len(data) * share), len(data) - 1)])
    refused(folder)


def test_a_folder_that_brings_python_code_is_refused_and_the_code_not_run(tmp_path, transformers_folder, trap):
    folder = copied(transformers_folder, tmp_path / "folder")
    code = f"open({str(trap)!r}, 'w')\n"
    (folder / "modeling_evil.py").write_text(code)
    (folder / "__init__.py").write_text(code)
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = dict.fromkeys(("AutoConfig", "AutoModelForSemanticSegmentation"), "modeling_evil.Evil")
    (folder / "config.json").write_text(json.dumps(config))
    refused(folder, mentions="auto_map")


@pytest.mark.parametrize("file", ["pytorch_model.bin", "model.safetensors"])
def test_a_folder_whose_weights_are_a_pickle_is_refused_and_not_unpickled(tmp_path, transformers_folder, trap, file):
    folder = copied(transformers_folder, tmp_path / "folder")
    (folder / "model.safetensors").unlink()
    torch.save({"w": CreatesFile(trap)}, folder / file)
    refused(folder, mentions="safetensors")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"_model_class": "os.system"},
        {"_model_class": "Unet", "encoder_name": ["resnet18"], "classes": "4"},
        {"architectures": "SegformerForSemanticSegmentation"},
        {"architectures": ["os.ForSemanticSegmentation"]},
        {"architectures": [{}, None, 3]},
    ],
)
def test_a_folder_with_an_odd_configuration_is_refused(tmp_path, config):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    weights(folder / "model.safetensors")
    refused(folder)


def test_a_folder_that_names_an_encoder_elsewhere_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"_model_class": "Unet", "encoder_name": "../../evil"}))
    weights(tmp_path / "model.safetensors")
    with pytest.raises(SegLeakError, match=r"\.\./\.\./evil"):
        open_target(tmp_path)
