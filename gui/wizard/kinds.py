"""What a path that was dropped or named on the command line is: an audit, a model, images. Knows nothing of Qt."""

import json
import tomllib
from enum import StrEnum
from pathlib import Path

from core.errors import SegLeakError
from gui.folders import is_audit

MODEL_ENDINGS = (".safetensors", ".pth", ".pt", ".pt2", ".ckpt", ".onnx", ".bin", ".tar", ".pkl")
WEIGHTS = (".safetensors", ".bin")
LONGEST_HEADER = 1 << 24


class Kind(StrEnum):
    """What can be opened."""

    AUDIT = "audit"
    SPEC = "spec"
    MODEL = "model"
    NETWORK = "attack network"
    IMAGES = "images"


def kind_of(path: Path) -> Kind:
    """What a path is, from names and first bytes alone. Raises `SegLeakError` for what is nothing known."""
    if is_audit(path) or is_audit(path.parent):
        return Kind.AUDIT
    if not path.exists():
        raise SegLeakError(f"{path}: is not there.", "Check that the drive it was on is connected.")
    kind = _folder(path) if path.is_dir() else _file(path)
    if kind is None:
        raise SegLeakError(
            f"{path.name}: is neither an audit, nor a model, nor images.",
            f"Models end in {', '.join(MODEL_ENDINGS)}; images come in folders, list files or one by one.",
        )
    return kind


def _folder(path: Path) -> Kind:
    """A folder of a saved model holds config.json beside weights; every other folder may hold images."""
    if (path / "config.json").is_file() and any(file.suffix in WEIGHTS for file in path.iterdir()):
        return Kind.MODEL
    return Kind.IMAGES


def _file(path: Path) -> Kind | None:
    from core.data.images import EXTENSIONS
    from core.data.layouts.listfile import LIST_EXTENSIONS

    ending = path.suffix.lower()
    if ending == ".toml":
        return Kind.SPEC if _is_spec(path) else None
    if ending in MODEL_ENDINGS:
        return Kind.NETWORK if _is_network(path) else Kind.MODEL
    return Kind.IMAGES if ending in EXTENSIONS or ending in LIST_EXTENSIONS else None


def _is_spec(path: Path) -> bool:
    """A spec that cannot be read is one too: opening it says what is wrong."""
    try:
        return "classes" not in tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return True


def _is_network(path: Path) -> bool:
    """Whether a safetensors file carries the card of an attack network."""
    if path.suffix != ".safetensors":
        return False
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length)) if length <= LONGEST_HEADER else {}
        return "segleak_attack" in header.get("__metadata__", {})
    except (OSError, ValueError, RecursionError, AttributeError, TypeError):
        return False
