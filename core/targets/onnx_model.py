"""ONNX models, run by onnxruntime. What a file points at is inspected before anything is loaded."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, ClassVar

import numpy as np
import onnx
import onnxruntime
import torch

from core.errors import TargetError
from core.files import sha256_of_bytes, sha256_of_file
from core.targets.base import Target, TargetInfo
from core.targets.formats import FORMATS, OpenedTarget, Request, TargetFormat
from core.targets.preprocessing import Preprocessing
from core.targets.recognition import MOST_CLASSES
from core.targets.torchscript import InputShape, first_line, for_bytes, in_type, running

MAX_BYTES = (1 << 31) - 1
"""Protobuf's own limit for one message; larger models keep their weights in external data."""

_DOMAINS = {"", "ai.onnx", "com.microsoft"}
_DTYPES = {
    "tensor(float)": torch.float32,
    "tensor(float16)": torch.float16,
    "tensor(double)": torch.float64,
    "tensor(uint8)": torch.uint8,
}


class OnnxTarget(OpenedTarget):
    """An ONNX model. `module()` is refused: there is no torch module inside."""

    def __init__(
        self,
        info: TargetInfo,
        preprocessing: Preprocessing,
        *,
        request: Request,
        session: onnxruntime.InferenceSession,
        shape: InputShape,
        output: str,
    ) -> None:
        super().__init__(info, preprocessing, request.device, request.options)
        self._session = session
        self._shape = shape
        self._output = output
        self._input = session.get_inputs()[0].name
        self._dtype = _DTYPES[session.get_inputs()[0].type]

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """As `Target.forward`; only the chosen output is computed: float32, or int64 for label maps."""
        with running(self.info.path.name):
            found: torch.Tensor = self._shape.run(batch, self._run)
        return found.to(batch.device)

    def _run(self, part: torch.Tensor) -> torch.Tensor:
        array = in_type(part, self._dtype).cpu().numpy()
        (found,) = self._session.run([self._output], {self._input: array})
        return torch.from_numpy(found.astype(np.int64 if found.dtype.kind in "iub" else np.float32, copy=False))


@FORMATS.register
@dataclass(frozen=True)
class Onnx(TargetFormat):
    """An ONNX file, its weights inside or in files of the same folder."""

    name: ClassVar[str] = "onnx"
    title: ClassVar[str] = "ONNX"

    def recognise(self, path: Path) -> str | None:
        """A file named `.onnx`; the format has no first bytes of its own."""
        return f"{path.name} is named as an ONNX model." if path.suffix.lower() == ".onnx" and path.is_file() else None

    def open(self, request: Request) -> Target:
        """As `TargetFormat.open`. On "cuda" without onnxruntime's CUDA provider it runs on the CPU, with a note."""
        name, folder, options = request.path.name, request.path.parent, request.options
        data = _read(request.path)
        external = inspect(data, folder, name)
        session = _session(data, folder, request)
        shape, dtype = _input(session, name)
        chosen = _chosen_output(session.get_outputs(), options.output, options.classes, name)
        preprocessing, notes = for_bytes(request) if dtype == torch.uint8 else request.preprocessing_or(None)
        preprocessing, resized = shape.fit(preprocessing, name)
        if request.device != "cpu" and "CUDAExecutionProvider" not in session.get_providers():
            resized += ("onnxruntime has no CUDA here, the model runs on the CPU: install segleak[gpu-onnx].",)
        labels = options.output_kind == "labels" or "int" in chosen.type or "bool" in chosen.type
        info = TargetInfo(
            path=request.path,
            format=self.name,
            sha256=sha256_of_bytes("".join([sha256_of_bytes(data), *map(sha256_of_file, external)]).encode())
            if external
            else sha256_of_bytes(data),
            classes=options.classes or (0 if labels else _classes(chosen.shape, shape)),
            scheme=options.scheme,
            gives="labels" if labels else "posteriors",
            notes=notes + resized,
        )
        return OnnxTarget(info, preprocessing, request=request, session=session, shape=shape, output=chosen.name)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise TargetError(f"{path.name}: this is no file.", "Name the .onnx file itself.")
        if path.stat().st_size > MAX_BYTES:
            raise TargetError(
                f"{path.name}: an ONNX file of 2 GiB or more cannot be read.", "Save its weights as external data."
            )
        return path.read_bytes()
    except OSError as error:
        raise TargetError(f"{path.name}: the file cannot be read ({error.strerror}).") from error


def inspect(data: bytes, folder: Path, name: str) -> list[Path]:
    """Look through an ONNX model without loading it; return its external data files, sorted.

    Raises `TargetError` for a broken file, external data anywhere but in plain files inside `folder`, and operators
    that only a custom library or a precompiled blob could run. Subgraphs and functions are looked through too.
    """
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:
        raise TargetError(f"{name}: the ONNX file is broken ({first_line(error)}).", "Export it again.") from error
    if not model.graph.node:
        raise TargetError(f"{name}: the ONNX file is broken: there is no graph in it.", "Export it again.")
    nodes, tensors = _contents(model)
    own = {(function.domain, function.name) for function in model.functions}
    for node in nodes:
        known = node.domain in _DOMAINS or node.domain.startswith("ai.onnx.") or (node.domain, node.op_type) in own
        if not known or node.op_type == "EPContext":
            raise TargetError(
                f"{name}: refused, the operator '{node.op_type}' of '{node.domain}' needs code from elsewhere.",
                "Export the model with standard ONNX operators only.",
            )
    found = {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}
    return [_external(location, folder, name) for location in sorted(found)]


def _contents(model: onnx.ModelProto) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Every node and tensor of a model."""
    nodes: list[onnx.NodeProto] = []
    tensors: list[onnx.TensorProto] = []
    sparse: list[onnx.SparseTensorProto] = []
    training = [graph for step in model.training_info for graph in (step.initialization, step.algorithm)]
    todo: list[Any] = [model.graph, *training, *model.functions]
    while todo:
        graph = todo.pop()
        attributes = [attribute for node in graph.node for attribute in node.attribute]
        if isinstance(graph, onnx.FunctionProto):
            attributes += graph.attribute_proto
        else:
            tensors += graph.initializer
            sparse += graph.sparse_initializer
        nodes += graph.node
        for attribute in attributes:
            todo += [attribute.g, *attribute.graphs] if attribute.HasField("g") else attribute.graphs
            tensors += [attribute.t, *attribute.tensors]
            sparse += [attribute.sparse_tensor, *attribute.sparse_tensors]
    return nodes, tensors + [part for tensor in sparse for part in (tensor.values, tensor.indices)]


def _external(location: str, folder: Path, name: str) -> Path:
    """The file of external data at `location`, refused unless it is a plain file below `folder` without any link."""
    parts = PurePosixPath(location).parts
    # "*" cannot be in a file's name everywhere, and onnxruntime reads "*/_ORT_MEM_ADDR_/*" as a memory address.
    odd = not parts or ".." in parts or "\0" in location or "\\" in location or "*" in location
    absolute = PurePosixPath(location).is_absolute() or PureWindowsPath(location).drive
    steps = [] if odd or absolute else [folder.joinpath(*parts[: n + 1]) for n in range(len(parts))]
    if not steps or any(step.is_symlink() for step in steps):
        raise TargetError(
            f"{name}: refused, its weights are said to be in {location!r}, which may lie outside the model's folder.",
            "Put the weights into plain files beside the model, without links.",
        )
    if not steps[-1].is_file():
        raise TargetError(f"{name}: its weights file {location!r} is missing.", "Copy it beside the model.")
    return steps[-1]


def _session(data: bytes, folder: Path, request: Request) -> onnxruntime.InferenceSession:
    """Load exactly the bytes that were inspected."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.use_deterministic_compute = True
    settings.log_severity_level = 4  # failures arrive as exceptions
    settings.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder.absolute()))
    settings.add_session_config_entry("session.load_model_format", "ONNX")
    providers: list[Any] = ["CPUExecutionProvider"]
    if request.device != "cpu" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        index = request.device.partition(":")[2] or "0"
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": index, "use_tf32": "0"}))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return onnxruntime.InferenceSession(data, settings, providers=providers)
    except Exception as error:  # onnxruntime's errors share no base class
        raise TargetError(
            f"{request.path.name}: onnxruntime cannot load the model ({first_line(error)}).", "Export it again."
        ) from error


def _input(session: onnxruntime.InferenceSession, name: str) -> tuple[InputShape, torch.dtype]:
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in _DTYPES:
        words = ", ".join(f"{i.name}: {i.type}" for i in inputs) or "none"
        raise TargetError(
            f"{name}: the model's inputs are {words}; it should take one batch of images.",
            "Export it with one input of type float, float16 or uint8.",
        )
    return InputShape.of(inputs[0].shape, name), _DTYPES[inputs[0].type]


def _chosen_output(outputs: Sequence[Any], wanted: str, classes: int, name: str) -> Any:
    """The output named or numbered `wanted`; for "auto" the first that looks most like posteriors."""
    if wanted == "auto":
        return max(outputs, key=lambda output: _likeness(output.shape, classes))  # max keeps the first of equals
    names = [output.name for output in outputs]
    if wanted in names:
        return outputs[names.index(wanted)]
    if wanted.isdecimal() and int(wanted) < len(outputs):
        return outputs[int(wanted)]
    raise TargetError(f"{name}: there is no output '{wanted}'.", f"Its outputs are: {', '.join(names)}.")


def _likeness(shape: Sequence[Any], classes: int) -> int:
    """How much an output of this shape looks like posteriors: 3 as many classes as said, 2 plausible, 1 a label map."""
    if len(shape) == 3:
        return 1
    if len(shape) != 4:
        return 0
    if classes and classes in (shape[1], shape[3]):
        return 3
    if 1 in (shape[1], shape[3]):
        return 1
    return 2 if any(not isinstance(size, int) or size <= MOST_CLASSES for size in (shape[1], shape[3])) else 0


def _classes(shape: Sequence[Any], inputs: InputShape) -> int:
    """Classes of an output `(N, C, h, w)` or `(N, h, w, C)`; 0 where its shape does not say.

    The order is the one that keeps the input's aspect ratio; where both do, that of the input.
    """
    if len(shape) != 4:
        return 0
    orders = [(shape[1], shape[2:4]), (shape[3], shape[1:3])]
    for found, size in reversed(orders) if inputs.channel_last else orders:
        if isinstance(found, int) and 1 < found <= MOST_CLASSES and _same_aspect(size, (inputs.height, inputs.width)):
            return found
    return 0


def _same_aspect(size: Sequence[Any], inputs: tuple[int | None, int | None]) -> bool:
    """Whether a size is the input's, scaled, give or take one cell; True where either is free."""
    (height, width), (whole_height, whole_width) = size, inputs
    if not (isinstance(height, int) and isinstance(width, int) and whole_height and whole_width):
        return True
    return abs(height * whole_width - width * whole_height) <= max(whole_height, whole_width)
