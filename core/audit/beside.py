"""What attacks ask for beside a source's posteriors: answers of reference models, answers about changed images."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, Observation, Reference
from core.attacks.label_only.probes import Probe
from core.audit.cache import CacheEntry
from core.audit.observe import Recorded, defended
from core.audit.reading import Loaded
from core.audit.references import AuditedReference
from core.audit.sources import Source, probe_key
from core.audit.started import StartedAttack
from core.defenses.chain import Chain
from core.errors import SpecError

Ask = Callable[[Source], Sequence[CacheEntry]]
"""Gives what a source says of each image of a batch."""


@dataclass(frozen=True)
class Beside:
    """What was asked for one image beside its posteriors.

    Attributes
    ----------
    references
        What the references gave.
    probed
        What the source gave for each changed image.
    """

    references: tuple[Reference, ...] = ()
    probed: Mapping[Probe, Recorded] = field(default_factory=dict)

    def put_to(self, seen: Observation, chain: Chain, seed: int) -> Observation:
        """What an attacker sees, with what stands beside it.

        Of changed images that is what the chain releases, as label maps: an attack on label maps can see no more.
        """
        sha256 = seen.image_sha256
        probed = {
            probe.id: _released(chain, kept, probe_key(sha256, probe), seed) for probe, kept in self.probed.items()
        }
        return replace(seen, references=self.references, probed=probed)


def _released(chain: Chain, kept: Recorded, key: str, seed: int) -> npt.NDArray[np.uint8]:
    lost = np.isnan(kept.log_posteriors[0])
    whole = replace(kept, log_posteriors=np.where(lost, np.float16(0), kept.log_posteriors))
    labels = defended(chain, whole.observation(key), seed).posteriors.argmax(axis=0)
    return np.where(lost, VOID, labels).astype(np.uint8)


@dataclass(frozen=True)
class Wanted:
    """What the attacks of an audit want.

    Attributes
    ----------
    references
        Empty where no attack wants them.
    probes
        Each once.
    """

    references: tuple[AuditedReference, ...] = ()
    probes: tuple[Probe, ...] = ()

    @classmethod
    def by(
        cls, attacks: Sequence[StartedAttack], open_references: Callable[[], tuple[AuditedReference, ...]]
    ) -> "Wanted":
        """Gather it. Raises `SpecError` where an attack wants references and there are none, else as they open."""
        probes = tuple(dict.fromkeys(probe for attack in attacks for probe in attack.probes))
        wanting = [attack.entry.id for attack in attacks if attack.needs_references]
        if not wanting:
            return cls((), probes)
        references = open_references()
        if not references:
            raise SpecError(
                f"The attack '{wanting[0]}' needs a reference model.", "Name one in [[references]], or --reference."
            )
        return cls(references, probes)

    def beside(self, sources: Sequence[Source], images: Sequence[Loaded], ask: Ask) -> list[list[Beside]]:
        """For each source what each image of a batch has beside it. Raises what `ask` raises."""
        answers = [(reference, ask(reference.source)) for reference in self.references]
        references = [
            tuple(entries[i].recorded.reference(one.trained(image.sha256)) for one, entries in answers)
            for i, image in enumerate(images)
        ]
        return [self._of(source, references, ask) for source in sources]

    def _of(self, source: Source, references: Sequence[tuple[Reference, ...]], ask: Ask) -> list[Beside]:
        answers = {probe: ask(source.probed(probe)) for probe in self.probes}
        return [
            Beside(of_image, {probe: entries[i].recorded for probe, entries in answers.items()})
            for i, of_image in enumerate(references)
        ]
