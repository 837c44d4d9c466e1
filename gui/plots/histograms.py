"""How image scores are spread. Knows nothing of Qt."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data.samples import Role
from core.metrics.roc import FloatArray

if TYPE_CHECKING:
    from gui.results import Result

FEWEST, MOST = 8, 60
"""Bins."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """The scores of one defense under one attack.

    Attributes
    ----------
    chain
        Id of the defense.
    edges
        `(B + 1,)` increasing: the bins, the same for both.
    counts
        Images in each bin `(B,)`, by role; a role without scores is missing.
    suspects, scores
        Ids of the suspects that have a score, and the scores, `(k,)`, increasing.
    """

    chain: str
    edges: FloatArray
    counts: dict[Role, npt.NDArray[np.int64]]
    suspects: npt.NDArray[np.int64]
    scores: FloatArray

    def shares(self, role: Role) -> FloatArray:
        """Share of the role's images in each bin, `(B,)`, 0 to 1."""
        counts = self.counts[role]
        return np.asarray(counts / max(1, counts.sum()), np.float64)

    @property
    def top(self) -> float:
        """The largest share."""
        return max((float(self.shares(role).max()) for role in self.counts), default=1.0)

    def suspect_near(self, score: float, within: float) -> int | None:
        """Place in `suspects` of the one whose score is nearest, if it is not further away than `within`."""
        if not self.scores.size:
            return None
        place = int(np.argmin(np.abs(self.scores - score)))
        return place if abs(self.scores[place] - score) <= within else None


def histogram_of(result: "Result") -> Histogram | None:
    """The histogram of a result; None where nothing has a score."""
    values = result.scores[~np.isnan(result.scores)]
    if not values.size:
        return None
    edges = bin_edges(values)
    sides = {Role.MEMBER: result.members, Role.NON_MEMBER: result.non_members}
    counts = {role: np.histogram(scores, edges)[0] for role, scores in sides.items() if scores.size}
    order = np.argsort(result.suspects, kind="stable")
    return Histogram(result.chain, edges, counts, result.images_of(Role.SUSPECT)[order], result.suspects[order])


def bin_edges(values: FloatArray) -> FloatArray:
    """Bins of even width over all values (Freedman and Diaconis 1981), not too few and not too many."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        low, high = low - 0.5, high + 0.5
    wished = 2 * float(np.subtract(*np.quantile(values, [0.75, 0.25]))) / np.cbrt(values.size)
    count = MOST if wished <= 0 else int(np.clip(np.ceil((high - low) / wished), FEWEST, MOST))
    return np.linspace(low, high, count + 1)


def rows_of(histogram: Histogram, title: str) -> list[list[str]]:
    """The bins as rows of a table: defense, bounds, and images by role."""
    known = histogram.counts
    return [
        [
            title,
            repr(float(low)),
            repr(float(high)),
            *(str(known[role][i]) if role in known else "" for role in COUNTED),
        ]
        for i, (low, high) in enumerate(zip(histogram.edges[:-1], histogram.edges[1:], strict=True))
    ]


COUNTED = (Role.MEMBER, Role.NON_MEMBER)
COLUMNS = ("Defense", "From score", "To score", "Members", "Non-members")
