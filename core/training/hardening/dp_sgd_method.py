"""How DP-SGD learns; apart from the hardening, which must be light to import.

opacus clips, adds the noise and counts epsilon. The gradients are taken here, one image after another: that is right
for every architecture, while the layer hooks of opacus 1.6 refuse the residual blocks of torchvision and give wrong
gradients for channels-last images.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import opacus
import torch
from opacus.accountants import RDPAccountant
from opacus.accountants.utils import get_noise_multiplier
from opacus.optimizers import DPOptimizer

from core.errors import DataError, SpecError
from core.targets.architectures import HEADS
from core.training.fit import Fit
from core.training.hardening.dp_sgd import UNIT, DpSgd
from core.training.manifest import read_manifest
from core.training.method import Method
from core.training.randomness import private_randomness

ENCODERS = ("encoder.", "backbone.")
"""What the names of an encoder's weights begin with, in smp and in torchvision."""

SEEDED = "seeded by the training's seed: whoever knows it can compute the noise again, and epsilon does not hold then"
NOT_COVERED = (
    "the loss curve and the mIoU, which are measured without noise",
    "the list of training images beside the checkpoint",
)


class DpSgdMethod(Method):
    """Training with clipped gradients and noise.

    Raises
    ------
    DataError
        The checkpoint to start from has seen some of the members.
    SpecError
        No noise keeps within the budget, or the model cannot be trained so.
    """

    def __init__(self, fit: Fit, hardening: DpSgd) -> None:
        self.hardening = hardening
        _check_start(fit)
        self.weights = _learning(fit, hardening.part)
        self.frozen = _freeze_others(fit.model, self.weights)
        super().__init__(fit)
        members, steps = len(self.source), self.steps_of_epoch()
        self.rate = 1 / steps
        self.delta = hardening.delta_for(members)
        self.noise = _noise_generator(fit)
        self.accountant = RDPAccountant()
        self.private = DPOptimizer(
            self.optimizer,
            noise_multiplier=_noise_multiplier(hardening.epsilon, self.delta, self.rate, fit.settings.epochs * steps),
            max_grad_norm=hardening.clip,
            expected_batch_size=members * self.rate,
            generator=self.noise,
        )
        self.private.attach_step_hook(self.accountant.get_optimizer_hook_fn(sample_rate=self.rate))

    def steps_of_epoch(self) -> int:
        """Steps after which each image was seen once on average."""
        return math.ceil(len(self.source) / self.fit.settings.batch)

    def batches(self) -> list[list[int]]:
        """As `Method.batches`. Each image is in each batch with probability `rate`; a batch may be empty."""
        chances = torch.rand(self.steps_of_epoch(), len(self.source), generator=self.fit.draws, dtype=torch.float64)
        return [row.nonzero().flatten().tolist() for row in chances < self.rate]

    def step(self, indices: Sequence[int]) -> float:
        """As `Method.step`. An empty batch gives a step of noise alone: who was drawn must not show."""
        total = 0.0
        if indices:
            inputs, labels = self.batch(indices)
            total = sum(self._add(inputs[i : i + 1], labels[i : i + 1]) for i in range(len(indices)))
        self._hand_over([weight.new_empty(0, *weight.shape) for weight in self.weights], last=True)
        self.schedule.step()
        return total / max(len(indices), 1)

    def _add(self, image: torch.Tensor, label: torch.Tensor) -> float:
        """Add one image's clipped gradient to the sum; returns its loss.

        The image is alone in the pass, so its loss is a mean over its own labelled pixels and no other image has a
        part in the gradient. Clipping comes after the gradient is float32 again: its bound holds in any precision.
        """
        loss = self.loss(image, label)
        gradients = torch.autograd.grad(loss, self.weights)
        self._hand_over([gradient[None] for gradient in gradients], last=False)
        return loss.item()

    def _hand_over(self, gradients: Sequence[torch.Tensor], *, last: bool) -> None:
        """Give opacus the gradients `(n, ...)` of n images; with the last ones it adds the noise and steps."""
        self.private.zero_grad()
        for weight, gradient in zip(self.weights, gradients, strict=True):
            weight.grad_sample = gradient  # type: ignore[attr-defined]
        self.private.signal_skip_step(not last)
        self.private.step()

    def finish(self) -> None:
        """As `Method.finish`: opacus' notes go from the weights, and all of them may learn again."""
        for weight in self.weights:
            for note in ("grad_sample", "summed_grad"):
                vars(weight).pop(note, None)
        for weight in self.frozen:
            weight.requires_grad_(True)

    def report(self) -> dict[str, Any]:
        """The privacy that was spent, and what it covers."""
        start = ("the images that the checkpoint to start from was trained on",) if self.fit.settings.start else ()
        with _quiet():
            epsilon = float(self.accountant.get_epsilon(self.delta))
        return {
            "epsilon": epsilon,
            "delta": self.delta,
            "unit": UNIT,
            "noise_multiplier": float(self.private.noise_multiplier),
            "clip": self.hardening.clip,
            "sample_rate": self.rate,
            "steps": sum(steps for _, _, steps in self.accountant.history),
            "accountant": f"RDP, opacus {opacus.__version__}",
            "trained_weights": sum(weight.numel() for weight in self.weights),
            "noise": SEEDED,
            "not_covered": [*NOT_COVERED, *start],
        }

    def state(self) -> dict[str, Any]:
        """As `Method.state`, with the noise to come and the privacy spent."""
        return super().state() | {"noise": self.noise.get_state(), "history": list(self.accountant.history)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As `Method.restore`."""
        super().restore(state)
        self.noise.set_state(state["noise"])
        self.accountant.history = list(state["history"])


def _check_start(fit: Fit) -> None:
    """Refuse a start that knows members already, as far as its list of training images says."""
    start = fit.settings.start
    manifest = read_manifest(Path(start)) if start else None
    if manifest and (both := set(fit.images.sha256) & {*manifest.members, *manifest.others}):
        raise DataError(
            f"{start}: the checkpoint to start from was trained on {len(both)} of the members; no epsilon would cover "
            "what it knows of them.",
            "Start from a checkpoint trained on other images.",
        )


def _learning(fit: Fit, part: str) -> list[torch.nn.Parameter]:
    """The weights of a part that the output depends on. Noise alone would move the others (PSPNet has some).

    Raises `SpecError` where there are none, or a layer keeps statistics of what it sees.
    """
    inside = _PARTS[part]
    chosen = [weight for name, weight in fit.model.named_parameters() if weight.requires_grad and inside(name)]
    if not chosen:
        raise SpecError(
            f"dp-sgd: {fit.settings.architecture} has no weights that belong to the part '{part}'.", "Set part to all."
        )
    buffers = [buffer.clone() for buffer in fit.model.buffers()]
    size = torch.Size(fit.settings.size)
    with private_randomness(0, fit.device):
        logits = fit.logits(fit.model.train(), torch.zeros(1, 3, *size, device=fit.device), size)
        gradients = torch.autograd.grad(logits.sum(), chosen, allow_unused=True)
    if any(not torch.equal(a, b) for a, b in zip(buffers, fit.model.buffers(), strict=True)):
        raise SpecError(
            f"dp-sgd: {fit.settings.architecture} keeps statistics of the images, outside of any epsilon.",
            "Choose another encoder.",
        )
    return [weight for weight, gradient in zip(chosen, gradients, strict=True) if gradient is not None]


_PARTS: dict[str, Callable[[str], bool]] = {
    "all": lambda name: True,
    "decoder": lambda name: not name.startswith(ENCODERS),
    "head": lambda name: name.startswith(tuple(key.removesuffix("weight") for key in HEADS)),
}


def _freeze_others(model: torch.nn.Module, weights: Sequence[torch.nn.Parameter]) -> list[torch.nn.Parameter]:
    """Let nothing but these weights learn; returns those that could before."""
    kept = {id(weight) for weight in weights}
    frozen = [weight for weight in model.parameters() if weight.requires_grad and id(weight) not in kept]
    for weight in frozen:
        weight.requires_grad_(False)
    return frozen


def _noise_generator(fit: Fit) -> torch.Generator:
    """A generator on the device of the weights, apart from the one that draws batches."""
    seed = int(np.random.SeedSequence([fit.settings.seed, 1]).generate_state(1)[0])
    return torch.Generator(fit.device).manual_seed(seed)


def _noise_multiplier(epsilon: float, delta: float, rate: float, steps: int) -> float:
    """The smallest noise that keeps within the budget. Raises `SpecError` where none does."""
    try:
        with _quiet():
            return float(
                get_noise_multiplier(
                    target_epsilon=epsilon,
                    target_delta=delta,
                    sample_rate=rate,
                    steps=steps,
                    accountant="rdp",
                    epsilon_tolerance=epsilon / 1000,
                )
            )
    except ValueError as error:
        raise SpecError(
            f"dp-sgd: no noise keeps {steps} steps within epsilon {epsilon:g} at delta {delta:g}.",
            "Give a larger epsilon or delta, or fewer epochs.",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a warning that only says that a tighter bound may exist: epsilon holds all the same."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Optimal order is the")
        yield
