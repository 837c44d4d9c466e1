"""What attacks say of shadows, each of which stands for a target in turn."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch

from core.attacks.base import Attack, AttackContext, AttackResult
from core.audit.analyse import outcomes, undefended
from core.audit.beside import Wanted
from core.audit.cache import CacheEntry
from core.audit.observe import defended
from core.audit.reading import Loaded
from core.audit.references import AuditedReference
from core.audit.sources import Source
from core.audit.spec import AttackEntry
from core.audit.started import StartedAttack
from core.audit.store import ImageRow
from core.data.samples import Role, Sample
from core.defenses.chain import Chain
from core.defenses.dropout import Dropout
from core.errors import DataError
from core.progress import Progress
from core.training.fleet import hashes_of
from core.training.images import label_of, read_hashed, settled_encoding
from core.training.shadows import Example, ShadowData

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme


class AttackedShadows:
    """Has every shadow attacked as if it were the target.

    The references of each are those given and all other shadows, of which it is known what they were trained on.

    Parameters
    ----------
    shadows
        With their members and non-members.
    attacks, chains
        Every attack judges what is released under every chain.
    references
        Further models of the attacker's.
    seed, device
        Of random defenses; of attack networks.

    Raises `DataError` where an image is member and non-member of one shadow.

    Attributes
    ----------
    models
        The shadows by the hash of their file.
    members, others
        SHA-256 of their images, by the same hash.
    reasons
        How often an image had no score, by reason.
    """

    def __init__(
        self,
        shadows: Sequence[ShadowData],
        attacks: Sequence[Attack],
        references: Sequence[AuditedReference],
        chains: Sequence[Chain],
        seed: int,
        device: str,
        progress: Progress,
    ) -> None:
        self._chains, self._seed, self._progress = chains, seed, progress
        self._attacks = [
            StartedAttack(AttackEntry(f"{i}", attack), AttackContext(device, seed)) for i, attack in enumerate(attacks)
        ]
        self._given = tuple(references)
        self._shadows = shadows
        sets = [images for shadow in shadows for images in (shadow.members, shadow.non_members)]
        self._hashes = hashes_of(sets, progress)
        self.models = {shadow.target.info.sha256: shadow.target for shadow in shadows}
        self.members = {sha: self._side(sha, members=True) for sha in self.models}
        self.others = {sha: self._side(sha, members=False) for sha in self.models}
        self.reasons: Counter[str] = Counter()
        for sha, target in self.models.items():
            if both := self.members[sha] & self.others[sha]:
                raise DataError(
                    f"{target.info.path.name}: {len(both)} images are given as members and as non-members.",
                    "Take them out of one of the two.",
                )

    def _side(self, sha256: str, *, members: bool) -> frozenset[str]:
        parts = [s for s in self._shadows if s.target.info.sha256 == sha256]
        sets = [part.members if members else part.non_members for part in parts]
        return frozenset(self._hashes[sample.image] for images in sets for sample in images.samples)

    def examples(self) -> Iterator[Example]:
        """One for each image, shadow and chain that all attacks can judge; its values are the scores `(K,)`."""
        samples = self._samples()
        for sample, scheme, encoding in self._progress.over("attacking shadows", samples, len(samples)):
            yield from self._of_image(sample, scheme, encoding)

    def _samples(self) -> "list[tuple[Sample, ClassScheme, str]]":
        """Each image once."""
        found: dict[str, tuple[Sample, ClassScheme, str]] = {}
        for shadow in self._shadows:
            for images in (shadow.members, shadow.non_members):
                encoding = settled_encoding(images, shadow.scheme)
                for sample in images.samples:
                    found.setdefault(self._hashes[sample.image], (sample, shadow.scheme, encoding))
        return list(found.values())

    def _of_image(self, sample: Sample, scheme: "ClassScheme", encoding: str) -> Iterator[Example]:
        loaded = _loaded(sample, scheme, encoding)
        kept: dict[str, CacheEntry] = {}

        def ask(source: Source) -> list[CacheEntry]:
            if source.id not in kept:
                (output,) = source.outputs([loaded.image], [loaded.sha256])
                kept[source.id] = undefended(source, loaded, output)
            return [kept[source.id]]

        for model in self.models:
            if loaded.sha256 not in self.members[model] | self.others[model]:
                continue
            wanted = Wanted.by(self._attacks, partial(self._references, model))
            for source in self._sources(model):
                ((beside,),) = wanted.beside([source], [loaded], ask)
                seen = ask(source)[0].recorded.observation(loaded.sha256)
                for chain in source.chains:
                    shown = beside.put_to(defended(chain, seen, self._seed), chain, self._seed)
                    results = [outcomes(attack, [shown])[0] for attack in self._attacks]
                    yield from self._example(results, sample, loaded.sha256, model, chain)

    def _references(self, target: str) -> tuple[AuditedReference, ...]:
        """The references given, and every shadow but the one that stands for the target."""
        others = [
            AuditedReference(Source(model, self.models[model], ()), self.members[model])
            for model in self.models
            if model != target
        ]
        return (*self._given, *others)

    def _sources(self, model: str) -> list[Source]:
        """The ways to ask a shadow, each with its chains."""
        sources = []
        for way in dict.fromkeys(chain.source for chain in self._chains):
            chains = tuple(chain for chain in self._chains if chain.source == way)
            dropout = way if isinstance(way, Dropout) else None
            name = model if way is None else f"{model}/{Chain((way,)).id}"
            sources.append(Source(name, self.models[model], chains, dropout, self._seed))
        return sources

    def _example(
        self, results: Sequence[AttackResult | str], sample: Sample, sha256: str, model: str, chain: Chain
    ) -> Iterator[Example]:
        """The example, where every attack has a score; why not, otherwise, is counted."""
        scores = [result.score for result in results if isinstance(result, AttackResult)]
        if len(scores) == len(results):
            values = torch.tensor(scores, dtype=torch.float64)
            yield Example(values, sha256 in self.members[model], sample.group or sha256, sha256, chain.describe())
        self.reasons.update({result for result in results if isinstance(result, str)})


def _loaded(sample: Sample, scheme: "ClassScheme", encoding: str) -> Loaded:
    image, sha256 = read_hashed(sample.image)
    size = (image.shape[0], image.shape[1])
    row = ImageRow(0, Role.MEMBER, 0, sample.key, str(sample.image), height=size[0], width=size[1])
    return Loaded(row, image, label_of(sample, scheme, encoding, size), sha256, None)
