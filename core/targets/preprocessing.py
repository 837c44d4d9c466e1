"""How an image becomes a model's input. Part of the audit's spec."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from core.errors import SpecError
from core.parameters import Choice, param

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocessing(Choice):
    """RGB uint8 image -> (image / divide - mean) / std, channels in order, resized, padded, tiled.

    `mean` and `std` are in the order of `channels` (for BGR: blue first).
    """

    name: ClassVar[str] = "preprocessing"
    mean: tuple[float, ...] = param(IMAGENET_MEAN, "mean per channel, after dividing")
    std: tuple[float, ...] = param(IMAGENET_STD, "standard deviation per channel, after dividing")
    divide: float = param(255.0, "pixel values are divided by this first", low=1e-6)
    channels: str = param("rgb", "order of the channels the model expects", choices=("rgb", "bgr"))
    resize: tuple[int, ...] | None = param(None, "height and width the model's input is resized to; absent: kept")
    multiple: int = param(1, "height and width are padded to a multiple of this", unit="px", low=1, high=1024)
    tile: int = param(0, "side of square tiles for large images; 0: whole image", unit="px", low=0)
    overlap: int = param(0, "overlap of neighbouring tiles", unit="px", low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("mean", "std"):
            values = getattr(self, key)
            if len(values) != 3 or not all(isinstance(v, int | float) for v in values):
                raise SpecError(f"preprocessing: '{key}' cannot be {values!r}.", "It takes three numbers.")
            object.__setattr__(self, key, tuple(float(v) for v in values))
        if min(self.std) <= 0:
            raise SpecError(f"preprocessing: 'std' cannot be {self.std!r}.", "It takes three numbers above 0.")
        if self.resize is not None and (len(self.resize) != 2 or min(self.resize) < 1):
            raise SpecError(f"preprocessing: 'resize' cannot be {self.resize!r}.", "It takes height and width.")
        if self.tile and self.overlap >= self.tile:
            raise SpecError("preprocessing: 'overlap' must be smaller than 'tile'.", f"It takes 0 to {self.tile - 1}.")


GivenPreprocessing = Preprocessing | Mapping[str, Any] | None
"""What a spec says: everything, some keys, or nothing."""


def merged(given: GivenPreprocessing, found: Preprocessing | None) -> Preprocessing:
    """What is given goes before what the model file says, key by key. Raises `SpecError` for a wrong key or value."""
    if isinstance(given, Preprocessing):
        return given
    found = found or Preprocessing()
    return Preprocessing.from_mapping(found.to_mapping() | dict(given)) if given else found
