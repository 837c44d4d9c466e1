"""What a target is: an opened model that turns images into posteriors."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from core.errors import TargetError
from core.targets.preprocessing import Preprocessing

OutputKind = Literal["logits", "probabilities", "labels"]


@dataclass(frozen=True)
class Output:
    """What a target gave for one image, at the target's own resolution.

    Attributes
    ----------
    values
        `(C, h, w)` float32 for logits and probabilities; `(h, w)` int64 for label maps.
    kind
        How to read `values`.
    extent
        Rows and columns of `values`, as fractions of a cell allowed, that cover the image; the rest is padding.
    classes
        Number of classes C.
    """

    values: torch.Tensor
    kind: OutputKind
    extent: tuple[float, float]
    classes: int


@dataclass(frozen=True)
class TargetInfo:
    """What is known of an opened model file."""

    path: Path
    format: str
    sha256: str
    architecture: str = ""
    classes: int = 0
    scheme: str | None = None
    gives: Literal["posteriors", "labels"] = "posteriors"
    runs_code: bool = False
    notes: tuple[str, ...] = field(default=())


class Target(ABC):
    """An opened model. Subclasses say how one batch runs; everything else is shared.

    Attributes
    ----------
    info
        What is known of the file.
    preprocessing
        How an image becomes the model's input.
    device
        "cpu" or "cuda:N".
    """

    def __init__(self, info: TargetInfo, preprocessing: Preprocessing, device: str) -> None:
        self.info = info
        self.preprocessing = preprocessing
        self.device = device

    @abstractmethod
    def forward(self, batch: torch.Tensor) -> object:
        """Run a pre-processed batch `(N, 3, h, w)` float32 on `device`; returns whatever the model returns."""

    def outputs(self, images: Sequence[npt.NDArray[np.uint8]]) -> list[Output]:
        """Run images `(H, W, 3)` uint8 RGB of any sizes; images of one size go through together."""
        from core.targets.inference import run_images

        return run_images(self, images)

    def posteriors(self, images: Sequence[npt.NDArray[np.uint8]]) -> list[npt.NDArray[np.float32]]:
        """Posteriors `(C, H, W)` float32 at each image's own size, sum 1 over C."""
        from core.targets.output import full_posteriors

        return [full_posteriors(out, image.shape[:2]) for out, image in zip(self.outputs(images), images, strict=True)]

    def module(self) -> torch.nn.Module:
        """The torch module inside. Raises `TargetError` with the reason where the format has none."""
        raise TargetError(
            f"{self.info.path.name}: a model of the format {self.info.format} cannot be changed from outside.",
            "Dropout needs a torch checkpoint with a known architecture.",
        )
