"""Weights without their architecture: `.pth`, `.pt`, `.ckpt`, `.bin` and `.safetensors`."""

import argparse
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from core.errors import TargetError
from core.files import sha256_of_file
from core.targets.architectures import best_guess, build, class_count
from core.targets.base import Target, TargetInfo
from core.targets.catalogue import architectures
from core.targets.formats import FORMATS, Request, TargetFormat
from core.targets.module_target import opened_module
from core.targets.weights import find_tensors, load_weights, strip_prefixes

SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".tar", ".pkl")
NUMBERS = (np.float64, np.float32, np.float16, np.int64, np.int32, np.uint8, np.bool_)


@dataclass(frozen=True)
class StateDict(TargetFormat):
    """Weights by name, saved by torch or as safetensors. Nothing but tensors and plain values is unpickled."""

    name: ClassVar[str] = "state-dict"
    title: ClassVar[str] = "Weights (torch or safetensors)"

    def recognise(self, path: Path) -> str | None:
        """As `TargetFormat.recognise`."""
        if not path.is_file():
            return None
        if path.suffix == ".safetensors":
            return "weights in safetensors"
        inside = _torch_zip(path)
        if inside is not None:
            return "weights saved by torch" if inside else None
        if _first_bytes(path)[:1] == b"\x80" or path.suffix in SUFFIXES:
            return "weights saved by torch, in its old form"
        return None

    def open(self, request: Request) -> Target:
        """As `TargetFormat.open`. Needs `options.architecture`, and `options.encoder` for smp architectures."""
        file, options = request.path.name, request.options
        tensors = strip_prefixes(find_tensors(_read(request.path)))
        if not tensors:
            raise TargetError(f"{file}: there are no weights in it.", _SAVE_AGAIN)
        if not options.architecture and _is_attack_network(request.path):
            raise TargetError(
                f"{file}: is an attack network, not a segmentation model.", "It belongs in the 'network' of an attack."
            )
        if not options.architecture:
            raise _architecture_needed(file, tensors)
        classes = options.classes or class_count(tensors)
        if not classes:
            raise TargetError(f"{file}: the number of classes is not seen in the weights.", "Set 'classes'.")
        module = build(options.architecture, options.encoder, classes, options.keyword_arguments())
        what = f"{options.architecture} {options.encoder}".strip()
        load_weights(module, tensors, file, what)
        info = TargetInfo(
            path=request.path,
            format=self.name,
            sha256=sha256_of_file(request.path),
            architecture=what,
            classes=classes,
            scheme=options.scheme,
        )
        return opened_module(request, module, info, None)


FORMATS.register(StateDict)

_SAVE_AGAIN = "Where it was made, save its weights alone: torch.save(model.state_dict(), 'weights.pth')."


def looks_like(path: Path) -> str:
    """The architecture that weights alone look most like, in the words of `best_guess`, or empty.

    Raises `TargetError` where they cannot be read.
    """
    return best_guess(strip_prefixes(find_tensors(_read(path))))


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file. Raises `TargetError` where it is damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise TargetError(f"{path.name}: the safetensors file is damaged ({error}).", "Copy it again.") from error


def _is_attack_network(path: Path) -> bool:
    """Whether an attack network's card is in the file (see `core.attacks.networks.checkpoint`)."""
    from safetensors import safe_open

    if path.suffix != ".safetensors":
        return False
    with safe_open(path, framework="pt") as stream:
        return "segleak_attack" in (stream.metadata() or {})


def _read(path: Path) -> object:
    """The contents of a checkpoint, without running anything in it."""
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    if _torch_zip(path) is False:
        raise TargetError(f"{path.name}: this zip file holds a program or something else, not weights.", _SAVE_AGAIN)
    try:
        with torch.serialization.safe_globals(_plain_values()):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "nsupported" not in str(error):
            raise _damaged(path, error) from error
        raise TargetError(
            f"{path.name}: the file holds Python objects, perhaps a whole model, and not weights alone. Opening it "
            "could run code, so it was not opened.",
            _SAVE_AGAIN,
        ) from error
    except Exception as error:  # a damaged file may raise anything from inside torch's reader
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> TargetError:
    reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
    return TargetError(f"{path.name}: the file is damaged or was not saved by torch ({reason}).", "Copy it again.")


def _plain_values() -> list[Any]:
    """Values beside the weights in many training scripts' checkpoints: a best score, the command line's arguments."""
    scalar: Any = np.float64(0).__reduce__()[0]
    dtypes = [type(np.dtype(number)) for number in NUMBERS]
    named = [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    return [argparse.Namespace, np.dtype, *dtypes, *named]


def _architecture_needed(file: str, tensors: dict[str, torch.Tensor]) -> TargetError:
    guess = best_guess(tensors)
    looks = f" They look most like {guess}." if guess else ""
    return TargetError(
        f"{file}: these are weights alone; nothing says which architecture they belong to.{looks}",
        f"Set 'architecture' (and 'encoder' for smp) to one of: {', '.join(architectures())}.",
    )


def _torch_zip(path: Path) -> bool | None:
    """Whether a zip file is a checkpoint, rather than a program; None where it is no zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    program = "constants.pkl" in names or any(name.startswith("code/") for name in names)
    return "data.pkl" in names and not program


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)
