"""Models that are code: TorchScript `.pt` and torch.export `.pt2`. Opened only with somebody's consent to run them."""

import contextlib
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch.export.passes import move_to_device_pass
from torch.jit import optimized_execution  # type: ignore[attr-defined]
from torch.utils import _pytree as pytree

from core.errors import TargetError, TrustNeededError
from core.files import sha256_of_bytes
from core.targets.base import Target, TargetInfo
from core.targets.formats import FORMATS, OpenedTarget, Request, TargetFormat
from core.targets.preprocessing import Preprocessing, merged

_NO_MEMORY = re.compile(r"allocate memory|out of memory", re.IGNORECASE)


@contextlib.contextmanager
def running(file: str) -> Iterator[None]:
    """Turn whatever foreign code raises while it runs into a `TargetError` naming the file.

    Running out of memory becomes `torch.OutOfMemoryError`, so that the caller can try a smaller batch.
    """
    try:
        yield
    except Exception as error:
        # The CPU allocator and onnxruntime have no exception of their own for it.
        if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
            raise torch.OutOfMemoryError(f"{file}: {error}") from error
        raise TargetError(
            f"{file}: the model failed while running ({first_line(error)}).",
            "Check the size and the pre-processing it expects; a fixed input size needs `resize`.",
        ) from error


def first_line(error: BaseException) -> str:
    """The first line of an error's text, at most 300 characters; its class where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def for_bytes(request: Request) -> tuple[Preprocessing, tuple[str, ...]]:
    """Pre-processing for a model that takes bytes as they are; `TargetError` where another one is asked for."""
    plain = Preprocessing(mean=(0.0,) * 3, std=(1.0,) * 3, divide=1.0)
    given = merged(request.preprocessing, plain)
    if given == plain:
        return plain, ("The model takes bytes: pixel values are passed on as they are.",)
    if (given.mean, given.std, given.divide) != (plain.mean, plain.std, plain.divide):
        raise TargetError(
            f"{request.path.name}: the model takes bytes, which leaves no room for mean, std or divide.",
            "Set mean = [0, 0, 0], std = [1, 1, 1] and divide = 1.",
        )
    return given, ()


def in_type(batch: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The batch in the model's own number type; bytes are rounded, as resizing leaves fractions."""
    return batch.to(dtype) if dtype.is_floating_point else batch.round().clamp(0, 255).to(dtype)


@dataclass(frozen=True)
class InputShape:
    """What a model with a fixed graph accepts; None where it takes any number.

    Attributes
    ----------
    batch, height, width
        Of the input tensor.
    channel_last
        Whether it is `(N, h, w, 3)` instead of `(N, 3, h, w)`.
    """

    batch: int | None
    height: int | None
    width: int | None
    channel_last: bool = False

    @classmethod
    def of(cls, shape: Sequence[object], file: str) -> "InputShape":
        """Read a declared shape: numbers, or anything else where it is free. `TargetError` if no RGB image fits."""
        dims = [d if isinstance(d, int) and d > 0 else None for d in shape]
        if len(dims) == 4 and dims[1] in (3, None) and not (dims[1] is None and dims[3] == 3):
            return cls(dims[0], dims[2], dims[3])
        if len(dims) == 4 and dims[3] == 3:
            return cls(dims[0], dims[1], dims[2], channel_last=True)
        words = " x ".join(str(d or "any") for d in dims) or "no dimensions"
        raise TargetError(
            f"{file}: the model's input is {words}; that is not a batch of RGB images.",
            "Export it with an input of N x 3 x height x width.",
        )

    def fit(self, preprocessing: Preprocessing, file: str) -> tuple[Preprocessing, tuple[str, ...]]:
        """Pre-processing that gives the fixed size, with a note where it was set; `TargetError` where it cannot."""
        if self.height is None or self.width is None:
            return preprocessing, ()
        size = (self.height, self.width)
        given = preprocessing.resize
        if preprocessing.tile:
            tiles = preprocessing.tile <= min(given or size) and (preprocessing.tile,) * 2 == size
            fits, fitted = tiles, preprocessing
        else:
            fits, fitted = given in (None, size), replace(preprocessing, resize=size)
        if not fits or any(length % preprocessing.multiple for length in size):
            raise TargetError(
                f"{file}: the model takes {size[0]} x {size[1]} (height x width) only; the pre-processing gives "
                f"{preprocessing.describe()}.",
                f"Set resize = [{size[0]}, {size[1]}] and leave tile and multiple out.",
            )
        if fitted == preprocessing:
            return preprocessing, ()
        return fitted, (f"The model takes {size[0]} x {size[1]} only: images are resized to that.",)

    def run(self, batch: torch.Tensor, call: Callable[[torch.Tensor], Any]) -> Any:
        """Run a batch `(N, 3, h, w)` of any N: with a fixed batch in parts, the last one filled up.

        `call` gets each part in the model's own layout; the parts' outputs, nested as they are, are joined.
        """
        inputs = batch.permute(0, 2, 3, 1).contiguous() if self.channel_last else batch
        count, step = len(batch), self.batch
        if step is None or step == count:
            return call(inputs)
        outputs = []
        for part in torch.split(inputs, step):
            missing = step - len(part)
            outputs.append(call(torch.cat([part, part[-1:].expand(missing, -1, -1, -1)]) if missing else part))
        return pytree.tree_map(lambda *parts: _joined(parts, step, count), *outputs)


def _joined(parts: tuple[Any, ...], step: int, count: int) -> Any:
    """One output of several runs, joined along the batch; what has no batch is taken from the first run."""
    if all(isinstance(p, torch.Tensor) and p.ndim > 1 and len(p) == step for p in parts):
        return torch.cat(parts)[:count]
    return parts[0]


class CodeTarget(OpenedTarget):
    """A TorchScript or exported program. `module()` is refused: its layers cannot be changed from outside."""

    def __init__(
        self,
        info: TargetInfo,
        preprocessing: Preprocessing,
        request: Request,
        program: Callable[[torch.Tensor], Any],
        shape: InputShape,
    ) -> None:
        super().__init__(info, preprocessing, request.device, request.options)
        self._program = program
        self._shape = shape

    def forward(self, batch: torch.Tensor) -> object:
        """As `Target.forward`. Without the profiling executor, whose first runs round differently from later ones."""
        with running(self.info.path.name), torch.inference_mode(), optimized_execution(False):
            return self._shape.run(batch, self._program)


def _trusted_bytes(request: Request, kind: str) -> tuple[bytes, str]:
    """The file's bytes and their SHA-256, once there is consent for exactly these bytes."""
    name = request.path.name
    if not request.path.is_file():
        raise TargetError(f"{name}: this is no file.", f"Name the {kind} file itself.")
    try:
        data = request.path.read_bytes()
    except OSError as error:
        raise TargetError(f"{name}: the file cannot be read ({error.strerror}).") from error
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise TargetError(f"{name}: the {kind} file is broken or incomplete.", "Export or copy it again.")
    sha256 = sha256_of_bytes(data)
    if not request.trusted(sha256):
        raise TrustNeededError(
            f"{name}: a {kind} file is code that runs when it is opened. SHA-256: {sha256}.",
            f'If you trust where it comes from, say so: `--trust {sha256}` on the command line, or trust = "{sha256}" '
            "in the spec. Better: bring the weights as safetensors.",
            sha256,
        )
    return data, sha256


def _broken(name: str, kind: str, error: Exception) -> TargetError:
    return TargetError(
        f"{name}: the {kind} file cannot be opened ({first_line(error)}).",
        f"Export it again with torch {torch.__version__} or older.",
    )


def _zip_names(path: Path) -> list[str]:
    """Names in a zip file, without the leading folder that torch puts there; empty where it is no zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.partition("/")[2] for name in archive.namelist()]
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return []


@FORMATS.register
@dataclass(frozen=True)
class TorchScript(TargetFormat):
    """A program saved by `torch.jit.save`."""

    name: ClassVar[str] = "torchscript"
    title: ClassVar[str] = "TorchScript"

    def recognise(self, path: Path) -> str | None:
        """A zip with `constants.pkl` and a `code/` folder."""
        names = _zip_names(path) if path.is_file() else []
        if "constants.pkl" in names and any(name.startswith("code/") for name in names):
            return f"{path.name} is TorchScript: a zip with code in it."
        return None

    def open(self, request: Request) -> Target:
        """Open it if its SHA-256 is trusted; as `TargetFormat.open`."""
        name = request.path.name
        data, sha256 = _trusted_bytes(request, self.title)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # that TorchScript is deprecated helps no auditor
                program = torch.jit.load(io.BytesIO(data), request.device)  # type: ignore[no-untyped-call]
                program.eval().float()
        except Exception as error:
            raise _broken(name, self.title, error) from error
        preprocessing, notes = request.preprocessing_or(None)
        info = _info(request, self.name, sha256, notes)
        return CodeTarget(info, preprocessing, request, program, InputShape(None, None, None))


@FORMATS.register
@dataclass(frozen=True)
class Exported(TargetFormat):
    """A program saved by `torch.export.save`."""

    name: ClassVar[str] = "exported"
    title: ClassVar[str] = "torch.export .pt2"

    def recognise(self, path: Path) -> str | None:
        """Named `.pt2`, or a zip laid out as `torch.export.save` does."""
        if not path.is_file():
            return None
        if path.suffix.lower() == ".pt2" or {"archive_format", "models/model.json"} <= set(_zip_names(path)):
            return f"{path.name} is a program saved by torch.export."
        return None

    def open(self, request: Request) -> Target:
        """Open it if its SHA-256 is trusted; as `TargetFormat.open`."""
        name = request.path.name
        data, sha256 = _trusted_bytes(request, self.title)
        try:
            exported = torch.export.load(io.BytesIO(data))
            if request.device != "cpu":
                # Devices are written into the graph, so moving the weights alone is not enough.
                exported = move_to_device_pass(exported, request.device)
            wanted = _image_input(exported)
            program = exported.module()
        except Exception as error:
            raise _broken(name, self.title, error) from error
        shape = InputShape.of(wanted.shape, name)
        floats = wanted.dtype.is_floating_point
        preprocessing, notes = request.preprocessing_or(None) if floats else for_bytes(request)
        preprocessing, resized = shape.fit(preprocessing, name)
        info = _info(request, self.name, sha256, notes + resized)
        return CodeTarget(info, preprocessing, request, lambda part: program(in_type(part, wanted.dtype)), shape)


def _image_input(exported: torch.export.ExportedProgram) -> torch.Tensor:
    """The (shape-only) tensor the program was exported with. `ValueError` where it takes not exactly one."""
    inputs = exported.graph_signature.user_inputs
    if len(inputs) != 1:
        raise ValueError(f"it takes {len(inputs)} inputs instead of one batch of images")
    found = next(node.meta["val"] for node in exported.graph.nodes if node.name == inputs[0])
    if not isinstance(found, torch.Tensor):
        raise ValueError("its input is no tensor")
    return found


def _info(request: Request, format_name: str, sha256: str, notes: tuple[str, ...]) -> TargetInfo:
    options = request.options
    return TargetInfo(
        path=request.path,
        format=format_name,
        sha256=sha256,
        classes=options.classes,
        scheme=options.scheme,
        gives="labels" if options.output_kind == "labels" else "posteriors",
        runs_code=True,
        notes=notes,
    )
