"""Opening a model file, whatever it is."""

from collections.abc import Callable, Set
from pathlib import Path

import torch

from core.errors import TargetError

# Each of these registers its format.
from core.targets import (  # noqa: F401
    checkpoint,
    onnx_model,
    smp_folder,
    state_dict,
    torchscript,
    transformers_folder,
)
from core.targets.base import Target
from core.targets.formats import FORMATS, Request, TargetFormat
from core.targets.options import TargetOptions
from core.targets.preprocessing import GivenPreprocessing

Trusted = Set[str] | Callable[[str], bool]


def open_target(
    path: Path | str,
    options: TargetOptions | None = None,
    preprocessing: GivenPreprocessing = None,
    device: str = "cpu",
    trusted: Trusted = frozenset(),
) -> Target:
    """Open a model file or folder as a target.

    Parameters
    ----------
    path
        The file or folder.
    options
        What its owner says about it.
    preprocessing
        How images are prepared, or some keys of it; the rest as the file says, else the default, with a note in
        `Target.info`.
    device
        "cpu" or "cuda:N".
    trusted
        SHA-256 of the files whose code may run, or a function that tells.

    Raises
    ------
    TargetError
        Where the file is unknown, damaged, refused or lacks something.
    TrustNeededError
        Where it is code, and nobody has said that they trust it.
    """
    path, options = Path(path), options or TargetOptions()
    if not path.exists():
        raise TargetError(f"{path}: there is no such file or folder.", "Check the path of the model.")
    allowed = trusted if callable(trusted) else trusted.__contains__
    request = Request(path, options, preprocessing, _device(device), allowed)
    try:
        return recognised_format(path, options.format)[0].open(request)
    except OSError as error:
        raise TargetError(f"{path.name}: it cannot be read ({error}).", "Check the file and its rights.") from error


def recognised_format(path: Path, name: str = "auto") -> tuple[TargetFormat, str]:
    """The format of a file or folder, and a sentence saying why. Raises `TargetError` where it is unknown."""
    if name != "auto":
        if name not in FORMATS.names():
            raise TargetError(f"There is no target format '{name}'.", f"Set 'format' to auto or {_known()}.")
        return FORMATS.get(name)(), "the format was given"
    for cls in _in_order():
        target_format = cls()
        if sentence := target_format.recognise(path):
            return target_format, sentence
    kind = "folder" if path.is_dir() else "file"
    raise TargetError(f"{path.name}: this {kind} is no model that is known here.", f"Known formats: {_known()}.")


def _in_order() -> list[type[TargetFormat]]:
    """Plain weights last: they take any file that other formats do not claim. The others exclude each other."""
    return sorted(FORMATS, key=lambda cls: cls is state_dict.StateDict)


def _known() -> str:
    return ", ".join(sorted(f"{cls.name} ({cls.title})" for cls in FORMATS))


def _device(name: str) -> str:
    try:
        device = torch.device(name)
    except RuntimeError:
        raise TargetError(f"There is no device '{name}'.", "Choose cpu or cuda:N.") from None
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise TargetError(f"The device '{name}' is not there.", "Choose cpu, or check the graphics driver.")
    return name
