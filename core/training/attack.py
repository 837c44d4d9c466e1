"""Training an attack network on what shadows give out for their members and non-members."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from core.attacks.networks.card import CLASS_FREE, AttackCard
from core.attacks.networks.checkpoint import save_attack
from core.audit.references import AuditedReference
from core.defenses.chain import BETWEEN, Chain
from core.errors import AttackError
from core.files import sha256_of_bytes, sha256_of_file
from core.progress import Progress
from core.training.attack_fit import AttackFit
from core.training.calibrated import ShadowReferences, references_of
from core.training.curve import write_curve
from core.training.holdout import SOURCE, HeldOut, judge, split
from core.training.manifest import TrainingManifest, write_manifest
from core.training.randomness import private_randomness
from core.training.resume import Resume
from core.training.settings import AttackTraining
from core.training.shadows import Example, Observed, ShadowData, collect
from core.versions import now, versions

MOST_NAMES = 4
"""Shadows that a card names; of more it gives the number."""


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
    defense: Chain | Sequence[Chain] | None = None,
    references: Sequence[AuditedReference] = (),
) -> AttackTrainingResult:
    """Train an attack network on shadows and write its checkpoint, loss curve and list of images.

    The weights of the last step are kept, not those that did best on the held-out images: choosing by them would
    make their AUC and threshold look better than they are.

    On the CPU the same shadows, settings and number of threads give the same weights, stopped in between or not. A
    stopped or killed training leaves its state in `<name>.partial`; the same call observes the shadows again and
    goes on from there.

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
        One step per image observed and per training step; cancelling it stops, and the state kept last stays.
    defense
        Train on what shadows give out under this chain of defenses (an adaptive attacker); of several, every image is
        learned from under each of them.
    references
        Further models of the attacker's, for a representation that looks at references; the shadows serve each other.

    Raises
    ------
    DataError
        An image cannot be used, or is given in a role it does not have.
    SpecError
        A defense is another checkpoint, which has to be given as a shadow.
    TargetError
        A defense asks a shadow for what it cannot do.
    AttackError
        Too few images, shadows that do not fit together, images without a reference where one is looked at, or a
        loss that is no longer a number.
    Cancelled
        A stop was asked for.
    """
    progress = progress or Progress()
    chains = _chains(defense)
    beside = references_of(settings.representation, shadows, references, settings.seed, progress)
    observed = _collected(shadows, settings, chains, beside, progress)
    examples = [e for shadow in observed for e in shadow.examples]
    _check(examples)
    training, held = split(examples, settings.holdout, settings.seed)
    resume = Resume(out, _fingerprint(shadows, settings, chains, examples, device, references))
    fit = AttackFit(settings, device, progress)
    with private_randomness(settings.seed, device):
        network = fit.network(examples[0].values.shape[0])
        losses = fit.train(network, training, resume)
    verdict = judge(held, fit.scores(network, held))
    card = _card(settings, network.channels, chains, observed, verdict, beside.count if beside else 0)
    save_attack(out, network.cpu().to(memory_format=torch.contiguous_format), card)
    sha256 = sha256_of_file(out)
    write_curve(out, ("step", "loss"), enumerate(losses, start=1))
    write_manifest(out, _manifest(sha256, observed, settings, chains))
    resume.done()
    return AttackTrainingResult(out, sha256, tuple(losses), verdict)


def _collected(
    shadows: Sequence[ShadowData],
    settings: AttackTraining,
    chains: Sequence[Chain],
    beside: ShadowReferences | None,
    progress: Progress,
) -> list[Observed]:
    shown = {"references": beside.of} if beside else {}
    return collect(shadows, settings.representation, chains, settings.seed, progress, **shown)


def _chains(defense: Chain | Sequence[Chain] | None) -> tuple[Chain, ...]:
    """The chains to observe under, each once; without any, the undefended outputs."""
    given = (defense,) if isinstance(defense, Chain) else defense or (Chain(),)
    return tuple({chain.id: chain for chain in given}.values())


def _described(chains: Sequence[Chain]) -> str:
    return BETWEEN.join(chain.describe() for chain in chains)


def _fingerprint(
    shadows: Sequence[ShadowData],
    settings: AttackTraining,
    chains: Sequence[Chain],
    examples: Sequence[Example],
    device: str,
    references: Sequence[AuditedReference],
) -> str:
    """What a kept state must agree with to be gone on from."""
    what = {
        "settings": settings.to_mapping(),
        "defenses": [chain.describe() for chain in chains],
        "shadows": [(s.target.info.sha256, str(s.target.preprocessing), str(s.scheme)) for s in shadows],
        "encodings": [(s.members.encoding, s.non_members.encoding) for s in shadows],
        "images": [(e.sha256, e.member, e.group) for e in examples],
        "references": [(r.source.target.info.sha256, r.known) for r in references],
        "device": torch.device(device).type,
        "versions": versions(),
    }
    return sha256_of_bytes(json.dumps(what, sort_keys=True).encode())


def _check(examples: Sequence[Example]) -> None:
    for member, name in ((True, "members"), (False, "non-members")):
        if not any(e.member == member for e in examples):
            raise AttackError(f"The shadows have no {name}.", "An attack network learns from both.")
    channels = sorted({e.values.shape[0] for e in examples})
    if len(channels) > 1:
        raise AttackError(
            f"The shadows' representations have {channels[0]} and {channels[-1]} channels.",
            "Give shadows with the same classes, or use slm or slm-pair, which are class-free.",
        )


def _card(
    settings: AttackTraining,
    channels: int,
    chains: Sequence[Chain],
    shadows: Sequence[Observed],
    verdict: HeldOut,
    references: int,
) -> AttackCard:
    class_free = settings.representation in CLASS_FREE
    per_class = 2 if settings.representation == "concatenation" else 1
    kinds = Counter(shadow.kind for shadow in shadows)
    return AttackCard(
        architecture=settings.network,
        arguments={"width": settings.width},
        representation=settings.representation,
        classes=None if class_free else channels // per_class,
        patch=settings.patch,
        transform=settings.input_transform,
        threshold=verdict.threshold,
        threshold_source=SOURCE if verdict.threshold is not None else "",
        trained_on=_trained_on(shadows, len(chains)),
        defense=_described(chains),
        extra={
            "mode": settings.mode,
            "shadows": len(shadows),
            "shadow_kinds": [f"{count} x {kind}" for kind, count in kinds.items()],
            **({"references": references} if references else {}),
            **verdict.facts(),
        },
    )


def _trained_on(shadows: Sequence[Observed], defenses: int) -> str:
    """The shadows and how many images were shown to the network, each counted once per shadow."""
    members = sum(e.member for s in shadows for e in s.examples) // defenses
    total = sum(len(s.examples) for s in shadows) // defenses
    names = ", ".join(s.name for s in shadows) if len(shadows) <= MOST_NAMES else f"{len(shadows)} shadows"
    return f"{names}: {members} members, {total - members} non-members"


def _manifest(
    sha256: str, observed: Sequence[Observed], settings: AttackTraining, chains: Sequence[Chain]
) -> TrainingManifest:
    examples = [e for shadow in observed for e in shadow.examples]
    return TrainingManifest(
        kind="attack",
        checkpoint_sha256=sha256,
        members=tuple(dict.fromkeys(e.sha256 for e in examples if e.member)),
        non_members=tuple(dict.fromkeys(e.sha256 for e in examples if not e.member)),
        shadows=tuple(s.record for s in observed),
        settings={**settings.to_mapping(), "defense": _described(chains)},
        versions=versions(),
        seed=settings.seed,
        created=now(),
    )
