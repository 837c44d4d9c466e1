"""What attacks ask for beside a source's posteriors: answers of reference models, answers about changed images.

And both at once: what source and references say of views.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, Observation, Reference
from core.attacks.label_only.probes import Probe
from core.attacks.views import View
from core.audit.cache import CacheEntry
from core.audit.observe import Recorded, defended
from core.audit.reading import Loaded
from core.audit.references import AuditedReference
from core.audit.sources import Source, changed_key
from core.audit.started import StartedAttack
from core.defenses.chain import Chain
from core.errors import SpecError
from core.grid import Grid

Ask = Callable[[Source], Sequence[CacheEntry]]
"""Gives what a source says of each image of a batch."""


References = tuple[Reference, ...]
"""What the references gave for one image."""


@dataclass(frozen=True)
class Viewed:
    """What source and references gave for a view of one image."""

    recorded: Recorded
    references: References


@dataclass(frozen=True)
class Beside:
    """What was asked for one image beside its posteriors.

    Attributes
    ----------
    references
        What the references gave.
    probed
        What the source gave for each changed image.
    views
        What source and references gave for each view.
    names
        The files of the references.
    """

    references: References = ()
    probed: Mapping[Probe, Recorded] = field(default_factory=dict)
    views: Mapping[View, Viewed] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def put_to(self, seen: Observation, chain: Chain, seed: int) -> Observation:
        """What an attacker sees, with what stands beside it.

        Of changed images that is what the chain releases, as label maps: an attack on label maps can see no more.
        Raises `SpecError` where a reference gives other classes, which some models do not say before they are asked.
        """
        for name, reference in zip(self.names, self.references, strict=False):
            if len(reference.log_posteriors) != len(seen.posteriors):
                raise SpecError(
                    f"{name}: gives {len(reference.log_posteriors)} classes, the target {len(seen.posteriors)}.",
                    "A reference must give the same classes.",
                )
        sha256 = seen.image_sha256
        probed = {
            probe.id: _released(chain, kept, changed_key(sha256, probe), seed) for probe, kept in self.probed.items()
        }
        views = {view.id: _seen(chain, kept, changed_key(sha256, view), seed) for view, kept in self.views.items()}
        return replace(seen, references=self.references, probed=probed, views=views)


def _seen(chain: Chain, viewed: Viewed, key: str, seed: int) -> Observation:
    return replace(defended(chain, viewed.recorded.observation(key), seed), references=viewed.references)


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
    probes, views
        Each once.
    """

    references: tuple[AuditedReference, ...] = ()
    probes: tuple[Probe, ...] = ()
    views: tuple[View, ...] = ()

    @classmethod
    def by(
        cls, attacks: Sequence[StartedAttack], open_references: Callable[[], tuple[AuditedReference, ...]]
    ) -> "Wanted":
        """Gather it. Raises `SpecError` where an attack wants references and there are none, else as they open."""
        probes = tuple(dict.fromkeys(probe for attack in attacks for probe in attack.probes))
        views = tuple(dict.fromkeys(view for attack in attacks for view in attack.views))
        wanting = [attack.entry.id for attack in attacks if attack.needs_references]
        if not wanting:
            return cls((), probes, views)
        references = open_references()
        if not references:
            raise SpecError(
                f"The attack '{wanting[0]}' needs a reference model.", "Name one in [[references]], or --reference."
            )
        return cls(references, probes, views)

    def beside(self, sources: Sequence[Source], images: Sequence[Loaded], ask: Ask) -> list[list[Beside]]:
        """For each source what each image of a batch has beside it. Raises what `ask` raises."""
        plain = self._referred(None, images, ask)
        of_views = {view: self._referred(view, images, ask) for view in self.views}
        return [self._of(source, plain, of_views, ask) for source in sources]

    def _referred(self, change: View | None, images: Sequence[Loaded], ask: Ask) -> list[References]:
        """What the references say of each image, or of each one changed."""
        answers = [(one, ask(one.source.about(change) if change else one.source)) for one in self.references]
        return [
            tuple(
                entries[i].recorded.reference(one.trained(image.sha256), one.taught(image.sha256, grid, change))
                for one, entries in answers
            )
            for i, (image, grid) in enumerate((image, Grid.of(image.size)) for image in images)
        ]

    def _of(
        self, source: Source, plain: Sequence[References], of_views: Mapping[View, Sequence[References]], ask: Ask
    ) -> list[Beside]:
        probed = {probe: ask(source.about(probe)) for probe in self.probes}
        viewed = {view: ask(source.about(view)) for view in self.views}
        return [
            Beside(
                references,
                {probe: entries[i].recorded for probe, entries in probed.items()},
                {view: Viewed(entries[i].recorded, of_views[view][i]) for view, entries in viewed.items()},
                tuple(one.source.target.info.path.name for one in self.references),
            )
            for i, references in enumerate(plain)
        ]
