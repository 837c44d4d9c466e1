"""Training an attack network on what shadows give out for their members and non-members."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional

from core.attacks.networks import MEMBER, NETWORKS, NON_MEMBER, AttackNetwork
from core.attacks.networks.card import AttackCard
from core.attacks.networks.checkpoint import save_attack
from core.defenses.chain import Chain
from core.errors import AttackError
from core.files import sha256_of_file
from core.progress import Progress
from core.training.batches import balanced_batches
from core.training.crops import padded_to, patches, whole_maps, windows
from core.training.curve import write_curve
from core.training.holdout import SOURCE, HeldOut, judge, split
from core.training.manifest import TrainingManifest, write_manifest
from core.training.precision import autocast, resolve
from core.training.randomness import private_randomness
from core.training.schedule import make_optimizer, make_schedule
from core.training.settings import AttackTraining
from core.training.shadows import Example, Observed, ShadowData, collect
from core.versions import now, versions

WINDOW_STEP = 16
"""Step of the cropped windows that score held-out images, in grid points."""


@dataclass(frozen=True)
class AttackTrainingResult:
    """What came of a training.

    Attributes
    ----------
    checkpoint
        The checkpoint; the attack "patch" (or "image" where the patch is 0) reads it.
    sha256
        Its hash.
    losses
        Mean binary cross-entropy over windows at each step, in nats.
    held_out
        How well it tells the held-out shadow images apart, and the threshold set on them.
    """

    checkpoint: Path
    sha256: str
    losses: tuple[float, ...]
    held_out: HeldOut


def train_attack(
    shadows: Sequence[ShadowData],
    settings: AttackTraining,
    out: Path,
    device: str = "cpu",
    *,
    progress: Progress | None = None,
    defense: Chain | None = None,
) -> AttackTrainingResult:
    """Train an attack network on shadows and write its checkpoint, loss curve and list of images.

    The weights of the last step are kept, not those that did best on the held-out images: choosing by them would
    make their AUC and threshold look better than they are.

    Parameters
    ----------
    shadows
        One or more, each with its members and non-members.
    settings
        How to train.
    out
        The checkpoint to write. Beside it: `<name>.losses.csv` and `<name>.training.json`.
    device
        "cpu" or "cuda:N".
    progress
        One step per image observed and per training step; cancelling it stops with nothing written.
    defense
        Train on what shadows give out under this chain of output defenses (an adaptive attacker).

    Raises
    ------
    DataError
        An image cannot be used, or is given in a role it does not have.
    AttackError
        Too few images, shadows that do not fit together, or a loss that is no longer a number.
    Cancelled
        A stop was asked for.
    """
    progress = progress or Progress()
    chain = defense or Chain.parse({"name": "none"})
    observed = collect(shadows, settings.representation, chain, settings.seed, progress)
    examples = [e for shadow in observed for e in shadow.examples]
    _check(examples)
    training, held = split(examples, settings.holdout, settings.seed)
    run = _Run(settings, device, progress)
    with private_randomness(settings.seed, device):
        network = run.network(examples[0].values.shape[0])
        losses = run.fit(network, training)
    verdict = judge(held, run.scores(network, held))
    card = _card(settings, network.channels, chain, observed, verdict)
    save_attack(out, network.cpu().to(memory_format=torch.contiguous_format), card)
    sha256 = sha256_of_file(out)
    write_curve(out, ("step", "loss"), enumerate(losses, start=1))
    write_manifest(out, _manifest(sha256, observed, settings, chain))
    return AttackTrainingResult(out, sha256, tuple(losses), verdict)


def _check(examples: Sequence[Example]) -> None:
    for member, name in ((True, "members"), (False, "non-members")):
        if not any(e.member == member for e in examples):
            raise AttackError(f"The shadows have no {name}.", "An attack network learns from both.")
    channels = sorted({e.values.shape[0] for e in examples})
    if len(channels) > 1:
        raise AttackError(
            f"The shadows' representations have {channels[0]} and {channels[-1]} channels.",
            "Give shadows with the same classes, or use the representation slm, which is class-free.",
        )


@dataclass(frozen=True)
class _Run:
    """What every part of one training needs."""

    settings: AttackTraining
    device: str
    progress: Progress

    def network(self, channels: int) -> AttackNetwork:
        architecture = NETWORKS.make({"name": self.settings.network, "width": self.settings.width})
        network = architecture.build(channels, self.settings.input_transform)
        return network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def fit(self, network: AttackNetwork, examples: Sequence[Example]) -> list[float]:
        """Train in place; returns the loss of each step."""
        settings = self.settings
        draws = torch.Generator().manual_seed(settings.seed)
        optimizer = make_optimizer("adamw", network.parameters(), settings.learning_rate, settings.weight_decay)
        schedule = make_schedule("cosine", optimizer, settings.iterations)
        members = [i for i, e in enumerate(examples) if e.member]
        others = [i for i, e in enumerate(examples) if not e.member]
        losses: list[float] = []
        network.train()
        self.progress.start("training", settings.iterations)
        for indices in balanced_batches(members, others, settings.batch, settings.iterations, draws):
            loss = self._loss(network, [examples[i] for i in indices], draws)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            losses.append(self._checked(loss.item(), len(losses) + 1))
            recent = sum(losses[-20:]) / len(losses[-20:])
            self.progress.step(f"step {len(losses)}/{settings.iterations}, loss {recent:.2f}")
        return losses

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

    def _loss(self, network: AttackNetwork, examples: Sequence[Example], draws: torch.Generator) -> torch.Tensor:
        """Binary cross-entropy of the margins, which is the cross-entropy of the two logits; mean over windows."""
        inputs = (patches if self._cropped else whole_maps)(examples, self.settings.patch, draws)
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

    def _checked(self, loss: float, step: int) -> float:
        if math.isfinite(loss):
            return loss
        raise AttackError(
            f"The loss became {loss} in step {step} of {self.settings.iterations}.",
            f"Lower the learning rate (it was {self.settings.learning_rate:g}), or use precision float32.",
        )


def _card(
    settings: AttackTraining, channels: int, chain: Chain, shadows: Sequence[Observed], verdict: HeldOut
) -> AttackCard:
    members = sum(e.member for s in shadows for e in s.examples)
    total = sum(len(s.examples) for s in shadows)
    names = ", ".join(s.name for s in shadows)
    per_class = {"slm": 0, "concatenation": 2, "posteriors": 1}[settings.representation]
    return AttackCard(
        architecture=settings.network,
        arguments={"width": settings.width},
        representation=settings.representation,
        classes=channels // per_class if per_class else None,
        patch=settings.patch,
        transform=settings.input_transform,
        threshold=verdict.threshold,
        threshold_source=SOURCE if verdict.threshold is not None else "",
        trained_on=f"{names}: {members} members, {total - members} non-members",
        defense=chain.describe(),
        extra={
            "mode": settings.mode,
            "shadow_auc": verdict.auc,
            "held_out_members": verdict.members,
            "held_out_non_members": verdict.non_members,
        },
    )


def _manifest(sha256: str, observed: Sequence[Observed], settings: AttackTraining, chain: Chain) -> TrainingManifest:
    examples = [e for shadow in observed for e in shadow.examples]
    return TrainingManifest(
        kind="attack",
        checkpoint_sha256=sha256,
        members=tuple(dict.fromkeys(e.sha256 for e in examples if e.member)),
        non_members=tuple(dict.fromkeys(e.sha256 for e in examples if not e.member)),
        shadows=tuple(s.record for s in observed),
        settings={**settings.to_mapping(), "defense": chain.describe()},
        versions=versions(),
        seed=settings.seed,
        created=now(),
    )
