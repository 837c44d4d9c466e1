"""From a target's outputs to image results: defenses, attacks, confusion counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.attacks.base import AttackResult, Observation
from core.attacks.hidden import NEEDS_LABEL
from core.attacks.label_only.probes import Probe
from core.attacks.views import View
from core.audit.beside import Beside
from core.audit.cache import CacheEntry
from core.audit.observe import defended, recorded, recorded_probe
from core.audit.reading import Loaded
from core.audit.release import defended_confusion, plain_confusion
from core.audit.sources import Source
from core.audit.started import StartedAttack
from core.defenses.chain import Chain
from core.errors import AttackError

if TYPE_CHECKING:
    from core.targets.base import Output


@dataclass
class Findings:
    """What has been found for one image so far, over all sources."""

    results: dict[tuple[str, str], AttackResult | str] = field(default_factory=dict)
    confusions: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)


def needs_output(source: Source) -> bool:
    """Whether the source must be queried even when its posteriors are cached: some defense can change the argmax."""
    return any(_changes_argmax(chain) for chain in source.chains)


def _changes_argmax(chain: Chain) -> bool:
    """Whether the output defenses can change what this source predicts."""
    return any(defense.changes_argmax for defense in chain.outputs)


def undefended(source: Source, loaded: Loaded, output: "Output") -> CacheEntry:
    """What the source gave for one image, as the cache keeps it."""
    if isinstance(source.change, Probe):
        return CacheEntry(recorded_probe(output, source.change, loaded.size, loaded.image.shape[1]), None)
    if isinstance(source.change, View):
        label = None if loaded.label is None else source.change.label(loaded.label)
        return CacheEntry(recorded(output, label, loaded.size), None)
    counts = None if loaded.label is None else plain_confusion(output, loaded.label)
    return CacheEntry(recorded(output, loaded.label, loaded.size), counts)


def count_confusions(
    source: Source, loaded: Loaded, entry: CacheEntry, output: "Output | None", seed: int, findings: Findings
) -> None:
    """Count predicted against labelled pixels under each of the source's defenses, at full label resolution."""
    if loaded.label is None or entry.confusion is None:
        return
    for chain in source.chains:
        if not _changes_argmax(chain):
            findings.confusions[chain.id] = entry.confusion
        elif output is not None:
            grid_posteriors = entry.recorded.posteriors()
            findings.confusions[chain.id] = defended_confusion(
                output, loaded.label, chain, grid_posteriors, seed, loaded.sha256
            )


def attack_all(
    source: Source,
    images: Sequence[Loaded],
    entries: Sequence[CacheEntry],
    attacks: Sequence[StartedAttack],
    seed: int,
    findings: Sequence[Findings],
    beside: Sequence[Beside],
) -> None:
    """Score a batch of images under each of the source's defenses with each attack."""
    plain = [e.recorded.observation(i.sha256) for e, i in zip(entries, images, strict=True)]
    for chain in source.chains:
        observations = [
            by.put_to(defended(chain, seen, seed), chain, seed) for seen, by in zip(plain, beside, strict=True)
        ]
        for attack in attacks:
            for outcome, found in zip(outcomes(attack, observations), findings, strict=True):
                found.results[chain.id, attack.entry.id] = outcome


def outcomes(attack: StartedAttack, observations: Sequence[Observation]) -> list[AttackResult | str]:
    """A result for each observation, or the reason why there is none."""
    usable = [i for i, o in enumerate(observations) if o.label is not None or not attack.needs_label]
    found: list[AttackResult | str] = [NEEDS_LABEL] * len(observations)
    try:
        results: Sequence[AttackResult | str] = attack.score([observations[i] for i in usable]) if usable else []
    except AttackError:
        # One image of the batch cannot be judged: find out which, so that the others are.
        results = [_one(attack, observations[i]) for i in usable]
    for place, outcome in zip(usable, results, strict=True):
        found[place] = _finite(outcome)
    return found


def _one(attack: StartedAttack, observation: Observation) -> AttackResult | str:
    try:
        return attack.score([observation])[0]
    except AttackError as error:
        return str(error)


def _finite(outcome: AttackResult | str) -> AttackResult | str:
    if isinstance(outcome, AttackResult) and not np.isfinite(outcome.score):
        return "the attack gave no finite score"
    return outcome
