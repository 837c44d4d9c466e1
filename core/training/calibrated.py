"""The reference models that an attack network is shown beside a shadow."""

from collections.abc import Sequence

from core.attacks.representations import REPRESENTATIONS
from core.audit.references import AuditedReference
from core.audit.sources import Source
from core.errors import AttackError
from core.progress import Progress
from core.randomness import generator
from core.training.fleet import hashes_of
from core.training.shadows import ShadowData


class ShadowReferences:
    """For each shadow and image the references that have not seen the image, everywhere equally many.

    Those given, and the other shadows of the same class scheme. Two things would tell members apart without any memory
    of theirs, so they are left out: references that have not seen members only, or non-members only, such as the
    shadow that exchanges its images with this one; and more references beside some images than beside others.

    Parameters
    ----------
    shadows
        With their members and non-members.
    given
        Further models of the attacker's, of the shadows' classes.
    seed
        Of the draw among the references of an image.

    Raises `AttackError` where an image has no reference.

    Attributes
    ----------
    count
        How many references every image has.
    """

    def __init__(
        self, shadows: Sequence[ShadowData], given: Sequence[AuditedReference], seed: int, progress: Progress
    ) -> None:
        sets = [images for shadow in shadows for images in (shadow.members, shadow.non_members)]
        hashes = hashes_of(sets, progress)
        self._seed = seed
        self._inside: dict[str, set[str]] = {}
        self._outside: dict[str, set[str]] = {}
        schemes: dict[str, tuple[str, int]] = {}
        targets = {}
        for shadow in shadows:
            model = shadow.target.info.sha256
            self._inside.setdefault(model, set()).update(hashes[s.image] for s in shadow.members.samples)
            self._outside.setdefault(model, set()).update(hashes[s.image] for s in shadow.non_members.samples)
            schemes[model], targets[model] = (shadow.scheme.name, shadow.target.info.classes), shadow.target
        fleet = {
            model: AuditedReference(Source(f"reference/{model}", target, ()), frozenset(self._inside[model]))
            for model, target in targets.items()
        }
        self._references = {
            model: [
                *(r for r in given if self._serves(r, model)),
                *(
                    r
                    for m, r in fleet.items()
                    if m != model and schemes[m] == schemes[model] and self._serves(r, model)
                ),
            ]
            for model in fleet
        }
        self.count = self._least()

    def of(self, model: str, image: str) -> list[AuditedReference]:
        """`count` references of an image beside a shadow, both by their SHA-256."""
        found = self._unaware(model, image)
        drawn = generator(self._seed, image, f"references beside {model}").permutation(len(found))[: self.count]
        return [found[i] for i in sorted(drawn)]

    def _serves(self, reference: AuditedReference, model: str) -> bool:
        """Whether it has not seen some image on either side."""
        if reference.source.target.info.sha256 == model:
            return False
        sides = (self._inside[model], self._outside[model])
        return all(any(not reference.trained(image) for image in side) for side in sides)

    def _unaware(self, model: str, image: str) -> list[AuditedReference]:
        return [reference for reference in self._references[model] if not reference.trained(image)]

    def _least(self) -> int:
        counts = [
            len(self._unaware(model, image))
            for model in self._references
            for image in self._inside[model] | self._outside[model]
        ]
        if not min(counts, default=0):
            raise AttackError(
                f"{counts.count(0)} of {len(counts)} shadow images have no reference that has not seen them.",
                "Give four shadows or more, two pairs that split the images otherwise, or --reference.",
            )
        return min(counts)


def references_of(
    representation: str,
    shadows: Sequence[ShadowData],
    given: Sequence[AuditedReference],
    seed: int,
    progress: Progress,
) -> ShadowReferences | None:
    """The references that a representation looks at; None where it looks at none.

    Raises `AttackError` as `ShadowReferences`, and where references are given that are not looked at.
    """
    if REPRESENTATIONS.get(representation).needs_references:
        return ShadowReferences(shadows, given, seed, progress)
    if given:
        raise AttackError(
            f"The representation '{representation}' looks at no reference model.", "Use slm-pair, or give none."
        )
    return None
