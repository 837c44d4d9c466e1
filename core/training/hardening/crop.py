"""Crop training: the target never sees a member as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.errors import SpecError
from core.parameters import param
from core.training.hardening.base import HARDENINGS, Hardening
from core.training.settings import MULTIPLE, TargetTraining

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.method import Method


@HARDENINGS.register
@dataclass(frozen=True)
class CropTraining(Hardening):
    """Each epoch shows one square of each image, at a place drawn anew (Chobola et al. 2023: squares of 128 px).

    As many steps as plain training takes, each on less of an image. Raises `SpecError` for a side that encoders
    cannot take.
    """

    name: ClassVar[str] = "crop-training"
    title: ClassVar[str] = "Crop training"
    side: int = param(128, f"side of the square, a multiple of {MULTIPLE}", unit="px", low=MULTIPLE, high=8192)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.side % MULTIPLE:
            raise SpecError(f"{self.name}: 'side' cannot be {self.side}.", f"It takes a multiple of {MULTIPLE}.")

    def check(self, settings: TargetTraining) -> None:
        """Raise `SpecError` where the square is the whole image, or more."""
        height, width = settings.size
        if self.side > min(height, width) or self.side == height == width:
            raise SpecError(
                f"{self.name}: squares of {self.side} px are no part of training images of {width}x{height} px.",
                "Set 'side' to less.",
            )

    def method(self, fit: "Fit") -> "Method":
        """Plain training but for the batches."""
        import torch

        from core.training.method import Method

        side = self.side

        class Cropped(Method):
            def batch(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
                inputs, labels = super().batch(indices)
                tops, lefts = (self.places(len(indices), length) for length in labels.shape[1:])
                squares = [
                    (slice(top, top + side), slice(left, left + side)) for top, left in zip(tops, lefts, strict=True)
                ]
                return (
                    torch.stack([image[:, rows, cols] for image, (rows, cols) in zip(inputs, squares, strict=True)]),
                    torch.stack([label[rows, cols] for label, (rows, cols) in zip(labels, squares, strict=True)]),
                )

            def places(self, count: int, length: int) -> list[int]:
                """First row or column of so many squares."""
                found: list[int] = torch.randint(length - side + 1, (count,), generator=self.fit.draws).tolist()
                return found

        return Cropped(fit)
