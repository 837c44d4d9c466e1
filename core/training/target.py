"""Training a target, or a shadow: the same thing with other images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from core.attacks.base import VOID
from core.data.samples import ImageSet
from core.errors import TargetError
from core.files import sha256_of_file
from core.metrics.segmentation import confusion, miou
from core.progress import Progress
from core.targets.architectures import build
from core.targets.checkpoint import save_target
from core.training.augment import augment
from core.training.batches import epoch_batches
from core.training.curve import write_curve
from core.training.images import TrainingImages, labelled_samples
from core.training.manifest import TrainingManifest, write_manifest
from core.training.precision import autocast, resolve
from core.training.randomness import private_randomness
from core.training.schedule import make_optimizer, make_schedule
from core.training.settings import TargetTraining
from core.versions import now, versions

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme


@dataclass(frozen=True)
class TargetResult:
    """What came of a training.

    Attributes
    ----------
    checkpoint
        The checkpoint; `open_target` needs nothing else.
    sha256
        Its hash.
    losses
        Mean cross-entropy of each epoch, in nats per labelled pixel.
    miou
        On the training images, at training size, 0 to 1.
    validation_miou
        On the validation images; None without them.
    """

    checkpoint: Path
    sha256: str
    losses: tuple[float, ...]
    miou: float
    validation_miou: float | None


def train_target(
    images: Sequence[ImageSet],
    scheme: "ClassScheme",
    settings: TargetTraining,
    out: Path,
    device: str = "cpu",
    *,
    progress: Progress | None = None,
    validation: Sequence[ImageSet] = (),
) -> TargetResult:
    """Train a target and write its checkpoint, loss curve and list of training images.

    On the CPU the same images, settings and number of threads give the same weights. Nothing is written before the
    training has ended.

    Parameters
    ----------
    images
        The members. Each needs a label map.
    scheme
        Their class scheme.
    settings
        How to train.
    out
        The checkpoint to write (safetensors). Beside it: `<name>.losses.csv` and `<name>.training.json`.
    device
        "cpu" or "cuda:N".
    progress
        One step per batch; cancelling it stops with nothing written.
    validation
        Images not trained on, for the mIoU alone.

    Raises
    ------
    DataError
        An image or label map cannot be used.
    TargetError
        The architecture does not exist, or the loss is no longer a number.
    Cancelled
        A stop was asked for.
    """
    run = _Run(settings, scheme.classes, device, progress or Progress())
    members = run.read(images, scheme, "reading images")
    if len(members) < 2:
        raise TargetError("One image is not enough to train on.", "Give at least two.")
    held = run.read(validation, scheme, "reading validation images") if validation else None
    with private_randomness(settings.seed, device):
        model = build(settings.architecture, settings.used_encoder, scheme.classes, {})
        # Channels-last is what the fast convolutions of both processors want.
        model = model.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        curve = run.fit(model, members)
    score = run.miou(model, members)
    held_score = run.miou(model, held) if held else None
    sha256 = run.write(out, model, scheme.name, curve, members.sha256)
    return TargetResult(out, sha256, tuple(loss for loss, _ in curve), score, held_score)


Curve = list[tuple[float, float]]
"""Loss and learning rate of each epoch."""


@dataclass(frozen=True)
class _Run:
    """What every part of one training needs."""

    settings: TargetTraining
    classes: int
    device: str
    progress: Progress

    def read(self, sets: Sequence[ImageSet], scheme: "ClassScheme", stage: str) -> TrainingImages:
        height, width = self.settings.size
        images = TrainingImages(labelled_samples(sets, scheme), scheme, (height, width))
        images.load(self.progress, stage)
        return images

    def fit(self, model: torch.nn.Module, images: TrainingImages) -> Curve:
        """Train in place."""
        settings = self.settings
        draws = torch.Generator().manual_seed(settings.seed)
        steps = settings.epochs * len(epoch_batches(len(images), settings.batch, torch.Generator()))
        optimizer = make_optimizer(
            settings.optimizer, model.parameters(), settings.learning_rate, settings.weight_decay
        )
        schedule = make_schedule(settings.schedule, optimizer, steps)
        curve: Curve = []
        model.train()
        self.progress.start("training", steps)
        for epoch in range(settings.epochs):
            total, rate = 0.0, float(schedule.get_last_lr()[0])
            for indices in epoch_batches(len(images), settings.batch, draws):
                pixels, labels = images.batch(indices)
                wanted = labels.to(self.device).long()
                inputs, wanted = augment(settings.augment, self._inputs(pixels), wanted, draws)
                loss = self._loss(model, inputs, wanted)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                total += self._checked(loss.item(), epoch) * len(indices)
                self.progress.step(f"epoch {epoch + 1}/{settings.epochs}, loss {loss.item():.2f}")
            curve.append((total / len(images), rate))
        return curve

    def miou(self, model: torch.nn.Module, images: TrainingImages) -> float:
        """The mIoU at training size, without augmentation."""
        model.eval()
        counts = np.zeros((self.classes, self.classes), np.int64)
        starts = range(0, len(images), self.settings.batch)
        with torch.inference_mode():
            for start in self.progress.over("measuring mIoU", starts, len(starts)):
                pixels, labels = images.batch(range(start, min(start + self.settings.batch, len(images))))
                predicted = self._logits(model, self._inputs(pixels), labels.shape[1:]).argmax(1)
                flat = predicted.to(torch.uint8).flatten(0, 1).cpu().numpy()
                counts += confusion(labels.flatten(0, 1).numpy(), flat, self.classes)
        return float(miou(counts))

    def _inputs(self, pixels: torch.Tensor) -> torch.Tensor:
        preprocessing = self.settings.preprocessing
        mean = torch.tensor(preprocessing.mean, device=self.device)[:, None, None]
        std = torch.tensor(preprocessing.std, device=self.device)[:, None, None]
        return (pixels.to(self.device).float() / preprocessing.divide - mean) / std

    def _logits(self, model: torch.nn.Module, inputs: torch.Tensor, size: torch.Size) -> torch.Tensor:
        """Logits `(N, C, h, w)` float32 at the size of the labels."""
        with autocast(resolve(self.settings.precision, self.device), self.device):
            raw = model(inputs.contiguous(memory_format=torch.channels_last))
        logits: torch.Tensor = (raw["out"] if isinstance(raw, dict) else raw).float()
        if logits.shape[2:] == size:
            return logits
        return functional.interpolate(logits, size, mode="bilinear", align_corners=False)

    def _loss(self, model: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy over labelled pixels; 0 where there are none."""
        logits = self._logits(model, inputs, labels.shape[1:])
        total = functional.cross_entropy(logits, labels, ignore_index=VOID, reduction="sum")
        return total / (labels != VOID).sum().clamp(min=1)

    def _checked(self, loss: float, epoch: int) -> float:
        if math.isfinite(loss):
            return loss
        raise TargetError(
            f"The loss became {loss} in epoch {epoch + 1} of {self.settings.epochs}.",
            f"Lower the learning rate (it was {self.settings.learning_rate:g}), or use precision float32.",
        )

    def write(self, out: Path, model: torch.nn.Module, scheme: str, curve: Curve, members: tuple[str, ...]) -> str:
        """Write checkpoint, loss curve and manifest; returns the checkpoint's hash."""
        settings = self.settings
        model = model.cpu().to(memory_format=torch.contiguous_format)
        save_target(
            out,
            model,
            architecture=settings.architecture,
            encoder=settings.used_encoder,
            classes=self.classes,
            arguments={},
            preprocessing=settings.preprocessing,
            scheme=scheme,
        )
        sha256 = sha256_of_file(out)
        rows = ((epoch, *point) for epoch, point in enumerate(curve, start=1))
        write_curve(out, ("epoch", "loss", "learning_rate"), rows)
        write_manifest(
            out,
            TrainingManifest(
                kind="target",
                checkpoint_sha256=sha256,
                members=members,
                settings=settings.to_mapping(),
                versions=versions(),
                seed=settings.seed,
                created=now(),
            ),
        )
        return sha256
