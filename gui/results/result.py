"""The image scores and confusion counts of all images under one defense and attack. Knows nothing of Qt."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from core.audit.mean_maps import Means
from core.data.samples import Role

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Groups = tuple[str | None, ...]

COARSE = "Coarse: {done} of {total} images."
AGAIN = "The target answers anew: {again} of them were not in the cache of posteriors."


@dataclass(frozen=True)
class Result:
    """What is known of one defense under one attack; excluded images are left out.

    Attributes
    ----------
    chain, attack
        Their ids.
    images
        Ids of the images `(n,)`, in no order.
    scores
        Their image scores `(n,)`; NaN where there is none.
    roles
        Their roles `(n,)`: texts, each equal to a `Role`.
    groups
        Their groups, n of them; None for an image of its own.
    done, total
        How many images were looked at, and how many there are.
    confusions
        Confusion counts `(C, C)`, rows = label, by role.
    counted
        How many images these are of, by role.
    on_grid
        Whether they were counted on the attack grid instead of at full label resolution.
    adaptive
        Whether the attack network learned under this defense: its attacker knows the defense.
    again
        How many images had to go through the target again.
    means
        Mean maps of the non-members by name and size, of a trial; those of the audit's own defenses are in its store.
    seconds_left
        Until it is exact, where that is known.
    """

    chain: str
    attack: str
    images: IntArray
    scores: FloatArray
    roles: npt.NDArray[np.str_]
    groups: Groups
    done: int
    total: int
    confusions: Mapping[Role, IntArray] = field(default_factory=dict)
    counted: Mapping[Role, int] = field(default_factory=dict)
    on_grid: bool = False
    adaptive: bool = False
    again: int = 0
    means: Means = field(default_factory=dict)
    seconds_left: float | None = None

    @property
    def exact(self) -> bool:
        """Whether no image is missing."""
        return self.done >= self.total

    @property
    def members(self) -> FloatArray:
        """Scores of the members that have one."""
        return self._of(Role.MEMBER)

    @property
    def non_members(self) -> FloatArray:
        """Scores of the non-members that have one."""
        return self._of(Role.NON_MEMBER)

    @property
    def suspects(self) -> FloatArray:
        """Scores of the suspects that have one."""
        return self._of(Role.SUSPECT)

    def groups_of(self, role: Role) -> list[str | None]:
        """The group of each score that `members`, `non_members` or `suspects` gives."""
        return [self.groups[place] for place in np.flatnonzero(self._scored(role)).tolist()]

    def images_of(self, role: Role) -> IntArray:
        """The image of each score that `members`, `non_members` or `suspects` gives."""
        return self.images[self._scored(role)]

    @property
    def note(self) -> str:
        """A sentence about what is missing yet; empty where nothing is."""
        if self.exact:
            return ""
        again = f" {AGAIN.format(again=self.again)}" if self.again else ""
        return COARSE.format(done=self.done, total=self.total) + again

    def without(self, excluded: frozenset[int]) -> "Result":
        """The scores without some images; the confusion counts are of all until they are counted anew."""
        kept = ~np.isin(self.images, list(excluded))
        gone = int(len(kept) - kept.sum())
        groups = tuple(group for group, keep in zip(self.groups, kept.tolist(), strict=True) if keep)
        return replace(
            self,
            images=self.images[kept],
            scores=self.scores[kept],
            roles=self.roles[kept],
            groups=groups,
            done=self.done - gone,
            total=self.total - gone,
        )

    def _scored(self, role: Role) -> npt.NDArray[np.bool_]:
        return np.asarray((self.roles == role) & ~np.isnan(self.scores))

    def _of(self, role: Role) -> FloatArray:
        return self.scores[self._scored(role)]
