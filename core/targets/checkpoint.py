"""The project's own target checkpoint: safetensors that say by themselves how to open them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from core.errors import SegLeakError, TargetError
from core.files import sha256_of_file, write_bytes
from core.targets.architectures import build
from core.targets.base import Target, TargetInfo
from core.targets.formats import FORMATS, Request, TargetFormat
from core.targets.module_target import opened_module
from core.targets.preprocessing import Preprocessing
from core.targets.state_dict import read_safetensors
from core.targets.weights import load_weights

METADATA_KEY = "segleak_target"
VERSION = 1


@dataclass(frozen=True)
class TargetCard:
    """What a target checkpoint says of itself.

    Attributes
    ----------
    architecture, encoder, classes, arguments
        As `core.targets.architectures.build` takes them.
    preprocessing
        How images were prepared in training.
    scheme
        Name or file of the class scheme of the outputs, or None.
    extra
        Further words, such as what it was trained on.
    """

    architecture: str
    encoder: str
    classes: int
    arguments: Mapping[str, Any]
    preprocessing: Preprocessing
    scheme: str | None
    extra: Mapping[str, str]

    def to_json(self) -> str:
        """As JSON text."""
        fields = {**vars(self), "preprocessing": self.preprocessing.to_mapping(), "version": VERSION}
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, file: str) -> "TargetCard":
        """Read what `to_json` wrote. Raises `TargetError` naming `file` where something is missing or wrong."""
        try:
            fields = json.loads(text)
            if fields["version"] != VERSION:
                raise TargetError(
                    f"{file}: the checkpoint has version {fields['version']}; this program reads {VERSION}.",
                    "Use the version of SegLeak that wrote it, or a newer one.",
                )
            return cls(
                architecture=_of(str, fields["architecture"]),
                encoder=_of(str, fields["encoder"]),
                classes=_of(int, fields["classes"]),
                arguments=_of(dict, fields["arguments"]),
                preprocessing=Preprocessing.from_mapping(_of(dict, fields["preprocessing"])),
                scheme=None if fields["scheme"] is None else _of(str, fields["scheme"]),
                extra=_of(dict, fields["extra"]),
            )
        except TargetError:
            raise
        except (SegLeakError, ValueError, KeyError, TypeError) as error:
            raise TargetError(
                f"{file}: what the checkpoint says of itself cannot be read ({error}).", "Copy or train it again."
            ) from error


def save_target(
    path: Path,
    module: torch.nn.Module,
    architecture: str,
    encoder: str,
    classes: int,
    arguments: Mapping[str, Any],
    preprocessing: Preprocessing,
    scheme: str | None,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Write a target checkpoint, atomically. Opening it needs no options. The parameters are those of `TargetCard`."""
    from safetensors.torch import save

    card = TargetCard(architecture, encoder, classes, dict(arguments), preprocessing, scheme, dict(extra or {}))
    # Cloned: safetensors refuses weights that share memory.
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in module.state_dict().items()}
    write_bytes(path, save(tensors, metadata={METADATA_KEY: card.to_json()}))


def read_card(path: Path) -> TargetCard | None:
    """What a target checkpoint says of itself; None where `path` is none. Raises `TargetError` where it is wrong."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file() or path.suffix != ".safetensors":
        return None
    try:
        with safe_open(path, framework="pt") as stream:
            text = (stream.metadata() or {}).get(METADATA_KEY)
    except (SafetensorError, OSError, ValueError):
        return None
    return None if text is None else TargetCard.from_json(text, path.name)


@dataclass(frozen=True)
class Checkpoint(TargetFormat):
    """A target trained here."""

    name: ClassVar[str] = "checkpoint"
    title: ClassVar[str] = "SegLeak target checkpoint"

    def recognise(self, path: Path) -> str | None:
        """As `TargetFormat.recognise`."""
        card = read_card(path)
        return None if card is None else f"a target checkpoint of SegLeak ({card.architecture})"

    def open(self, request: Request) -> Target:
        """As `TargetFormat.open`."""
        file = request.path.name
        card = read_card(request.path)
        if card is None:
            raise TargetError(f"{file}: it is no target checkpoint of SegLeak.", "Set 'format' to auto.")
        module = build(card.architecture, card.encoder, card.classes, card.arguments)
        what = f"{card.architecture} {card.encoder}".strip()
        load_weights(module, read_safetensors(request.path), file, what)
        info = TargetInfo(
            path=request.path,
            format=self.name,
            sha256=sha256_of_file(request.path),
            architecture=what,
            classes=card.classes,
            scheme=request.options.scheme or card.scheme,
        )
        return opened_module(request, module, info, card.preprocessing)


FORMATS.register(Checkpoint)


def _of(kind: type, value: Any) -> Any:
    """The value, if it has that type."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
