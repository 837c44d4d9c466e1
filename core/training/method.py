"""How one batch after another changes a model; a hardening changes parts of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from core.attacks.base import VOID
from core.training.augment import augment
from core.training.batches import epoch_batches
from core.training.schedule import make_optimizer, make_schedule

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.images import TrainingImages


class Method:
    """Plain training. A hardening derives from it and overrides the smallest step that it changes.

    Parameters
    ----------
    fit
        The training: model, images, settings, random draws.
    """

    def __init__(self, fit: "Fit") -> None:
        self.fit = fit
        settings = fit.settings
        self.optimizer = self.make_optimizer()
        steps = settings.epochs * self.steps_of_epoch()
        self.schedule = make_schedule(settings.schedule, self.optimizer, steps)

    def make_optimizer(self) -> torch.optim.Optimizer:
        """The optimizer of the model's weights that may change."""
        settings = self.fit.settings
        weights = [p for p in self.fit.model.parameters() if p.requires_grad]
        return make_optimizer(settings.optimizer, weights, settings.learning_rate, settings.weight_decay)

    @property
    def source(self) -> "TrainingImages":
        """The images that batches are drawn from: the members."""
        return self.fit.images

    def steps_of_epoch(self) -> int:
        """Batches of an epoch."""
        return len(epoch_batches(len(self.source), self.fit.settings.batch, torch.Generator()))

    def batches(self) -> list[list[int]]:
        """The batches of the next epoch, as indices into `source`."""
        return epoch_batches(len(self.source), self.fit.settings.batch, self.fit.draws)

    def step(self, indices: Sequence[int]) -> float:
        """Learn from one batch; returns its loss."""
        inputs, labels = self.batch(indices)
        loss = self.loss(inputs, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    def batch(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs `(N, 3, h, w)` float32 and label maps `(N, h, w)` int64 of a batch, augmented."""
        return self.augmented(self.source, indices)

    def augmented(self, images: "TrainingImages", indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Some of the images, as `batch`."""
        pixels, labels = images.batch(indices)
        wanted = labels.to(self.fit.device).long()
        return augment(self.fit.settings.augment, self.fit.inputs(pixels), wanted, self.fit.draws)

    def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss of a batch, a scalar."""
        return cross_entropy(self.fit.logits(self.fit.model, inputs, labels.shape[1:]), labels)

    def finish(self) -> None:
        """Take back what was done to the model for training only; runs once, after the last step."""

    def report(self) -> dict[str, Any]:
        """What an auditor must know of the outcome (such as epsilon), as plain JSON values, for the manifest."""
        return {}

    def state(self) -> dict[str, Any]:
        """Everything of this training that is not in the model, for going on after a stop."""
        return {"optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor, *, smoothing: float = 0.0) -> torch.Tensor:
    """Mean cross-entropy over labelled pixels; 0 where there are none.

    Logits `(N, C, h, w)`, labels `(N, h, w)` with 255 for void. `smoothing` as in Szegedy et al. 2016.
    """
    total = functional.cross_entropy(logits, labels, ignore_index=VOID, reduction="sum", label_smoothing=smoothing)
    return total / (labels != VOID).sum().clamp(min=1)
