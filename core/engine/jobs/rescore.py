"""A whole audit's scores under another chain, from the posteriors in the cache."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.audit.store import ImageRow
from core.data.samples import Role
from core.defenses.chain import Chain
from core.engine.jobs.base import Desk, Job, spec_of
from core.errors import DataError, TargetError
from core.metrics.segmentation import confusion
from core.randomness import generator

if TYPE_CHECKING:
    from core.audit.sources import Source
    from core.engine.opened import Evidence, OpenedAudit

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
    on_grid
        Whether they were counted on the attack grid, because the chain can change what is predicted at each pixel.
    total
        How many images there will be.
    skipped
        How many of those looked at gave no posteriors, by reason.
    """

    chain: str
    images: npt.NDArray[np.int64]
    scores: Mapping[str, npt.NDArray[np.float64]]
    confusions: Mapping[Role, npt.NDArray[np.int64]]
    on_grid: bool
    total: int
    skipped: Mapping[str, int]

    @property
    def exact(self) -> bool:
        """Whether nothing is missing."""
        return len(self.images) + sum(self.skipped.values()) == self.total


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
    """

    audit: Path
    chain: Chain
    attacks: tuple[str, ...] = ()
    excluded: frozenset[int] = field(default=frozenset())

    def run(self, desk: Desk) -> Rescored:
        """Score image after image, in an order of which each beginning is a sample of all."""
        audit = desk.models.audit(spec_of(self.audit), self.device, self.trusted)
        source = audit.source(self.chain)
        rows = [row for row in audit.stored_rows() if row.state == "done" and row.id not in self.excluded]
        tally = _Tally(self.chain, [a.entry.id for a in audit.attacks(self.attacks)], len(rows))
        last = time.monotonic()
        for row in desk.progress.over("Scoring again", shuffled(rows, audit.spec.seed), len(rows)):
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


class _Tally:
    """Collects what becomes a `Rescored`."""

    def __init__(self, chain: Chain, attacks: Sequence[str], total: int) -> None:
        self._chain, self._total = chain, total
        self._on_grid = any(defense.changes_argmax for defense in chain.outputs)
        self._images: list[int] = []
        self._scores: dict[str, list[float]] = {attack: [] for attack in attacks}
        self._confusions: dict[Role, npt.NDArray[np.int64]] = {}
        self.skipped: Counter[str] = Counter()

    def add(self, audit: "OpenedAudit", source: "Source", row: ImageRow, evidence: "Evidence") -> None:
        """Score an image and count its pixels."""
        for attack, result in audit.score(source, evidence, list(self._scores)).items():
            self._scores[attack].append(np.nan if isinstance(result, str) else result.score)
        self._images.append(row.id)
        counts = self._counts(audit, evidence)
        if counts is not None:
            self._confusions[row.role] = counts + self._confusions.get(row.role, 0)

    def _counts(self, audit: "OpenedAudit", evidence: "Evidence") -> npt.NDArray[np.int64] | None:
        label = evidence.entry.recorded.label
        if label is None or not self._on_grid:
            return evidence.entry.confusion
        released = audit.seen(self._chain, evidence).posteriors
        return confusion(label, released.argmax(axis=0), len(released))

    def so_far(self) -> Rescored:
        """A copy of what has been found."""
        return Rescored(
            self._chain.id,
            np.array(self._images, np.int64),
            {attack: np.array(scores, np.float64) for attack, scores in self._scores.items()},
            dict(self._confusions),
            self._on_grid,
            self._total,
            dict(self.skipped),
        )
