"""Folders written by transformers' `save_pretrained`: local files, safetensors, no code from the folder, no network."""

import contextlib
import inspect
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from core.errors import SpecError, TargetError
from core.files import sha256_of_path
from core.targets.base import Target, TargetInfo
from core.targets.formats import FORMATS, Request, TargetFormat
from core.targets.module_target import ModuleTarget
from core.targets.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from core.targets.torchscript import first_line, running

MAX_JSON = 1 << 24
"""Bytes; real configurations have a few thousand."""

_ARCHITECTURE = re.compile(r"[A-Z]\w*For(Semantic|Universal)Segmentation|MaskFormerForInstanceSegmentation", re.ASCII)
_SQUARE_BY_DEFAULT = ("Segformer", "Beit", "DPT")  # what a single number for `size` means differs between processors
_BILINEAR = 2


class TransformersTarget(ModuleTarget):
    """A transformers segmentation model."""

    def forward(self, batch: torch.Tensor) -> object:
        """As `Target.forward`; gives transformers' own output object."""
        with running(self.info.path.name):
            return self.module()(pixel_values=batch, return_dict=True)


@FORMATS.register
@dataclass(frozen=True)
class TransformersFolder(TargetFormat):
    """A folder with `config.json` and `model.safetensors`."""

    name: ClassVar[str] = "transformers"
    title: ClassVar[str] = "transformers folder"

    def recognise(self, path: Path) -> str | None:
        """A folder whose `config.json` names a transformers segmentation architecture."""
        try:
            architecture = _architecture(_read_json(path / "config.json"))
        except TargetError:
            return None
        return f"{path.name} is a transformers folder: {architecture}." if architecture else None

    def open(self, request: Request) -> Target:
        """As `TargetFormat.open`; refuses folders that ask for code of their own."""
        folder, options = request.path, request.options
        config = _read_json(folder / "config.json")
        _refuse_code(config, folder)
        _check_weights(folder)
        architecture = _architecture(config)
        model, classes, notes = _load(folder, architecture, config)
        found, read_notes = _preprocessing(folder)
        preprocessing, default_notes = request.preprocessing_or(found)
        info = TargetInfo(
            path=folder,
            format=self.name,
            sha256=sha256_of_path(folder),
            architecture=f"transformers:{architecture}",
            classes=options.classes or classes,
            scheme=options.scheme,
            notes=notes + default_notes + (() if request.preprocessing else read_notes),
        )
        return TransformersTarget(model, info, preprocessing, request.device, options)


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of bounded size. Raises `TargetError`."""
    label = f"{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > MAX_JSON:
            raise TargetError(f"{label}: the file is too large for a configuration.")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise TargetError(
            f"{label}: the file cannot be read ({first_line(error)}).", "Save the model again."
        ) from error
    if not isinstance(content, dict):
        raise TargetError(f"{label}: the file holds no JSON object.", "Save the model again.")
    return content


def _architecture(config: Mapping[str, Any]) -> str:
    """The segmentation architecture a configuration names, or ""."""
    names = config.get("architectures")
    names = names if isinstance(names, list) else []
    return next((name for name in names if isinstance(name, str) and _ARCHITECTURE.fullmatch(name)), "")


def _tables(value: object) -> Iterator[dict[str, Any]]:
    """Every JSON object inside a JSON value, itself included."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            yield item
        todo += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()


def _refuse_code(config: dict[str, Any], folder: Path) -> None:
    """Raise `TargetError` where the folder would bring code or weights from elsewhere."""
    reason = ""
    for table in _tables(config):
        if "auto_map" in table:
            reason = "its config.json asks to run Python code of its own (auto_map)"
        elif any("/" in str(value) for key, value in table.items() if key.endswith("_implementation")):
            reason = "its config.json asks for compiled code from the network (attn_implementation)"
    if (folder / "adapter_config.json").exists():
        reason = "it is an adapter (adapter_config.json) to a model stored elsewhere"
    if reason:
        raise TargetError(
            f"{folder.name}: refused, {reason}.",
            "Use a model that transformers itself has, or export it to ONNX.",
        )


def _check_weights(folder: Path) -> None:
    """Raise `TargetError` unless the weights are safetensors inside the folder."""
    index = folder / "model.safetensors.index.json"
    if index.is_file() and not (folder / "model.safetensors").is_file():
        shards = _read_json(index).get("weight_map")
        names = set(map(str, shards.values())) if isinstance(shards, dict) else set()
        if not names or any(Path(name).name != name or "\\" in name for name in names):
            raise TargetError(
                f"{folder.name}: refused, {index.name} points outside the folder.", "Save the model again."
            )
    elif not (folder / "model.safetensors").is_file():
        raise TargetError(
            f"{folder.name}: there is no model.safetensors in the folder; other weights may carry code.",
            "Save the model again: model.save_pretrained(folder, safe_serialization=True).",
        )


def _load(folder: Path, architecture: str, config: dict[str, Any]) -> tuple[torch.nn.Module, int, tuple[str, ...]]:
    """The model, its number of classes, and notes."""
    try:
        import transformers
    except ImportError as error:
        raise TargetError(
            f"{folder.name}: transformers is needed to open this folder.", 'pip install "segleak[transformers]"'
        ) from error
    model_class = getattr(transformers, architecture, None)
    if model_class is None:
        raise TargetError(
            f"{folder.name}: transformers {transformers.__version__} has no {architecture}.",
            "Update transformers, or export the model to ONNX.",
        )
    for table in _tables(config):
        if "use_pretrained_backbone" in table:
            table["use_pretrained_backbone"] = False  # the backbone's weights are in the folder too
    try:
        with _offline(), _quiet(transformers.utils.logging):
            model, report = model_class.from_pretrained(
                str(folder),
                config=model_class.config_class.from_dict(config),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except Exception as error:  # a configuration may be wrong in any way
        raise TargetError(
            f"{folder.name}: transformers cannot open the folder ({type(error).__name__}: {first_line(error)}).",
            "Check that config.json and model.safetensors belong together and are complete.",
        ) from error
    needed = _needed_inputs(model)
    if report["missing_keys"] or needed:
        what = f"weights are missing: {_some(report['missing_keys'])}" if not needed else f"it also needs {needed}"
        raise TargetError(f"{folder.name}: the {architecture} cannot be used, {what}.", "Bring the complete model.")
    extra = report["unexpected_keys"]
    notes = (f"The model does not use these weights of the file: {_some(extra)}.",) if extra else ()
    classes = int(model.config.num_labels)
    return model, max(classes, 2), notes  # one label: the second of two classes


def _needed_inputs(model: torch.nn.Module) -> str:
    """Inputs besides the image without which the model does not run, such as OneFormer's task."""
    parameters = inspect.signature(model.forward).parameters.values()
    plain = (p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD)
    return ", ".join(name for name in plain if name != "pixel_values")


def _some(keys: Any) -> str:
    names = sorted(map(str, keys))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """No network, whatever a configuration names. The variable alone is read only once, at import."""
    from huggingface_hub import constants

    variable, constant = os.environ.get("HF_HUB_OFFLINE"), constants.HF_HUB_OFFLINE
    os.environ["HF_HUB_OFFLINE"], constants.HF_HUB_OFFLINE = "1", True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = constant
        if variable is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = variable


@contextlib.contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """No progress bars and warnings of transformers: what matters is in the target's notes."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _preprocessing(folder: Path) -> tuple[Preprocessing | None, tuple[str, ...]]:
    """What `preprocessor_config.json` says, with notes on what cannot be followed; None where there is no such file.

    Raises `TargetError` where the file is broken.
    """
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return None, ()
    said = _read_json(path)
    kind = str(said.get("image_processor_type") or said.get("feature_extractor_type") or "")
    try:
        scale = float(said.get("rescale_factor", 1 / 255)) if said.get("do_rescale", True) else 1.0
        normalise = said.get("do_normalize", not kind.startswith("MobileViT"))
        flip = said.get("do_flip_channel_order", kind.startswith("MobileViT"))
        mean, std = said.get("image_mean", IMAGENET_MEAN), said.get("image_std", IMAGENET_STD)
        resize, notes = _resize(said, kind)
        found = Preprocessing(
            mean=tuple(mean) if normalise else (0.0,) * 3,
            std=tuple(std) if normalise else (1.0,) * 3,
            divide=1 / scale,
            channels="bgr" if flip else "rgb",
            resize=resize,
            multiple=int(said.get("size_divisor") or 1) if said.get("do_pad", True) else 1,
        )
    except (SpecError, TypeError, ValueError, ZeroDivisionError) as error:
        raise TargetError(
            f"{folder.name}/{path.name}: the pre-processing cannot be read ({first_line(error)}).",
            "Give the pre-processing in the spec.",
        ) from error
    return found, notes


def _resize(said: Mapping[str, Any], kind: str) -> tuple[tuple[int, int] | None, tuple[str, ...]]:
    """The fixed input size (height, width) a processor asks for, and notes on what is done differently."""
    size, resize, notes = said.get("size"), None, []
    if said.get("do_resize", True) and size is not None:
        if isinstance(size, int) and kind.startswith(_SQUARE_BY_DEFAULT):
            resize = (size, size)
        elif isinstance(size, dict) and {"height", "width"} <= size.keys() and not said.get("keep_aspect_ratio"):
            resize = (int(size["height"]), int(size["width"]))
        else:
            notes.append(f"Its pre-processing resizes by {size}; images are kept at their own size instead.")
        if resize and said.get("resample", _BILINEAR) != _BILINEAR:
            notes.append("Images are resized bilinearly, not as its pre-processing says.")
    if said.get("do_center_crop"):
        notes.append("Its pre-processing crops the middle; whole images are used instead.")
    return resize, tuple(notes)
