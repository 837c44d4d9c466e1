"""One training under way: the model, the images, the loop over epochs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from core.errors import TargetError
from core.metrics.segmentation import confusion, miou
from core.progress import Progress
from core.training.images import TrainingImages
from core.training.precision import autocast, resolve
from core.training.resume import Resume, random_state, set_random_state
from core.training.settings import TargetTraining

if TYPE_CHECKING:
    from core.training.hardening.base import Hardening
    from core.training.method import Method

Curve = list[tuple[float, float]]
"""Loss and learning rate of each epoch."""


@dataclass
class Fit:
    """What a method of training works on.

    Attributes
    ----------
    model
        Trained in place, on `device`.
    images
        What it learns from: the members.
    references
        Reference images, where the hardening takes them.
    settings, classes, device
        How to train, number of classes, and where.
    progress
        One step per batch.
    draws
        The generator of batches, augmentation and whatever a hardening draws; on the CPU.
    """

    model: torch.nn.Module
    images: TrainingImages
    references: TrainingImages | None
    settings: TargetTraining
    classes: int
    device: str
    progress: Progress
    draws: torch.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.draws = torch.Generator().manual_seed(self.settings.seed)

    def inputs(self, pixels: torch.Tensor) -> torch.Tensor:
        """Images `(N, 3, h, w)` uint8 RGB -> inputs of the model, float32 on its device."""
        preprocessing = self.settings.preprocessing
        mean = torch.tensor(preprocessing.mean, device=self.device)[:, None, None]
        std = torch.tensor(preprocessing.std, device=self.device)[:, None, None]
        return (pixels.to(self.device).float() / preprocessing.divide - mean) / std

    def logits(self, model: torch.nn.Module, inputs: torch.Tensor, size: torch.Size) -> torch.Tensor:
        """Logits `(N, C, h, w)` float32 of a model at the size of the labels."""
        with autocast(resolve(self.settings.precision, self.device), self.device):
            raw = model(inputs.contiguous(memory_format=torch.channels_last))
        logits: torch.Tensor = (raw["out"] if isinstance(raw, dict) else raw).float()
        if logits.shape[2:] == size:
            return logits
        return functional.interpolate(logits, size, mode="bilinear", align_corners=False)

    def miou(self, images: TrainingImages) -> float:
        """The mIoU at training size, without augmentation, 0 to 1."""
        self.model.eval()
        counts = np.zeros((self.classes, self.classes), np.int64)
        starts = range(0, len(images), self.settings.batch)
        with torch.inference_mode():
            for start in self.progress.over("measuring mIoU", starts, len(starts)):
                pixels, labels = images.batch(range(start, min(start + self.settings.batch, len(images))))
                predicted = self.logits(self.model, self.inputs(pixels), labels.shape[1:]).argmax(1)
                flat = predicted.to(torch.uint8).flatten(0, 1).cpu().numpy()
                counts += confusion(labels.flatten(0, 1).numpy(), flat, self.classes)
        return float(miou(counts))


@dataclass(frozen=True)
class Fitted:
    """What a finished loop leaves: its loss curve, and what the hardening reports."""

    curve: Curve
    report: Mapping[str, Any]


def run(fit: Fit, hardening: "Hardening", out: Path, fingerprint: str) -> Fitted:
    """Train `fit.model` to the end, going on from a state kept beside `out` where one fits.

    Raises `TargetError` where the loss is no longer a number, `Cancelled` where a stop was asked for; the state kept
    last stays then.
    """
    method = hardening.method(fit)
    loop = _Loop(fit, method, Resume(out, fingerprint))
    curve = loop.run()
    report = method.report()
    method.finish()
    return Fitted(curve, report)


def forget(out: Path) -> None:
    """Delete the state kept beside a checkpoint: it is written."""
    Resume(out, "").done()


@dataclass
class _Loop:
    fit: Fit
    method: "Method"
    resume: Resume
    curve: Curve = field(default_factory=list)

    def run(self) -> Curve:
        settings, progress = self.fit.settings, self.fit.progress
        self._go_on()
        per_epoch = self.method.steps_of_epoch()
        progress.start("training", settings.epochs * per_epoch)
        if self.curve:
            progress.step(f"going on after epoch {len(self.curve)}", len(self.curve) * per_epoch)
        while len(self.curve) < settings.epochs:
            self.fit.model.train()
            self._epoch()
            if self.resume.due:
                self.resume.save(self._state())
        return self.curve

    def _epoch(self) -> None:
        number = len(self.curve) + 1
        rate = float(self.method.schedule.get_last_lr()[0])
        total, seen = 0.0, 0
        for indices in self.method.batches():
            loss = self._checked(self.method.step(indices), number)
            total += loss * len(indices)
            seen += len(indices)
            self.fit.progress.step(f"epoch {number}/{self.fit.settings.epochs}, loss {loss:.2f}")
        self.curve.append((total / max(seen, 1), rate))

    def _checked(self, loss: float, epoch: int) -> float:
        if math.isfinite(loss):
            return loss
        settings = self.fit.settings
        raise TargetError(
            f"The loss became {loss} in epoch {epoch} of {settings.epochs}.",
            f"Lower the learning rate (it was {settings.learning_rate:g}), or use precision float32.",
        )

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.fit.model.state_dict(),
            "method": self.method.state(),
            "draws": self.fit.draws.get_state(),
            "random": random_state(self.fit.device),
            "curve": [list(point) for point in self.curve],
        }

    def _go_on(self) -> None:
        """Take up a state that was kept, if there is one."""
        state = self.resume.load()
        if state is None:
            return
        self.fit.model.load_state_dict(state["model"])
        self.method.restore(state["method"])
        self.fit.draws.set_state(state["draws"])
        set_random_state(state["random"], self.fit.device)
        self.curve = [(loss, rate) for loss, rate in state["curve"]]
