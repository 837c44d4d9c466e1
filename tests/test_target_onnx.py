import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from core.errors import TargetError
from core.targets.formats import Request
from core.targets.onnx_model import Onnx, inspect
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing

PLAIN = Preprocessing(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), divide=255.0)
WEIGHT = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def model_file(path, inputs=("n", 3, "h", "w"), outputs=(("y", ("n", 5, "h", "w")),), nodes=None, **settings):
    """A 1x1 convolution, or other nodes; `settings`: dtype, out_type, weights, functions, save (arguments)."""
    dtype = settings.get("dtype", TensorProto.FLOAT)
    weights = settings.get("weights", {"w": WEIGHT[:, :, None, None]})
    graph = helper.make_graph(
        nodes or [helper.make_node("Conv", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", dtype, list(inputs))],
        [helper.make_tensor_value_info(n, settings.get("out_type", dtype), list(s)) for n, s in outputs],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17), *settings.get("opsets", [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=settings.get("functions", []))
    onnx.save(model, path, **settings.get("save", {}))
    return path


def open_onnx(path, preprocessing=PLAIN, device="cpu", **options):
    return Onnx().open(Request(path, TargetOptions(**options), preprocessing, device, lambda _: False))


def expected(batch):
    return np.einsum("oc,nchw->nohw", WEIGHT, batch.numpy())


@pytest.fixture
def batch():
    return torch.rand(5, 3, 4, 6, generator=torch.Generator().manual_seed(1))


def test_a_dynamic_model_gives_its_logits_for_any_size_and_batch(tmp_path, batch):
    target = open_onnx(model_file(tmp_path / "m.onnx"))
    np.testing.assert_allclose(target.forward(batch).numpy(), expected(batch), atol=1e-6)
    np.testing.assert_allclose(target.forward(batch[:1, :, :2]).numpy(), expected(batch[:1, :, :2]), atol=1e-6)
    assert (target.info.classes, target.info.gives, target.info.runs_code) == (5, "posteriors", False)


@pytest.mark.parametrize("fixed", [1, 2, 5, 7])
def test_a_fixed_batch_is_looped_over_and_filled_up(tmp_path, batch, fixed):
    path = model_file(tmp_path / "m.onnx", (fixed, 3, "h", "w"), (("y", (fixed, 5, "h", "w")),))
    np.testing.assert_allclose(open_onnx(path).forward(batch).numpy(), expected(batch), atol=1e-6)


def test_a_channel_last_model_is_given_channel_last_images(tmp_path, batch):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    path = model_file(
        tmp_path / "m.onnx", ("n", 4, 4, 3), (("y", ("n", 4, 4, 5)),), nodes, weights={"w": WEIGHT.T.copy()}
    )
    target = open_onnx(path)
    square = batch[:, :, :, :4]
    np.testing.assert_allclose(target.forward(square).permute(0, 3, 1, 2).numpy(), expected(square), atol=1e-6)
    assert target.info.classes == 5


def test_posteriors_of_a_channel_last_model_are_those_of_the_same_model_channel_first(tmp_path):
    image = np.random.default_rng(2).integers(0, 256, (4, 6, 3), np.uint8)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    last = model_file(tmp_path / "l.onnx", (1, 4, 6, 3), (("y", (1, 4, 6, 5)),), nodes, weights={"w": WEIGHT.T.copy()})
    (a,) = open_onnx(last).posteriors([image])
    (b,) = open_onnx(model_file(tmp_path / "f.onnx")).posteriors([image])
    np.testing.assert_allclose(a, b, atol=1e-6)
    logits = expected(torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255)))[0]
    np.testing.assert_allclose(a, np.exp(logits) / np.exp(logits).sum(0), atol=1e-5)


def test_a_half_precision_model_is_fed_halves_and_gives_float32(tmp_path, batch):
    weights = {"w": WEIGHT[:, :, None, None].astype(np.float16)}
    found = open_onnx(model_file(tmp_path / "m.onnx", dtype=TensorProto.FLOAT16, weights=weights)).forward(batch)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), expected(batch), atol=1e-2)


def casting_model(path, dtype):
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["f", "w"], ["y"]),
    ]
    return model_file(path, nodes=nodes, dtype=dtype, out_type=TensorProto.FLOAT)


def test_a_double_precision_input_is_fed_doubles(tmp_path, batch):
    found = open_onnx(casting_model(tmp_path / "m.onnx", TensorProto.DOUBLE)).forward(batch)
    np.testing.assert_allclose(found.numpy(), expected(batch), atol=1e-6)


def test_a_model_of_bytes_gets_the_pixels_as_they_are(tmp_path):
    target = open_onnx(casting_model(tmp_path / "m.onnx", TensorProto.UINT8), preprocessing=None)
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    (output,) = target.outputs([image])
    np.testing.assert_allclose(output.values.numpy(), np.einsum("oc,hwc->ohw", WEIGHT, image), rtol=1e-5, atol=1e-3)
    assert any("bytes" in note for note in target.info.notes)


def test_a_model_of_bytes_refuses_normalised_input(tmp_path):
    with pytest.raises(TargetError, match=r"m\.onnx.*bytes.*divide = 1"):
        open_onnx(casting_model(tmp_path / "m.onnx", TensorProto.UINT8), Preprocessing())


def test_a_fixed_size_becomes_the_size_images_are_resized_to(tmp_path):
    path = model_file(tmp_path / "m.onnx", (1, 3, 8, 12), (("y", (1, 5, 8, 12)),))
    target = open_onnx(path)
    assert target.preprocessing.resize == (8, 12)
    assert any("8 x 12" in note for note in target.info.notes)
    images = [np.zeros((10, 15, 3), np.uint8), np.full((30, 20, 3), 255, np.uint8)]
    found = target.posteriors(images)
    assert [f.shape for f in found] == [(5, 10, 15), (5, 30, 20)]
    np.testing.assert_allclose(found[0], 0.2, atol=1e-6)
    white = np.exp(WEIGHT.sum(1)) / np.exp(WEIGHT.sum(1)).sum()
    np.testing.assert_allclose(found[1], np.broadcast_to(white[:, None, None], (5, 30, 20)), atol=1e-5)


@pytest.mark.parametrize("setting", [{"resize": (8, 8)}, {"multiple": 5}, {"tile": 8}, {"resize": (4, 6), "tile": 4}])
def test_preprocessing_that_misses_the_fixed_size_is_an_error_naming_both(tmp_path, setting):
    path = model_file(tmp_path / "m.onnx", (1, 3, 8, 12), (("y", (1, 5, 8, 12)),))
    with pytest.raises(TargetError, match=r"m\.onnx.*8 x 12.*resize = \[8, 12\]"):
        open_onnx(path, Preprocessing(**setting))


def test_a_given_size_that_fits_and_tiles_of_the_fixed_size_are_kept(tmp_path):
    path = model_file(tmp_path / "m.onnx", (1, 3, 8, 8), (("y", (1, 5, 8, 8)),))
    for given in (
        Preprocessing(resize=(8, 8)),
        Preprocessing(tile=8, overlap=2),
        Preprocessing(resize=(16, 24), tile=8),
    ):
        assert open_onnx(path, given).preprocessing == given


TWO = [helper.make_node("Conv", ["x", "w"], ["y"]), helper.make_node("Conv", ["x", "v"], ["z"])]


@pytest.mark.parametrize(
    ("options", "chosen"),
    [({}, "y"), ({"classes": 2}, "z"), ({"output": "z"}, "z"), ({"output": "1"}, "z"), ({"output": "0"}, "y")],
)
def test_of_several_outputs_the_named_or_fitting_one_is_used(tmp_path, batch, options, chosen):
    weights = {"w": WEIGHT[:, :, None, None], "v": WEIGHT[:2, :, None, None]}
    outputs = (("y", ("n", 5, "h", "w")), ("z", ("n", 2, "h", "w")))
    path = model_file(tmp_path / "m.onnx", outputs=outputs, nodes=TWO, weights=weights)
    assert open_onnx(path, **options).forward(batch).shape[1] == {"y": 5, "z": 2}[chosen]


def test_features_and_vectors_are_passed_over_for_posteriors(tmp_path, batch):
    nodes = [
        helper.make_node("Conv", ["x", "features"], ["a"]),
        helper.make_node("ReduceMean", ["x"], ["b"], axes=[2, 3], keepdims=0),
        helper.make_node("Conv", ["x", "w"], ["y"]),
    ]
    weights = {"w": WEIGHT[:, :, None, None], "features": np.zeros((300, 3, 1, 1), np.float32)}
    outputs = (("a", (1, 300, 512, 512)), ("b", (1, 3)), ("y", (1, 5, 512, 512)))
    path = model_file(tmp_path / "m.onnx", (1, 3, 512, 512), outputs, nodes, weights=weights)
    assert open_onnx(path)._output == "y"


def test_an_unknown_output_is_an_error_listing_those_there_are(tmp_path):
    with pytest.raises(TargetError, match=r"m\.onnx.*'out'.*: y\."):
        open_onnx(model_file(tmp_path / "m.onnx"), output="out")


def test_integer_outputs_are_label_maps(tmp_path, batch):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["s"]),
        helper.make_node("ArgMax", ["s"], ["y"], axis=1, keepdims=0),
    ]
    path = model_file(tmp_path / "m.onnx", outputs=(("y", ("n", "h", "w")),), nodes=nodes, out_type=TensorProto.INT64)
    target = open_onnx(path, classes=5)
    found = target.forward(batch)
    assert (target.info.gives, found.dtype) == ("labels", torch.int64)
    np.testing.assert_array_equal(found.numpy(), expected(batch).argmax(1))
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    (output,) = target.outputs([image])
    assert output.kind == "labels"


def test_what_is_no_image_model_is_refused_with_its_inputs(tmp_path):
    path = model_file(tmp_path / "grey.onnx", ("n", 1, "h", "w"), weights={"w": WEIGHT[:, :1, None, None]})
    with pytest.raises(TargetError, match=r"grey\.onnx.*any x 1 x any x any"):
        open_onnx(path)
    path = model_file(tmp_path / "ints.onnx", dtype=TensorProto.INT64, nodes=[helper.make_node("Abs", ["x"], ["y"])])
    with pytest.raises(TargetError, match=r"ints\.onnx.*tensor\(int64\)"):
        open_onnx(path)


def test_a_failure_while_running_names_the_file(tmp_path):
    target = open_onnx(model_file(tmp_path / "m.onnx", ("n", 3, "h", 6), (("y", ("n", 5, "h", 6)),)))
    with pytest.raises(TargetError, match=r"m\.onnx.*running"):
        target.forward(torch.zeros(1, 3, 4, 7))


def test_running_out_of_memory_is_told_apart_from_other_failures(tmp_path):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["s"]),
        helper.make_node("Expand", ["s", "size"], ["y"]),
    ]
    weights = {"w": WEIGHT[:, :, None, None], "size": np.array([1 << 20, 5, 1 << 16, 1 << 16], np.int64)}
    target = open_onnx(model_file(tmp_path / "m.onnx", nodes=nodes, weights=weights))
    with pytest.raises(torch.OutOfMemoryError, match=r"m\.onnx"):
        target.forward(torch.zeros(1, 3, 1, 1))


def test_there_is_no_torch_module_inside(tmp_path):
    with pytest.raises(TargetError, match=r"m\.onnx.*cannot be changed"):
        open_onnx(model_file(tmp_path / "m.onnx")).module()


def test_without_cuda_the_model_runs_on_the_cpu_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    target = open_onnx(model_file(tmp_path / "m.onnx"), device="cuda:0")
    assert any("CPU" in note for note in target.info.notes)


SAVE = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}


def test_weights_beside_the_model_are_read_and_part_of_its_hash(tmp_path, batch):
    path = model_file(tmp_path / "m.onnx", save=SAVE)
    target = open_onnx(path)
    np.testing.assert_allclose(target.forward(batch).numpy(), expected(batch), atol=1e-6)
    weights = tmp_path / "weights.bin"
    weights.write_bytes(bytes(weights.stat().st_size))
    assert open_onnx(path).info.sha256 != target.info.sha256


def test_weights_are_found_from_any_working_directory(tmp_path, batch, monkeypatch):
    path = model_file(tmp_path / "m.onnx", save=SAVE)
    monkeypatch.chdir(tmp_path)
    found = open_onnx(path.relative_to(tmp_path)).forward(batch)
    np.testing.assert_allclose(found.numpy(), expected(batch), atol=1e-6)


def pointing_at(location, place="initializer"):
    """The bytes of a model one of whose tensors, somewhere, lies at `location`."""
    tensor = TensorProto(name="w", dims=[5, 3, 1, 1], data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    x, y = (helper.make_tensor_value_info(k, TensorProto.FLOAT, ["n", c, "h", "w"]) for k, c in (("x", 3), ("y", 5)))
    graph, functions = helper.make_graph([node], "g", [x], [y]), []
    if place == "initializer":
        graph.initializer.append(tensor)
    elif place == "sparse":
        graph.sparse_initializer.add(values=tensor, dims=[5, 3, 1, 1])
    else:
        constant = helper.make_node("Constant", [], ["w"])
        constant.attribute.append(onnx.AttributeProto(name="value", type=onnx.AttributeProto.TENSOR, t=tensor))
        inner = helper.make_graph([constant], "inner", [], [])
        if place == "subgraph":
            graph.node.append(helper.make_node("If", ["c"], ["w"], then_branch=inner, else_branch=inner))
        else:
            functions.append(helper.make_function("own", "f", [], ["w"], [constant], [helper.make_opsetid("", 17)]))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], functions=functions)
    return model.SerializeToString()


@pytest.mark.parametrize("place", ["initializer", "sparse", "subgraph", "function"])
@pytest.mark.parametrize(
    "location",
    ["/etc/hostname", "../w.bin", "a/../../w.bin", "", "C:\\w.bin", "a\\..\\w.bin", "link.bin", "linked/w.bin",
     "*/_ORT_MEM_ADDR_/*"],
)  # fmt: skip
def test_external_data_outside_the_folder_is_refused_wherever_it_hides(tmp_path, location, place):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(60))
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(TargetError, match=r"evil\.onnx: refused"):
        inspect(pointing_at(location, place), folder, "evil.onnx")


def test_missing_and_short_external_data_are_errors(tmp_path):
    path = model_file(tmp_path / "m.onnx", save=SAVE)
    (tmp_path / "weights.bin").write_bytes(bytes(8))
    with pytest.raises(TargetError, match=r"m\.onnx"):
        open_onnx(path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(TargetError, match=r"m\.onnx.*weights\.bin' is missing"):
        open_onnx(path)


@pytest.mark.parametrize(
    ("domain", "op"), [("evil.corp", "Run"), ("ai.onnxevil", "Run"), ("com.microsoft", "EPContext")]
)
def test_operators_that_need_foreign_code_are_refused(tmp_path, domain, op):
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"]), helper.make_node(op, ["x"], ["q"], domain=domain)]
    path = model_file(tmp_path / "m.onnx", nodes=nodes, opsets=[helper.make_opsetid(domain, 1)])
    with pytest.raises(TargetError, match=rf"m\.onnx: refused.*'{op}'"):
        open_onnx(path)


def test_foreign_operators_are_found_inside_subgraphs(tmp_path):
    inner = helper.make_graph([helper.make_node("Run", [], ["q"], domain="evil")], "inner", [], [])
    branch = helper.make_node("If", ["c"], ["q"], then_branch=inner, else_branch=inner)
    path = model_file(tmp_path / "m.onnx", nodes=[helper.make_node("Conv", ["x", "w"], ["y"]), branch])
    with pytest.raises(TargetError, match=r"refused.*'Run'"):
        inspect(path.read_bytes(), tmp_path, path.name)


def test_functions_that_the_model_brings_itself_are_run(tmp_path, batch):
    body = [helper.make_node("Conv", ["a", "b"], ["c"])]
    function = helper.make_function("own.domain", "Classify", ["a", "b"], ["c"], body, [helper.make_opsetid("", 17)])
    path = model_file(
        tmp_path / "m.onnx",
        nodes=[helper.make_node("Classify", ["x", "w"], ["y"], domain="own.domain")],
        functions=[function],
        opsets=[helper.make_opsetid("own.domain", 1)],
    )
    np.testing.assert_allclose(open_onnx(path).forward(batch).numpy(), expected(batch), atol=1e-6)


def test_a_file_over_the_size_protobuf_can_hold_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.onnx"
    with path.open("wb") as stream:
        stream.truncate(1 << 31)  # a sparse file
    with pytest.raises(TargetError, match=r"huge\.onnx.*2 GiB"):
        open_onnx(path)


def test_a_network_exported_by_torch_gives_torchs_posteriors(tmp_path):
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 4, 1),
    ).eval()
    path = tmp_path / "net.onnx"
    torch.onnx.export(net, (torch.zeros(1, 3, 16, 24),), path, dynamo=True, verbose=False)
    image = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    with torch.no_grad():
        logits = net(torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255)))
    full = torch.nn.functional.interpolate(logits, (16, 24), mode="bilinear").softmax(1)[0].numpy()
    np.testing.assert_allclose(open_onnx(path).posteriors([image])[0], full, atol=1e-5)
