"""How a student learns from its teacher; apart from the hardening, which must be light to import."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from core.attacks.base import VOID
from core.errors import DataError, TargetError
from core.targets.open import open_target
from core.training.fit import Fit
from core.training.hardening.distillation import Distillation
from core.training.images import TrainingImages
from core.training.manifest import read_manifest
from core.training.method import Method, cross_entropy


class DistillationMethod(Method):
    """Training on a teacher's answers.

    Raises
    ------
    DataError
        The teacher was trained on other images than the members, as its own list says.
    TargetError
        The teacher cannot be opened, or knows other classes.
    """

    def __init__(self, fit: Fit, hardening: Distillation) -> None:
        super().__init__(fit)
        self.hardening = hardening
        target = open_target(hardening.path, device=fit.device)
        if target.info.classes != fit.classes:
            raise TargetError(
                f"{hardening.path.name}: the teacher knows {target.info.classes} classes, the class scheme "
                f"{fit.classes}.",
                "Use the class scheme the teacher was trained with.",
            )
        _check_members(hardening, target.info.sha256, fit.images)
        self.teacher_sha256 = target.info.sha256
        self.teacher = target.module().to(memory_format=torch.channels_last)

    @property
    def source(self) -> TrainingImages:
        """The references where there are any, else the members."""
        return self.fit.references or self.fit.images

    def batch(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """As `Method.batch`; reference images come without their labels."""
        inputs, labels = super().batch(indices)
        return inputs, torch.full_like(labels, VOID) if self.fit.references else labels

    def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The teacher's term and, on members, that of the label maps."""
        with torch.no_grad():
            taught = self.fit.logits(self.teacher, inputs, labels.shape[1:])
        logits = self.fit.logits(self.fit.model, inputs, labels.shape[1:])
        soft = divergence(taught, logits, self.hardening.temperature)
        if self.fit.references:
            return soft
        weight = self.hardening.weight
        return weight * soft + (1 - weight) * cross_entropy(logits, labels)

    def report(self) -> dict[str, Any]:
        """The teacher, and which images it was asked about."""
        learned = "references" if self.fit.references else "members"
        return {"teacher": self.teacher_sha256, "learned_from": learned, "images": len(self.source)}


def divergence(taught: torch.Tensor, logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """T^2 KL(softmax(taught / T) || softmax(logits / T)) in nats, the mean over pixels; both `(N, C, h, w)`."""
    teacher, student = (functional.log_softmax(values / temperature, dim=1) for values in (taught, logits))
    per_pixel = functional.kl_div(student, teacher, reduction="none", log_target=True).sum(dim=1)
    return temperature**2 * per_pixel.mean()


def _check_members(hardening: Distillation, sha256: str, members: TrainingImages) -> None:
    """The student's members are the teacher's, or its manifest would be wrong."""
    manifest = read_manifest(hardening.path, sha256)
    if manifest is None:
        return
    given, taught = set(members.sha256), set(manifest.members)
    if given != taught:
        raise DataError(
            f"{hardening.path.name}: the teacher's training images are not the members: {len(taught - given)} of its "
            f"{len(taught)} are missing, {len(given - taught)} of the {len(given)} members are none of its.",
            "Give exactly the teacher's training images as members.",
        )
