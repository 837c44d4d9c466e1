"""Dropout at test time: a target whose dropout layers stay active while it answers (He et al. 2020)."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.defenses.dropout import Dropout
from core.errors import TargetError
from core.targets.base import Output, Target
from core.targets.inference import run_images
from core.targets.output import log_probabilities

LAYERS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
WHOLE_CHANNELS = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


class TargetWithDropout:
    """A target that answers with dropout.

    The masks depend on nothing but the image's key, the pass, the layer and how often the layer has run, so that an
    image gets the same answer in every batch, order and process. The target itself stays as it was.

    Parameters
    ----------
    target
        A target with a torch module; others raise `TargetError` with the reason.
    settings
        `p` (above 0: for every layer; 0: each layer's own), `passes` and `place` ("own": the model's own active
        dropout layers; "classifier": whole channels before its last convolution; "auto": own where there are any).
    """

    def __init__(self, target: Target, settings: Dropout) -> None:
        self.target = target
        self.passes = settings.passes
        module = target.module()
        self.layers = _own_layers(module, settings.p) if settings.place in {"own", "auto"} else {}
        self.classifier = ""
        if not self.layers:
            if settings.place == "own":
                raise TargetError(
                    f"{target.info.path.name}: the model has no dropout layers of its own.",
                    "Set place to classifier.",
                )
            self.classifier = _classifier(target, module)
            self.layers = {self.classifier: settings.p}

    def outputs_for(self, images: Sequence[npt.NDArray[np.uint8]], keys: Sequence[int]) -> list[Output]:
        """Outputs of images `(H, W, 3)` uint8 RGB; their posteriors are the mean over the passes.

        `keys` holds one whole number per image. Images run one by one. Raises `TargetError` for label maps, which
        have no mean.
        """
        return [self._output(image, key) for image, key in zip(images, keys, strict=True)]

    def _output(self, image: npt.NDArray[np.uint8], key: int) -> Output:
        total: torch.Tensor | None = None
        for number in range(self.passes):
            with self._dropping(f"{key}\0{number}"):
                (out,) = run_images(self.target, [image])
            if out.kind == "labels":
                raise TargetError(
                    f"{self.target.info.path.name}: the model gives label maps; passes cannot be averaged.",
                    "Leave dropout out, or name an output with scores.",
                )
            found = log_probabilities(out)
            total = found if total is None else total.logaddexp(found)
        assert total is not None
        mean = total - np.log(self.passes)
        # Of the target's own kind, so that upsampling treats it as it treats the target's own output: with nothing
        # dropped, the answer is the undefended one.
        values = mean if out.kind == "logits" else mean.exp()
        return Output(values.float(), out.kind, out.extent, out.classes)

    @contextmanager
    def _dropping(self, key: str) -> Iterator[None]:
        """Dropout is active inside the block, with the masks of one image and pass."""
        module = self.target.module()
        with ExitStack() as hooks:
            for name, p in self.layers.items():
                layer = module.get_submodule(name)
                mask = _Masks(f"{key}\0{name}", p)
                if name == self.classifier:
                    handle = layer.register_forward_pre_hook(_before(mask))
                else:
                    handle = layer.register_forward_hook(_after(mask, isinstance(layer, WHOLE_CHANNELS)))
                hooks.callback(handle.remove)
            yield


def with_dropout(target: Target, settings: Dropout) -> TargetWithDropout:
    """The target with dropout at test time. Raises `TargetError` where its format or architecture cannot."""
    return TargetWithDropout(target, settings)


class _Masks:
    """The masks of one layer, for one image and pass; another one for each run of the layer (tiles)."""

    def __init__(self, key: str, p: float) -> None:
        self.key = key
        self.p = p
        self.runs = 0

    def drop(self, values: torch.Tensor, whole_channels: bool) -> torch.Tensor:
        """Set a share p of the values, or of the channels `(N, C, ...)`, to 0 and scale the rest by 1 / (1 - p)."""
        digest = hashlib.sha256(f"{self.key}\0{self.runs}".encode()).digest()
        self.runs += 1
        if self.p >= 1:
            return torch.zeros_like(values)
        shape = (*values.shape[:2], *[1] * (values.ndim - 2)) if whole_channels else tuple(values.shape)
        draws = np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))
        kept = torch.from_numpy(draws.random(shape, np.float32) >= self.p)
        return values * kept.to(values.device, values.dtype) / (1 - self.p)


def _before(mask: _Masks) -> Callable[[nn.Module, tuple[Any, ...]], tuple[Any, ...]]:
    return lambda _, inputs: (mask.drop(inputs[0], whole_channels=True), *inputs[1:])


def _after(mask: _Masks, whole_channels: bool) -> Callable[[nn.Module, tuple[Any, ...], torch.Tensor], torch.Tensor]:
    return lambda _, __, output: mask.drop(output, whole_channels)


def _own_layers(module: nn.Module, p: float) -> dict[str, float]:
    """Name and share of the dropout layers that were active in training."""
    layers = {name: layer for name, layer in _main_path(module) if isinstance(layer, LAYERS) and layer.p > 0}
    return {name: p if p > 0 else layer.p for name, layer in layers.items()}


def _main_path(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """All layers by name, without those of auxiliary heads, which have no say in the segmentation."""
    return [(n, layer) for n, layer in module.named_modules() if "aux" not in n and "classification_head" not in n]


def last_convolution(module: nn.Module, classes: int) -> str:
    """Name of the last convolution that gives the classes, outside auxiliary heads; empty where there is none."""
    wanted = {classes, 1} if classes == 2 else {classes}
    names = [
        name for name, layer in _main_path(module) if isinstance(layer, nn.Conv2d) and layer.out_channels in wanted
    ]
    return names[-1] if names else ""


def _classifier(target: Target, module: nn.Module) -> str:
    """As `last_convolution`. Raises `TargetError` where there is none."""
    name = last_convolution(module, target.info.classes)
    if not name:
        raise TargetError(
            f"{target.info.path.name}: no last convolution with {target.info.classes} outputs was found.",
            "Dropout can only act in this model's own layers: set place to own.",
        )
    return name
