"""Results that a test sets by hand, or reads from an audit, in place of those the engine brings."""

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.data.samples import Role
from gui.results.result import Result


def made_result(chain="none", attack="loss", members=(), non_members=(), suspects=(), *, missing=0, **more):
    """A result with these scores; image ids count from 1. `missing` images are not there yet."""
    sides = {Role.MEMBER: members, Role.NON_MEMBER: non_members, Role.SUSPECT: suspects}
    scores = np.concatenate([np.asarray(side, np.float64) for side in sides.values()])
    roles = np.array([str(role) for role, side in sides.items() for _ in side], np.str_)
    count = len(scores)
    images = np.arange(1, count + 1)
    groups = more.pop("groups", (None,) * count)
    return Result(chain, attack, images, scores, roles, groups, count, count + missing, **more)


def stored_result(document, chain, attack):
    """The stored result of a document, read at once, without the excluded images."""
    listing = document.listing
    rows = [row for row in listing.rows if row.id not in document.excluded]
    keep = [listing.index[row.id] for row in rows]
    confusions, counted = {}, {}
    for role in Role:
        found = [c for image, c in document._store.confusions(chain) if document.row(image).role is role]
        if found:
            confusions[role], counted[role] = np.sum(found, axis=0), len(found)
    return Result(
        chain,
        attack,
        np.array([row.id for row in rows]),
        document.scores(chain, attack)[keep],
        listing.roles[keep],
        tuple(row.group for row in rows),
        len(rows),
        len(rows),
        confusions,
        counted,
    )


class SetResults(QObject):
    """Gives the results that were put in; what was not is not there yet."""

    changed = Signal(str, str)
    cleared = Signal()

    def __init__(self, *results):
        super().__init__()
        self.kept, self.asked, self.reasons = {}, [], {}
        self.put(*results)

    def put(self, *results):
        for result in results:
            self.kept[result.chain, result.attack] = result
            self.changed.emit(result.chain, result.attack)

    def retry(self):
        self.reasons.clear()
        self.changed.emit("", "")

    def reason(self, chain, attack):
        return self.reasons.get((chain, attack), "")

    def of(self, chain, attack):
        self.asked.append((chain, attack))
        return self.kept.get((chain, attack))
