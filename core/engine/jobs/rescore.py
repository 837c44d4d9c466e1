"""A whole audit's scores under another chain, from the posteriors in the cache."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.attacks.base import AttackResult, Observation
from core.attacks.losses import loss_map, true_posteriors
from core.audit.mean_maps import MeanMaps, Means
from core.audit.sources import Source
from core.audit.store import ImageRow
from core.data.samples import Role
from core.defenses.chain import Chain
from core.engine.jobs.base import Desk, Job, spec_of
from core.engine.jobs.observe import of_label
from core.errors import DataError, TargetError
from core.metrics.segmentation import confusion
from core.randomness import generator

if TYPE_CHECKING:
    from core.engine.opened import Evidence, OpenedAudit
    from core.targets.base import Output

BETWEEN = 0.25
"""Seconds between two parts."""


@dataclass(frozen=True)
class Rescored:
    """Scores found so far: of a random sample of the images, so that its metrics are those of all, only coarser.

    Attributes
    ----------
    chain
        The chain's id.
    images
        Their numbers `(n,)` int64, in no order.
    scores
        Image scores `(n,)` float64 by attack id; NaN where there is none.
    confusions
        Confusion counts `(C, C)` int64 by role, rows = label, of all images that are not excluded.
    counted
        How many images these counts are of, by role.
    on_grid
        Whether they were counted on the attack grid, because the chain can change what is predicted at each pixel.
    again
        How many images had to go through the target again: their posteriors were not in the cache.
    total
        How many images there will be.
    skipped
        How many of those looked at gave no posteriors, by reason.
    means
        Mean maps of the non-members so far, by attack id: those of the attack, and "loss" and "true_posterior".
    """

    chain: str
    images: npt.NDArray[np.int64]
    scores: Mapping[str, npt.NDArray[np.float64]]
    confusions: Mapping[Role, npt.NDArray[np.int64]]
    counted: Mapping[Role, int]
    on_grid: bool
    again: int
    total: int
    skipped: Mapping[str, int]
    means: Mapping[str, Means] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many images were looked at."""
        return len(self.images) + sum(self.skipped.values())

    @property
    def exact(self) -> bool:
        """Whether nothing is missing."""
        return self.done == self.total


@dataclass(frozen=True)
class Rescore(Job):
    """Score every audited image under a chain; `Rescored` grows and is sent ahead, the value is the whole.

    What is not in the cache goes through the target again.

    Attributes
    ----------
    audit
        An audit folder.
    chain
        The chain; it need not be the spec's.
    attacks
        Ids of the attacks; none: the primary one.
    excluded
        Numbers of images that are left out.
    begun
        What the same job had found when it was cancelled: it goes on from there.
    """

    audit: Path
    chain: Chain
    attacks: tuple[str, ...] = ()
    excluded: frozenset[int] = field(default=frozenset())
    begun: Rescored | None = field(default=None, compare=False)

    def run(self, desk: Desk) -> Rescored:
        """Score image after image, in an order of which each beginning is a sample of all."""
        audit = desk.models.audit(spec_of(self.audit), self.device, self.trusted)
        asked: Counter[str] = Counter()
        source = _counted(audit.source(self.chain), asked)
        rows = [row for row in audit.stored_rows() if row.state == "done" and row.id not in self.excluded]
        tally = _Tally(self.chain, [a.entry.id for a in audit.attacks(self.attacks)], len(rows), asked)
        known = tally.take_up(self.begun)
        left = [row for row in shuffled(rows, audit.spec.seed) if row.id not in known]
        last = time.monotonic()
        for row in desk.progress.over("Scoring again", left, len(left)):
            try:
                tally.add(audit, source, row, audit.evidence(source, row))
            except (DataError, TargetError) as error:
                tally.skipped[str(error)] += 1
            if time.monotonic() - last > BETWEEN:
                desk.partial(tally.so_far())
                last = time.monotonic()
        return tally.so_far()


def shuffled(rows: Sequence[ImageRow], seed: int) -> Iterator[ImageRow]:
    """The rows in a random order in which each beginning has the roles in their shares."""
    keyed = []
    for role in Role:
        group = [row for row in rows if row.role is role]
        places = generator(seed, role, "rescore").permutation(len(group))
        keyed += [((place + 0.5) / len(group), row.id, row) for place, row in zip(places, group, strict=True)]
    return (row for _, _, row in sorted(keyed, key=lambda item: item[:2]))


@dataclass(frozen=True)
class _Counted(Source):
    """A source that counts the images it is asked for."""

    asked: Counter[str] = field(default_factory=Counter)

    def outputs(self, images: Sequence[npt.NDArray[np.uint8]], hashes: Sequence[str]) -> "list[Output]":
        """As the source it is made of."""
        self.asked.update(hashes)
        return super().outputs(images, hashes)


def _counted(source: Source, asked: Counter[str]) -> _Counted:
    return _Counted(**{item.name: getattr(source, item.name) for item in fields(source)}, asked=asked)


class _Tally:
    """Collects what becomes a `Rescored`; `asked` counts the images that go through the target."""

    def __init__(self, chain: Chain, attacks: Sequence[str], total: int, asked: Mapping[str, int]) -> None:
        self._chain, self._total, self._asked = chain, total, asked
        self._on_grid = any(defense.changes_argmax for defense in chain.outputs)
        self._images: list[int] = []
        self._scores: dict[str, list[float]] = {attack: [] for attack in attacks}
        self._confusions: dict[Role, npt.NDArray[np.int64]] = {}
        self._counted: Counter[Role] = Counter()
        self._means = {attack: MeanMaps() for attack in attacks}
        self.skipped: Counter[str] = Counter()

    def take_up(self, begun: Rescored | None) -> frozenset[int]:
        """Go on from what was found before; returns the images that it has."""
        if begun is None:
            return frozenset()
        self._images = begun.images.tolist()
        self._scores = {attack: begun.scores[attack].tolist() for attack in self._scores}
        self._confusions = dict(begun.confusions)
        self._counted = Counter(begun.counted)
        self._means = {attack: MeanMaps(begun.means.get(attack)) for attack in self._scores}
        return frozenset(self._images)

    def add(self, audit: "OpenedAudit", source: Source, row: ImageRow, evidence: "Evidence") -> None:
        """Score an image and count its pixels."""
        seen = audit.seen(self._chain, evidence)
        results = audit.judge(source, evidence, seen, list(self._scores))
        for attack, result in results.items():
            self._scores[attack].append(np.nan if isinstance(result, str) else result.score)
        if row.role is Role.NON_MEMBER:
            self._average(seen, results)
        self._images.append(row.id)
        counts = self._counts(seen, evidence)
        if counts is not None:
            self._confusions[row.role] = counts + self._confusions.get(row.role, 0)
            self._counted[row.role] += 1

    def _average(self, seen: Observation, results: Mapping[str, AttackResult | str]) -> None:
        """Take the maps of a non-member into the means."""
        of_labels = {"loss": of_label(loss_map, seen), "true_posterior": of_label(true_posteriors, seen)}
        plain = {name: values for name, values in of_labels.items() if values is not None}
        for attack, result in results.items():
            self._means[attack].add({**plain, **({} if isinstance(result, str) else result.maps)})

    def _counts(self, seen: Observation, evidence: "Evidence") -> npt.NDArray[np.int64] | None:
        label = evidence.entry.recorded.label
        if label is None or not self._on_grid:
            return evidence.entry.confusion
        return confusion(label, seen.posteriors.argmax(axis=0), len(seen.posteriors))

    def so_far(self) -> Rescored:
        """A copy of what has been found."""
        return Rescored(
            self._chain.id,
            np.array(self._images, np.int64),
            {attack: np.array(scores, np.float64) for attack, scores in self._scores.items()},
            dict(self._confusions),
            dict(self._counted),
            self._on_grid,
            len(self._asked),
            self._total,
            dict(self.skipped),
            {attack: means.means() for attack, means in self._means.items()},
        )
