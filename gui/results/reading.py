"""Results of the audit's own defenses, from its store, and of trials, from the engine. Knows nothing of Qt."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data.samples import Role
from core.defenses.chain import Chain
from gui.columns import Listing
from gui.document import AuditDocument
from gui.results.marks import knows
from gui.results.result import IntArray, Result

if TYPE_CHECKING:
    from core.engine.jobs import Rescored


def stored(document: AuditDocument, chain: Chain, attack: str, excluded: frozenset[int]) -> Result:
    """What the audit's store has under one of its own chains, so far. Reads files: not in the window's thread.

    Raises `StoreError` where the store is damaged.
    """
    listing, scores = document.listing, document.scores(chain.id, attack)
    while listing is not document.listing:  # the run wrote something in between
        listing, scores = document.listing, document.scores(chain.id, attack)
    ids = np.array([row.id for row in listing.rows], np.int64)
    counts = ~np.isin(ids, list(excluded))
    due = np.isin(ids, list(document.unscored(chain.id)))
    judged = counts & (listing.states == "done") & ~due
    places = np.flatnonzero(judged)
    confusions, counted = _confusions(document, chain.id, listing, excluded)
    return Result(
        chain=chain.id,
        attack=attack,
        images=ids[judged],
        scores=scores[judged],
        roles=listing.roles[judged],
        groups=tuple(listing.rows[place].group for place in places.tolist()),
        done=int((counts & (listing.states != "waiting") & ~due).sum()),
        total=int(counts.sum()),
        confusions=confusions,
        counted=counted,
        adaptive=knows(document, chain, attack),
    )


def _confusions(
    document: AuditDocument, chain: str, listing: Listing, excluded: frozenset[int]
) -> tuple[dict[Role, IntArray], dict[Role, int]]:
    """Confusion counts `(C, C)` and numbers of images, by role."""
    sums: dict[Role, IntArray] = {}
    images: Counter[Role] = Counter()
    for ids, counts in document.confusions(chain):
        roles = _roles(listing, ids, excluded)
        for role in Role:
            chosen = roles == role
            if chosen.any():
                sums[role] = counts[chosen].sum(axis=0) + sums.get(role, 0)
                images[role] += int(chosen.sum())
    return sums, dict(images)


def _roles(listing: Listing, ids: Sequence[int], excluded: frozenset[int]) -> npt.NDArray[np.str_]:
    """The role of each image; empty for those that are left out or not listed."""
    known = (listing.index.get(image) if image not in excluded else None for image in ids)
    return np.array(["" if place is None else str(listing.roles[place]) for place in known], np.str_)


def rescored(
    document: AuditDocument, chain: Chain, attack: str, found: "Rescored", seconds_left: float | None
) -> Result:
    """What the engine has found of a trial so far."""
    listing = document.listing
    places = [listing.index[image] for image in found.images.tolist()]
    return Result(
        chain=chain.id,
        attack=attack,
        images=found.images,
        scores=found.scores[attack],
        roles=listing.roles[places],
        groups=tuple(listing.rows[place].group for place in places),
        done=found.done,
        total=found.total,
        confusions=found.confusions,
        counted=found.counted,
        on_grid=found.on_grid,
        adaptive=knows(document, chain, attack),
        again=found.again,
        means=found.means.get(attack, {}),
        seconds_left=seconds_left,
    )
