"""How a target learns against an inference network; apart from the hardening, which must be light to import."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from core.attacks.networks.base import LOG_SCALE
from core.grid import Grid
from core.training.fit import Fit
from core.training.hardening.min_max import MinMax
from core.training.images import TrainingImages
from core.training.method import Method, cross_entropy
from core.training.schedule import make_optimizer

PLANES = (16, 32, 64)
"""Channels of the inference network's layers: a fraction of the work of any target."""

LEARNING_RATE = 1e-3
"""Of the inference network: the usual one of its optimizer, whatever the target's own is."""


class InferenceNetwork(nn.Module):
    """Three convolutions that each halve the side, the mean over all places, one linear layer: an image's margin.

    Without the batch normalisation of the attack networks, whose statistics lag behind a game in which both sides
    move, and would differ between batches of members alone and of both.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((channels, *PLANES), PLANES, strict=False):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Linear(PLANES[-1], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(N, channels, h, w)` -> `(N,)`, above 0 for members."""
        margins: torch.Tensor = self.last(self.layers(x).mean(dim=(2, 3)))[:, 0]
        return margins


class MinMaxMethod(Method):
    """Training against an inference network."""

    def __init__(self, fit: Fit, hardening: MinMax) -> None:
        super().__init__(fit)
        assert fit.references is not None  # the hardening needs them, so `train_target` has refused their absence
        self.references = fit.references
        self.hardening = hardening
        self.inference = InferenceNetwork(2 * fit.classes).to(fit.device)
        self.inference_optimizer = make_optimizer("adamw", self.inference.parameters(), LEARNING_RATE, weight_decay=0.0)

    def step(self, indices: Sequence[int]) -> float:
        """The inference network's steps, then the target's."""
        for _ in range(self.hardening.steps):
            self.inference_step()
        return super().step(indices)

    def loss(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """CE(f(x), y) + weight log h(f(x), y), the mean over the batch."""
        logits = self.fit.logits(self.fit.model, inputs, labels.shape[1:])
        gain = functional.logsigmoid(self.margins(logits, labels)).mean()
        return cross_entropy(logits, labels) + self.hardening.weight * gain

    def inference_step(self) -> None:
        """One step of the inference network up the gradient of its gain, on a random batch of each side."""
        count = min(self.fit.settings.batch, len(self.fit.images), len(self.references))
        sides = (self.sample(self.fit.images, count), self.sample(self.references, count))
        inputs, labels = (torch.cat(parts) for parts in zip(*sides, strict=True))
        margins = self.margins(self.released(inputs, labels), labels)
        wanted = torch.tensor([1.0, 0.0], device=self.fit.device).repeat_interleave(count)
        # Minus the gain.
        loss = functional.binary_cross_entropy_with_logits(margins, wanted)
        self.inference_optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.inference_optimizer.step()

    def sample(self, images: TrainingImages, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and label maps of random images; members and references are augmented alike."""
        indices = torch.randperm(len(images), generator=self.fit.draws)[:count].tolist()
        return self.augmented(images, indices)

    def released(self, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The logits of the target as it will be released: without batch statistics, which members would set."""
        training = self.fit.model.training
        self.fit.model.eval()
        with torch.no_grad():
            logits = self.fit.logits(self.fit.model, inputs, labels.shape[1:])
        self.fit.model.train(training)
        return logits

    def margins(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The inference network's margins `(N,)`: h is their logistic function. Posteriors are on the attack grid."""
        grid = Grid.of((labels.shape[1], labels.shape[2]))
        rows, cols = torch.from_numpy(grid.rows)[:, None], torch.from_numpy(grid.cols)
        classes = torch.arange(self.fit.classes, device=labels.device)[:, None, None]
        one_hot = labels[:, None, rows, cols] == classes
        # The logarithm tells posteriors of 0.99 and 0.9999 apart, by what is left for the other classes.
        posteriors = torch.log1p(LOG_SCALE * logits[:, :, rows, cols].softmax(dim=1))
        margins: torch.Tensor = self.inference(torch.cat([posteriors, one_hot.float()], dim=1))
        return margins

    def report(self) -> dict[str, Any]:
        """How well the inference network tells members and references apart in the end, without augmentation."""
        members, references = (self.log_odds(images) for images in (self.fit.images, self.references))
        accuracy = ((members > 0).double().mean() + (references <= 0).double().mean()) / 2
        gain = (functional.logsigmoid(members).mean() + functional.logsigmoid(-references).mean()) / 2
        return {
            "inference_accuracy": round(float(accuracy), 4),
            "inference_gain": round(float(gain), 4),
            "references": len(self.references),
        }

    @torch.no_grad()
    def log_odds(self, images: TrainingImages) -> torch.Tensor:
        """The inference network's margin `(N,)` of every image, float64."""
        found = []
        for start in range(0, len(images), self.fit.settings.batch):
            pixels, labels = images.batch(range(start, min(start + self.fit.settings.batch, len(images))))
            wanted = labels.to(self.fit.device)
            found.append(self.margins(self.released(self.fit.inputs(pixels), wanted), wanted).double().cpu())
        return torch.cat(found)

    def state(self) -> dict[str, Any]:
        """As `Method.state`, with the inference network."""
        inference = {"network": self.inference.state_dict(), "optimizer": self.inference_optimizer.state_dict()}
        return {**super().state(), "inference": inference}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As `Method.restore`."""
        super().restore(state)
        self.inference.load_state_dict(state["inference"]["network"])
        self.inference_optimizer.load_state_dict(state["inference"]["optimizer"])
