"""Folders written by `save_pretrained` of segmentation-models-pytorch."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from core.errors import TargetError
from core.files import sha256_of_path
from core.targets.architectures import FIXED, build
from core.targets.base import Target, TargetInfo
from core.targets.catalogue import SMP
from core.targets.formats import FORMATS, Request, TargetFormat
from core.targets.module_target import opened_module
from core.targets.state_dict import read_safetensors
from core.targets.weights import load_weights

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
CLASS_KEY = "_model_class"
UNSPOKEN = frozenset({"encoder_weights", "progress"})
"""Parts of the configuration that serve training only."""


@dataclass(frozen=True)
class SmpFolder(TargetFormat):
    """A configuration that names an architecture on the list, and its weights in safetensors."""

    name: ClassVar[str] = "smp-folder"
    title: ClassVar[str] = "segmentation-models-pytorch folder"

    def recognise(self, path: Path) -> str | None:
        """As `TargetFormat.recognise`."""
        if not path.is_dir():
            return None
        try:
            config = _config(path)
        except TargetError:
            return None
        return f"a segmentation-models-pytorch folder ({config[CLASS_KEY]})" if CLASS_KEY in config else None

    def open(self, request: Request) -> Target:
        """As `TargetFormat.open`."""
        folder = request.path
        config = _config(folder)
        name = config.pop(CLASS_KEY, None)
        if name not in SMP:
            raise TargetError(f"{folder.name}: the class '{name}' is not on the list.", f"Known: {', '.join(SMP)}.")
        if config.get("in_channels", 3) != 3:
            raise TargetError(f"{folder.name}: the model takes {config['in_channels']} channels, not 3.", "")
        encoder, classes = config.get("encoder_name", "resnet34"), config.get("classes", 1)
        if not isinstance(encoder, str) or not isinstance(classes, int):
            raise TargetError(f"{folder.name}: {CONFIG} has no usable encoder_name and classes.", "Save it again.")
        if not (folder / WEIGHTS).is_file():
            raise TargetError(
                f"{folder.name}: there is no {WEIGHTS}.", "Save it again with save_pretrained; pickles are not opened."
            )
        arguments = {k: v for k, v in config.items() if k not in FIXED | UNSPOKEN and not k.startswith("_")}
        module = build(f"smp:{name}", encoder, classes, arguments)
        load_weights(module, read_safetensors(folder / WEIGHTS), f"{folder.name}/{WEIGHTS}", f"smp:{name} {encoder}")
        info = TargetInfo(
            path=folder,
            format=self.name,
            sha256=sha256_of_path(folder),
            architecture=f"smp:{name} {encoder}",
            classes=classes,
            scheme=request.options.scheme,
        )
        return opened_module(request, module, info, None)


FORMATS.register(SmpFolder)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise TargetError(f"{folder.name}/{CONFIG}: it cannot be read ({error}).", "Save the model again.") from error
    if not isinstance(config, dict):
        raise TargetError(f"{folder.name}/{CONFIG}: it is no JSON object.", "Save the model again.")
    return config
