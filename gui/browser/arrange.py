"""Which images the list shows, and in what order. Knows nothing of Qt."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from core.audit import verdicts
from gui.browser.table import ROLE_ORDER, VERDICT_ORDER, Column, Kind, Table
from gui.columns import Listing
from gui.document import AuditDocument

BoolArray = npt.NDArray[np.bool_]


class Only(StrEnum):
    """A further condition on the images shown."""

    ALL = "all"
    ABOVE = "above"
    FLAGGED = "flagged"
    NOTED = "noted"
    EXCLUDED = "excluded"
    FAILED = "failed"
    EVIDENCE = "evidence"
    NO_EVIDENCE = "no-evidence"
    UNJUDGED = "unjudged"


JUDGED = {
    Only.EVIDENCE: verdicts.Kind.EVIDENCE,
    Only.NO_EVIDENCE: verdicts.Kind.NO_EVIDENCE,
    Only.UNJUDGED: verdicts.Kind.UNJUDGED,
}


@dataclass(frozen=True)
class Filter:
    """What images must meet to be shown: all of it.

    Attributes
    ----------
    role
        Their role; empty for any.
    text
        Words that all occur in the key, in any order; capitals do not matter.
    low, high
        Least and greatest image score under the first defense shown; None for any, also for none.
    class_id
        A train id that must occur in the label map; None for any.
    only
        A further condition.
    """

    role: str = ""
    text: str = ""
    low: float | None = None
    high: float | None = None
    class_id: int | None = None
    only: Only = Only.ALL

    @property
    def narrow(self) -> bool:
        """Whether anything but the role is asked for."""
        return self != Filter(role=self.role)


@dataclass(frozen=True)
class Marks:
    """What people decided, in the order of a listing: `(n,)` each. `threshold` is the operating point, or None."""

    excluded: BoolArray
    flagged: BoolArray
    noted: BoolArray
    threshold: float | None = None

    @classmethod
    def of(cls, document: AuditDocument, listing: Listing, threshold: float | None) -> Self:
        """The marks of a document as of now."""

        def at(images: frozenset[int]) -> BoolArray:
            out = np.zeros(len(listing.rows), np.bool_)
            out[[listing.index[image] for image in images if image in listing.index]] = True
            return out

        return cls(at(document.excluded), at(document.flagged), at(document.noted), threshold)


def arranged(table: Table, wanted: Filter, marks: Marks, column: Column, *, descending: bool) -> npt.NDArray[np.int64]:
    """Places in the table's listing of the images to show, in order.

    Sorting is stable: equal values stay in the spec's order. Images without a value come last either way.
    """
    places = np.flatnonzero(_meeting(table, wanted, marks))
    keys = sort_keys(table, marks, column)[places]
    return places[np.argsort(-keys if descending else keys, kind="stable")]


def sort_keys(table: Table, marks: Marks, column: Column) -> npt.NDArray[np.float64]:
    """Numbers `(n,)` that sort like a column; NaN goes last."""
    if column.kind is Kind.NAME:
        return table.name_order.astype(np.float64)
    if column.kind is Kind.ROLE:
        return np.array([ROLE_ORDER[role] for role in table.listing.roles.tolist()], np.float64)
    if column.kind is Kind.STATE:
        failed = np.equal(table.listing.states, "failed")
        flags = np.stack([failed, marks.excluded, marks.flagged, marks.noted], axis=1).astype(np.float64)
        weighted: npt.NDArray[np.float64] = flags @ np.array([8.0, 4.0, 2.0, 1.0])
        return weighted
    return table.numbers[column.id]


def _meeting(table: Table, wanted: Filter, marks: Marks) -> BoolArray:
    met = np.ones(len(table.listing.rows), np.bool_)
    if wanted.role:
        met &= table.listing.roles == wanted.role
    for word in wanted.text.casefold().split():
        met &= np.fromiter((word in name for name in table.names), np.bool_, len(table.names))
    if wanted.class_id is not None:
        known = wanted.class_id < table.present.shape[1]
        met &= table.present[:, wanted.class_id] if known else False
    return met & _in_range(table, wanted) & _only(table, wanted.only, marks)


def _in_range(table: Table, wanted: Filter) -> BoolArray:
    met = np.ones(len(table.listing.rows), np.bool_)
    scores = table.scores
    for bound, compare in ((wanted.low, np.greater_equal), (wanted.high, np.less_equal)):
        if bound is not None:
            met &= compare(scores, bound) if scores is not None else False  # NaN meets neither
    return met


def _only(table: Table, only: Only, marks: Marks) -> BoolArray:
    if only is Only.ABOVE:
        return above(table, marks)
    if only in JUDGED:
        return np.equal(np.floor(table.numbers[Kind.VERDICT]), VERDICT_ORDER[JUDGED[only]])
    known = {Only.FLAGGED: marks.flagged, Only.NOTED: marks.noted, Only.EXCLUDED: marks.excluded}
    if only is Only.FAILED:
        return np.equal(table.listing.states, "failed")
    return known.get(only, np.ones(len(table.listing.rows), np.bool_))


def above(table: Table, marks: Marks) -> BoolArray:
    """Which images `(n,)` the operating point calls members; none without one."""
    scores = table.scores
    if scores is None or marks.threshold is None:
        return np.zeros(len(table.listing.rows), np.bool_)
    judged: BoolArray = scores >= marks.threshold
    return judged
