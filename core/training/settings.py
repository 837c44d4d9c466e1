"""How targets and attack networks are trained: the settings, without torch, so that forms and flags show at once."""

from dataclasses import dataclass, replace
from typing import ClassVar

from core.errors import SpecError
from core.parameters import Choice, param
from core.targets.norms import NORMS
from core.targets.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing

OPTIMIZERS = ("sgd", "adamw")
SCHEDULES = ("cosine", "poly", "constant")
AUGMENTATIONS = ("none", "flip", "flip-crop")
PRECISIONS = ("auto", "float32", "bfloat16")
REPRESENTATIONS = ("slm", "slm-pair", "concatenation", "posteriors")
LOSSES = ("slm", "slm-pair")
"""Representations without classes and without bounds."""
MULTIPLE = 32
"""What the encoders of the library shrink by: other sizes fail inside some of the architectures."""

EXCHANGES = ("images", "blocks")
"""What two shadows of a pair have halves of: the images, or the blocks of every image."""

BLOCK_SIDE = 64
"""Pixels of a block's side, at training size, where the settings name none."""


@dataclass(frozen=True)
class TargetTraining(Choice):
    """How a target is trained."""

    name: ClassVar[str] = "target training"
    architecture: str = param("smp:Unet", "architecture, such as smp:PSPNet or torchvision:deeplabv3_resnet50")
    encoder: str = param("resnet18", "encoder of an smp architecture; others have their own")
    size: tuple[int, ...] = param((192, 256), "height and width images are resized to", unit="px")
    epochs: int = param(40, "passes over all images", low=1, high=10_000)
    batch: int = param(8, "images per step", unit="images", low=2, high=1024)
    learning_rate: float = param(1e-3, "base learning rate", low=1e-8, high=10)
    weight_decay: float = param(1e-4, "weight decay", low=0, high=1)
    optimizer: str = param("adamw", "optimizer; sgd has momentum 0.9", choices=OPTIMIZERS)
    schedule: str = param("cosine", "how the learning rate falls, after a short rise", choices=SCHEDULES)
    augment: str = param("flip", "random changes to images", choices=AUGMENTATIONS)
    precision: str = param("auto", "number format; auto: bfloat16 where computed in hardware", choices=PRECISIONS)
    norm: str = param("batch", "normalisation layers; dp-sgd needs group, which does not mix images", choices=NORMS)
    start: str = param("", "checkpoint to start from, trained with the same architecture; empty: random weights")
    seed: int = param(0, "seed of weights, order and augmentation", low=0)
    half_supervised: int = param(
        0,
        "side of the blocks of which a random half per image teaches, to measure maps by; 0: everything does",
        unit="px",
        low=0,
        high=8192,
    )
    other_half: bool = param(False, "half-supervised: the blocks that the seed before this one leaves out")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.other_half and not (self.half_supervised and self.seed):
            raise SpecError(
                f"{self.name}: 'other_half' cannot be true here.",
                "It takes 'half_supervised' and a seed above 0, whose predecessor teaches the one half.",
            )
        good = len(self.size) == 2 and all(isinstance(v, int) and v > 0 and v % MULTIPLE == 0 for v in self.size)
        if not good:
            raise SpecError(
                f"{self.name}: 'size' cannot be {self.size!r}.",
                f"It takes height and width, both multiples of {MULTIPLE}.",
            )

    @property
    def used_encoder(self) -> str:
        """The encoder, or "" where the architecture takes none."""
        return self.encoder if self.architecture.lower().startswith("smp:") else ""

    @property
    def arguments(self) -> dict[str, str]:
        """Further arguments of the architecture."""
        return {} if self.norm == "batch" else {"norm": self.norm}

    @property
    def preprocessing(self) -> Preprocessing:
        """How an image becomes the input of a target trained with these settings."""
        return Preprocessing(mean=IMAGENET_MEAN, std=IMAGENET_STD, resize=self.size)


def of_shadow(settings: TargetTraining, number: int, exchange: str) -> TargetTraining:
    """How one of several shadows is trained. The second of a pair takes the blocks that the first one leaves out."""
    one = replace(settings, seed=settings.seed + number)
    if exchange == "images":
        return one
    return replace(one, half_supervised=one.half_supervised or BLOCK_SIDE, other_half=number % 2 == 1)


@dataclass(frozen=True)
class AttackTraining(Choice):
    """How an attack network is trained."""

    name: ClassVar[str] = "attack training"
    network: str = param("resnet18", "architecture", choices=("resnet18", "resnet34", "resnet50", "small"))
    width: float = param(0.5, "channels, as a fraction of the paper's", low=0.05, high=2)
    representation: str = param("slm", "what the network looks at", choices=REPRESENTATIONS)
    patch: int = param(90, "side of a patch; 0: the whole map", unit="grid points", low=0, high=1024)
    mode: str = param(
        "dense",
        "dense: all windows of a map in one pass; cropped: random patches cut out, as in the paper",
        choices=("dense", "cropped"),
    )
    transform: str = param("auto", "of the input; auto: log for losses", choices=("auto", "none", "log"))
    iterations: int = param(150, "steps", low=1, high=1_000_000)
    batch: int = param(16, "images or patches per step, half of them members", low=2, high=4096)
    learning_rate: float = param(5e-4, "base learning rate of AdamW, falling as a cosine", low=1e-8, high=1)
    weight_decay: float = param(1.0, "weight decay of AdamW", low=0, high=10)
    holdout: float = param(
        0.2, "fraction of the images (whole groups) kept for the threshold and the AUC", low=0, high=0.5
    )
    precision: str = param("auto", "number format; auto: bfloat16 where computed in hardware", choices=PRECISIONS)
    seed: int = param(0, "seed of weights, order, crops and random defenses", low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.transform == "log" and self.representation not in LOSSES:
            raise SpecError(
                f"{self.name}: 'transform' cannot be 'log' for {self.representation}.",
                f"It takes none or auto: only losses, of {' and '.join(LOSSES)}, are unbounded.",
            )

    @property
    def input_transform(self) -> str:
        """The transform of the card: raw losses span 0 to 69, so they are compressed unless told otherwise."""
        if self.transform == "auto":
            return "log" if self.representation in LOSSES else "none"
        return self.transform


@dataclass(frozen=True)
class CombinerTraining(Choice):
    """How a combiner of attacks is fitted."""

    name: ClassVar[str] = "combiner training"
    strength: float = param(
        1.0, "of the regularisation towards weights of 0, in units of the fit on 1 image", low=1e-6, high=1e6
    )
    holdout: float = param(
        0.2, "fraction of the images (whole groups) kept for the threshold and the AUC", low=0, high=0.5
    )
    seed: int = param(0, "seed of the held-out images and of random defenses", low=0)


@dataclass(frozen=True)
class RatioTraining(Choice):
    """How a table of evidence is fitted."""

    name: ClassVar[str] = "ratio training"
    smoothness: float = param(
        0.0, "penalty on differences between neighbouring cells; 0: the one that does best on held-out images", low=0
    )
    seed: int = param(0, "seed of the held-out groups of images", low=0)
