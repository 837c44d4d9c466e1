"""The image list as arrays: one table of every column at one moment. Knows nothing of Qt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from core.audit import verdicts
from core.audit.verdicts import Verdict
from core.data.samples import Role
from core.defenses.chain import Chain, words_of
from gui.columns import FloatArray, Listing
from gui.document import AuditDocument
from gui.trials import title_of

NUMBER = re.compile(r"\d+")
LONGEST_NUMBER = 20
"""Digits up to which numbers in names are sorted as numbers: frame 9 before frame 10."""

ROLE_ORDER = {str(role): place for place, role in enumerate(Role)}


VERDICT_ORDER = {kind: place for place, kind in enumerate(verdicts.Kind)}


class Kind(StrEnum):
    """What a column shows."""

    NAME = "name"
    SCORE = "score"
    LOSS = "loss"
    MIOU = "miou"
    VERDICT = "verdict"
    ROLE = "role"
    STATE = "state"


@dataclass(frozen=True)
class Column:
    """One column of the list.

    Attributes
    ----------
    id
        Unique in the table; it stays the same when other columns come and go.
    kind
        What it shows.
    title, help
        What stands above it, and a sentence more.
    chain
        The defense whose scores it shows, or empty.
    """

    id: str
    kind: Kind
    title: str
    help: str
    chain: str = ""

    @property
    def numeric(self) -> bool:
        """Whether it shows numbers."""
        return self.kind in {Kind.SCORE, Kind.LOSS, Kind.MIOU}


@dataclass(frozen=True)
class Table:
    """The images of a document with every column, in the spec's order.

    Attributes
    ----------
    document, listing
        What it shows.
    attack, chain
        The attack whose scores are shown, and the defense of the columns that have one only: the first that is shown.
    columns
        From left to right.
    numbers
        `(n,)` by id of each numeric column, and what the verdicts are sorted by: the place in `VERDICT_ORDER`, to which
        half the p-value is added. NaN where there is none.
    verdicts
        The verdicts on suspects by image id; empty until `counted`, and in an audit that is not finished.
    names
        Keys in lower case, to be searched in.
    name_order
        `(n,)`: the place of each key among all keys in alphabetical order, numbers in it by their value.
    present
        `(n, C)`: whether a class occurs in the label map; `(n, 0)` where no label map was counted.
    class_names
        Names of the classes by train id; empty without label maps.
    counted
        Whether mIoU and classes are there already.
    """

    document: AuditDocument
    listing: Listing
    attack: str
    chain: str
    columns: tuple[Column, ...]
    numbers: Mapping[str, FloatArray]
    verdicts: Mapping[int, Verdict]
    names: tuple[str, ...]
    name_order: npt.NDArray[np.int64]
    present: npt.NDArray[np.bool_]
    class_names: tuple[str, ...]
    counted: bool

    @property
    def scores(self) -> FloatArray | None:
        """Image scores under the first defense shown: what thresholds and score filters look at."""
        first = next((column.id for column in self.columns if column.kind is Kind.SCORE), None)
        return None if first is None else self.numbers[first]


def read_table(
    document: AuditDocument, chains: Sequence[str], attack: str, before: Table | None = None, *, counted: bool = True
) -> Table:
    """Read every column; the first time that is work for a thread.

    `before` is a table of the same document, from which names are taken over. Without `counted` verdicts and the
    columns that come from confusion counts, slow to read, stay empty unless the latter were read already.
    """
    listing = document.listing
    shown = [chain for chain in chains if document.chain(chain) is not None]
    columns = _columns(document, shown, attack)
    numbers = {c.id: document.scores(c.chain, attack) for c in columns if c.kind is Kind.SCORE}
    loss = document.loss_attack
    if loss is not None and shown:
        numbers[Kind.LOSS] = -document.scores(shown[0], loss)
    present = np.zeros((len(listing.rows), 0), np.bool_)
    numbers[Kind.MIOU] = np.full(len(listing.rows), np.nan)
    counted = counted or not shown or document.holds("segmentation", shown[0])
    if shown and counted:
        segmentation = document.segmentation(shown[0])
        numbers[Kind.MIOU], present = segmentation.miou, segmentation.present
    judged = document.verdicts() if counted else {}
    numbers[Kind.VERDICT] = _verdict_keys(listing, judged)
    names, order = _names(listing, before)
    return Table(
        document=document,
        listing=listing,
        attack=attack,
        chain=shown[0] if shown else "",
        columns=columns,
        numbers=numbers,
        verdicts=judged,
        names=names,
        name_order=order,
        present=present,
        class_names=document.class_names,
        counted=counted,
    )


def _columns(document: AuditDocument, chains: Sequence[str], attack: str) -> tuple[Column, ...]:
    entry = document.attack(attack)
    by = entry.words if entry is not None else attack
    names = words_of(document.chains)
    under = names.get(chains[0], chains[0]) if chains else "No defense"
    return (
        Column(Kind.NAME, Kind.NAME, "Image", "The image, and its path in its folder"),
        *(_score_column(chain, names.get(chain, chain), by) for chain in chains),
        *([_loss_column(under)] if document.loss_attack is not None and chains else []),
        Column(Kind.MIOU, Kind.MIOU, "mIoU", f"Mean IoU of the image's classes under: {under}"),
        *([_verdict_column(document)] if str(Role.SUSPECT) in document.listing.roles else []),
        Column(Kind.ROLE, Kind.ROLE, "Role", "Member, non-member or suspect"),
        Column(Kind.STATE, Kind.STATE, "State", "Flagged, excluded, failed or waiting"),
    )


def _score_column(chain: str, title: str, by: str) -> Column:
    text = f"Image score by the attack “{by}” under: {title}. Higher = more likely a member"
    title = "Score" if chain == Chain().id else title
    return Column(f"{Kind.SCORE}:{chain}", Kind.SCORE, title, text, chain)


def _loss_column(under: str) -> Column:
    return Column(Kind.LOSS, Kind.LOSS, "Loss", f"Mean cross-entropy over the labelled pixels, in nats, under: {under}")


def _verdict_column(document: AuditDocument) -> Column:
    spec = document.spec
    text = f"Verdicts on suspects, by {spec.primary.words} under {title_of(spec.release)} alone: named before scoring"
    return Column(Kind.VERDICT, Kind.VERDICT, "Verdict", text)


def _verdict_keys(listing: Listing, judged: Mapping[int, Verdict]) -> FloatArray:
    keys = np.full(len(listing.rows), np.nan)
    for image, verdict in judged.items():
        if image in listing.index:
            keys[listing.index[image]] = VERDICT_ORDER[verdict.kind] + (verdict.p or 0) / 2
    return keys


def _names(listing: Listing, before: Table | None) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    if before is not None and before.listing.keys is listing.keys:
        return before.names, before.name_order
    names = tuple(key.casefold() for key in listing.keys)
    order = np.empty(len(names), np.int64)
    natural = [NUMBER.sub(lambda found: found.group().zfill(LONGEST_NUMBER), name) for name in names]
    order[sorted(range(len(names)), key=natural.__getitem__)] = np.arange(len(names))
    return names, order
