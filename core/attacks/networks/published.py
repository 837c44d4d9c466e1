"""The published checkpoints of the paper's attack networks: pickled state dicts, read without running any code."""

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from core.attacks.networks.card import AttackCard
from core.errors import AttackError

State = dict[str, torch.Tensor]
PREFIX = "module."


class _Ignored:
    """Stands in for numpy numbers (an accuracy, say) that lie beside the weights, so that no numpy code runs."""

    def __init__(self, *_arguments: object) -> None:
        pass

    def __setstate__(self, _state: object) -> None:
        pass


STAND_INS = [
    (_Ignored, name) for name in ("numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
]


def read_published(path: Path) -> State:
    """Weights of a `.pth` or `.pth.tar` file. Raises `AttackError` for anything but plain tensors by name."""
    if _is_torchscript(path):
        raise AttackError(
            f"{path.name}: TorchScript is a program and not weights alone.",
            "Save the network's state_dict with torch.save.",
        )
    try:
        with torch.serialization.safe_globals(STAND_INS):  # type: ignore[arg-type]
            content = torch.load(path, map_location="cpu", weights_only=True)
    # The readers of zip, tar and pickle raise many kinds of errors on damaged files.
    except Exception as error:
        raise AttackError(
            f"{path.name}: not a checkpoint of plain weights: {_first_line(error)}",
            "The file is damaged or carries code; save the network's state_dict alone with torch.save.",
        ) from error
    state = content.get("state_dict", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise AttackError(f"{path.name}: there is no 'state_dict' in it.", "Save {'state_dict': ...} with torch.save.")
    for name, value in state.items():
        if not isinstance(name, str) or not _is_plain(value):
            raise AttackError(f"{path.name}: '{str(name)[:80]}' is not a plain tensor.", "Save the state_dict alone.")
    return {name.removeprefix(PREFIX): value for name, value in state.items()}


def _is_torchscript(path: Path) -> bool:
    """Whether torch would pass the file on to its reader of programs."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return False


def _is_plain(value: object) -> bool:
    """Whether it is a tensor with its values at hand, one by one."""
    return (
        isinstance(value, torch.Tensor)
        and value.device.type == "cpu"
        and value.layout == torch.strided
        and not value.is_quantized
    )


def published_card(state: State, name: str, *, patch: int, dilated: bool) -> AttackCard:
    """Work out the card of a published network from the shapes of its weights.

    Parameters
    ----------
    state
        Weights by name.
    name
        The file's name, for messages.
    patch
        Side of the patches, 0 for whole images: weights do not show it.
    dilated
        Whether layer3 and layer4 are dilated: weights do not show it either.

    Raises
    ------
    AttackError
        Where the weights are not those of the paper's ResNet-18, -34 or -50.
    """
    stem = state.get("conv1.0.weight")
    if stem is None or stem.ndim != 4:
        raise AttackError(
            f"{name}: not the paper's attack network: there is no stem 'conv1.0.weight'.",
            "Give an attack network made with `train attack`, or a published one.",
        )
    channels = stem.shape[1]
    if channels != 1 and (channels % 2 or channels < 4):
        raise AttackError(
            f"{name}: {channels} input channels are neither a loss map (1) nor posteriors and label (2 per class).",
            "Give a network for one of these.",
        )
    return AttackCard(
        architecture=_architecture(state, name),
        arguments={"dilated": True} if dilated else {},
        representation="slm" if channels == 1 else "concatenation",
        classes=None if channels == 1 else channels // 2,
        patch=patch,
        trained_on="not recorded (published checkpoint)",
    )


def _architecture(state: State, name: str) -> str:
    """ResNet depth from the number of blocks and whether they are bottlenecks."""
    blocks: Any = {int(m[1]) for key in state if (m := re.match(r"layer3\.(\d{1,3})\.", key))}
    bottleneck = "layer1.0.conv3.weight" in state
    known = {(2, False): "resnet18", (6, False): "resnet34", (6, True): "resnet50"}
    architecture = known.get((len(blocks), bottleneck))
    if architecture is None:
        raise AttackError(
            f"{name}: a ResNet with {len(blocks)} blocks in layer3 is not known.", "Known are ResNet-18, -34 and -50."
        )
    return architecture


def _first_line(error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError):  # torch's own words tell how to run the code
        return "it holds more than tensors, or is damaged."
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
