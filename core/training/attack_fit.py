"""The training of an attack network under way: the network, the loop over steps, scores of held-out images."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch.nn import functional

from core.attacks.networks import MEMBER, NETWORKS, NON_MEMBER, AttackNetwork
from core.errors import AttackError
from core.progress import Progress
from core.randomness import key_for
from core.training.batches import balanced_batches
from core.training.crops import padded_to, patches, whole_maps, windows
from core.training.precision import autocast, resolve
from core.training.resume import Resume, random_state, set_random_state
from core.training.schedule import make_optimizer, make_schedule
from core.training.settings import AttackTraining
from core.training.shadows import Example

WINDOW_STEP = 16
"""Step of the cropped windows that score held-out images, in grid points."""


class Learner:
    """Everything of a training that its steps change, so that a stop loses none of it.

    The order of images comes from a generator of its own, which going on replays; the places of crops are drawn from
    the one kept here.

    Parameters
    ----------
    network
        Trained in place, on `device`.
    settings, device
        How to train, and where.
    """

    def __init__(self, network: AttackNetwork, settings: AttackTraining, device: str) -> None:
        self.network = network
        self.device = device
        self.optimizer = make_optimizer("adamw", network.parameters(), settings.learning_rate, settings.weight_decay)
        self.schedule = make_schedule("cosine", self.optimizer, settings.iterations)
        self.crops = torch.Generator().manual_seed(key_for(settings.seed, "", "crops") % 2**63)
        self.losses: list[float] = []

    def learn(self, loss: torch.Tensor) -> None:
        """Make one step down the gradient of a loss."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.schedule.step()
        self.losses.append(loss.item())

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "crops": self.crops.get_state(),
            "random": random_state(self.device),
            "losses": list(self.losses),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.crops.set_state(state["crops"])
        set_random_state(state["random"], self.device)
        self.losses = list(state["losses"])


@dataclass(frozen=True)
class AttackFit:
    """How an attack network is trained and judged, where, and who is told."""

    settings: AttackTraining
    device: str
    progress: Progress

    def network(self, channels: int) -> AttackNetwork:
        """An untrained network for representations `(channels, h, w)`."""
        architecture = NETWORKS.make({"name": self.settings.network, "width": self.settings.width})
        network = architecture.build(channels, self.settings.input_transform)
        return network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def train(self, network: AttackNetwork, examples: Sequence[Example], resume: Resume) -> list[float]:
        """Train in place, from where a kept state stands; returns the loss of each step.

        Raises `AttackError` where the loss is no longer a number.
        """
        learner = Learner(network, self.settings, self.device)
        self.progress.start("training", self.settings.iterations)
        if (state := resume.load()) is not None:
            learner.restore(state)
            self.progress.step(f"going on after step {len(learner.losses)}", len(learner.losses))
        network.train()
        for indices in islice(self._batches(examples), len(learner.losses), None):
            learner.learn(self._loss(network, [examples[i] for i in indices], learner.crops))
            self._tell(learner.losses)
            if resume.due:
                resume.save(learner.state())
        return learner.losses

    @torch.inference_mode()
    def scores(self, network: AttackNetwork, examples: Sequence[Example]) -> list[float]:
        """Image scores: mean window margins, in float32 as in an audit."""
        network.eval()
        scores = []
        for example in self.progress.over("scoring held-out images", examples, len(examples)):
            if self._cropped:
                inputs = windows(example.values, self.settings.patch, WINDOW_STEP)
            else:
                inputs = padded_to(example.values, self.settings.patch)[None].float()
            scores.append(float(self._margins(network, inputs.to(self.device)).mean()))
        return scores

    @property
    def _cropped(self) -> bool:
        return self.settings.mode == "cropped" and self.settings.patch > 0

    def _batches(self, examples: Sequence[Example]) -> Iterator[list[int]]:
        """The batches of the whole training, as indices: the same ones each time they are asked for."""
        members = [i for i, e in enumerate(examples) if e.member]
        others = [i for i, e in enumerate(examples) if not e.member]
        order = torch.Generator().manual_seed(self.settings.seed)
        return balanced_batches(members, others, self.settings.batch, self.settings.iterations, order)

    def _loss(self, network: AttackNetwork, examples: Sequence[Example], crops: torch.Generator) -> torch.Tensor:
        """Binary cross-entropy of the margins, which is the cross-entropy of the two logits; mean over windows."""
        inputs = (patches if self._cropped else whole_maps)(examples, self.settings.patch, crops)
        inputs = inputs.to(self.device, memory_format=torch.channels_last)
        with autocast(resolve(self.settings.precision, self.device), self.device):
            margins = self._margins(network, inputs).float()
        wanted = torch.tensor([float(e.member) for e in examples], device=self.device)
        return functional.binary_cross_entropy_with_logits(margins, wanted[:, None].expand_as(margins))

    def _margins(self, network: AttackNetwork, inputs: torch.Tensor) -> torch.Tensor:
        """Window margins `(N, n)`: all windows of the dense pass, or one for the whole input."""
        if self.settings.patch and not self._cropped:
            return network.window_margins(inputs, self.settings.patch).flatten(1)
        logits: torch.Tensor = network(inputs)
        return (logits[:, MEMBER] - logits[:, NON_MEMBER])[:, None]

    def _tell(self, losses: Sequence[float]) -> None:
        """Say how the last step went. Raises `AttackError` where its loss is not a number."""
        if not math.isfinite(losses[-1]):
            raise AttackError(
                f"The loss became {losses[-1]} in step {len(losses)} of {self.settings.iterations}.",
                f"Lower the learning rate (it was {self.settings.learning_rate:g}), or use precision float32.",
            )
        recent = sum(losses[-20:]) / len(losses[-20:])
        self.progress.step(f"step {len(losses)}/{self.settings.iterations}, loss {recent:.2f}")
