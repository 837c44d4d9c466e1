"""What an audit says of each suspect: evidence of membership, no evidence at this power, or cannot be judged.

One attack on one released output, both named in the spec before anything is scored, gives verdicts; all else is
exploratory. None of the verdicts says "not a member".
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from core.attacks.hidden import NEEDS_LABEL
from core.audit import review
from core.audit.doubts import Doubt, doubts_of, shown_to_attack
from core.audit.protocol import calibration_images
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.audit.wording import chosen_told, evidence_told, procedure_told, too_few
from core.data.samples import Role
from core.metrics.evidence import Evidence, Power, Side, evidence_of
from core.metrics.intervals import Interval, has_groups
from core.metrics.membership import finite

UNLABELLED = (
    " To judge it, make an attack that needs none the primary one, or hide the label maps from the primary attack "
    "(labels = 'hidden')."
)
"""What to do about a suspect without a label map; then known images are scored without theirs, too."""


class Kind(StrEnum):
    """All that is ever said of a suspect."""

    EVIDENCE = "evidence of membership"
    NO_EVIDENCE = "no evidence at this power"
    UNJUDGED = "cannot be judged"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one suspect.

    Attributes
    ----------
    image
        Its id.
    key
        Its name in its image set.
    score
        Its image score; None where there is none.
    higher, calibration
        Of so many calibration non-members (or groups of them), `calibration`, so many score at least as high.
    p, q
        Its p-value, and the smallest level of false discoveries at which it is flagged. None, as `higher`, where it
        cannot be judged.
    kind, sentence
        The verdict, and the same in plain words with its numbers or the reason.
    group
        The images of a group are judged together and share everything but their score.
    """

    image: int
    key: str
    score: float | None
    higher: int | None
    calibration: int
    p: float | None
    q: float | None
    kind: Kind
    sentence: str
    group: str | None = None


@dataclass(frozen=True)
class Verdicts:
    """The verdicts of an audit, and how much they can say.

    Attributes
    ----------
    chain, attack
        Ids of the released output and the primary attack.
    level
        The share of false alarms allowed among the suspects that are flagged.
    verdicts
        One per suspect that is not excluded, in the audit's order.
    calibration, judged
        How many calibration non-members and judged suspects there are; groups of them where `grouped`.
    grouped
        Whether images have groups, which then count once: calibration by their highest score, suspects and members
        by their median.
    power, power_interval
        The share of known members that would be flagged as one more suspect, with its Clopper-Pearson interval; None
        where it cannot be measured.
    power_needs
        "" or what is missing to measure it.
    powers
        The power of single tests at fixed p-values.
    fewest
        The fewest suspects that can be flagged at all; None where none can.
    needs
        "" or why nothing can be judged.
    sentences
        What the verdicts rest on and how much they can say, for a person.
    doubts
        Failed checks, those overridden too.
    """

    chain: str
    attack: str
    level: float
    verdicts: tuple[Verdict, ...]
    calibration: int
    judged: int
    grouped: bool
    power: float | None
    power_interval: Interval | None
    power_needs: str
    powers: tuple[Power, ...]
    fewest: int | None
    needs: str
    sentences: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()

    def of(self, image: int) -> Verdict | None:
        """The verdict on one image; None where it is no suspect, or excluded."""
        return next((verdict for verdict in self.verdicts if verdict.image == image), None)

    def count(self, kind: Kind) -> int:
        """How many suspects have a verdict of this kind."""
        return sum(verdict.kind is kind for verdict in self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON, with the number of verdicts of each kind."""
        plain: dict[str, Any] = finite(asdict(self))
        plain["doubts"] = [
            table | {"told": doubt.told} for table, doubt in zip(plain["doubts"], self.doubts, strict=True)
        ]
        return plain | {"counts": {str(kind): self.count(kind) for kind in Kind}}


def verdicts_of(store: AuditStore, spec: AuditSpec, entries: Sequence[review.ReviewEntry]) -> Verdicts:
    """The verdicts on every suspect, after the decisions in `entries`."""
    table = _Table(store, spec, review.excluded(entries))
    suspects = table.of(Role.SUSPECT)
    doubts = doubts_of(store, spec, suspects, entries)
    reasons = {row.id: reason for row in suspects if (reason := table.unscored(row) or _doubted(row, doubts))}
    judged = [row for row in suspects if row.id not in reasons]
    sides = judged, table.calibrating(), table.members()
    level = spec.protocol.level
    evidence = evidence_of(*map(table.side, sides), level=level, interval_level=spec.run.level)
    grouped = has_groups(*([row.group for row in side] for side in sides))
    needs = _needs(store, evidence, level, grouped=grouped)
    told = _told(table, evidence, judged if not needs else (), grouped=grouped)
    reasons |= {row.id: f"{needs}." for row in judged if needs}
    return Verdicts(
        chain=spec.release.id,
        attack=spec.primary.id,
        level=level,
        verdicts=tuple(told.get(r.id) or _refused(table, r, reasons[r.id], evidence) for r in suspects),
        calibration=evidence.calibration,
        judged=0 if needs else evidence.judged,
        grouped=grouped,
        power=evidence.power.share,
        power_interval=evidence.power.interval,
        power_needs=evidence.power.needs,
        powers=evidence.powers,
        fewest=evidence.fewest,
        needs=needs,
        sentences=(*procedure_told(evidence, level, grouped=grouped), *chosen_told(spec.protocol.chosen)),
        doubts=tuple(doubts),
    )


def _needs(store: AuditStore, evidence: Evidence, level: float, *, grouped: bool) -> str:
    """Why nothing can be judged, or ""."""
    if store.fact("finished") is None:
        return "the audit is not finished"
    return too_few(evidence.calibration, level, grouped=grouped) if evidence.fewest is None else ""


def _doubted(row: ImageRow, doubts: Sequence[Doubt]) -> str:
    """What stands against judging a suspect, or ""."""
    return " ".join(d.sentence for d in doubts if d.image in {None, row.id} and d.override is None)


class _Table:
    """The scores of the primary attack on the released output, and the images they are of."""

    def __init__(self, store: AuditStore, spec: AuditSpec, out: set[int]) -> None:
        rows = store.images()
        self._rows = [row for row in rows if row.id not in out]
        self._found = {s.image: s for s in store.scores(spec.release.id, spec.primary.id)}
        self._shown = shown_to_attack(store, spec)
        self._calibrating = calibration_images(spec, rows)

    def of(self, role: Role) -> list[ImageRow]:
        """The images of a role that are not excluded."""
        return [row for row in self._rows if row.role is role]

    def score(self, row: ImageRow) -> float | None:
        """Its image score."""
        return self._found[row.id].score if row.id in self._found else None

    def calibrating(self) -> list[ImageRow]:
        """The non-members that calibrate."""
        return self._usable([row for row in self.of(Role.NON_MEMBER) if row.id in self._calibrating])

    def members(self) -> list[ImageRow]:
        """The members that show the power."""
        return self._usable(self.of(Role.MEMBER))

    def _usable(self, rows: Sequence[ImageRow]) -> list[ImageRow]:
        """Scored, and not among what the attack was trained with."""
        return [row for row in rows if self.score(row) is not None and row.sha256 not in self._shown]

    def side(self, rows: Sequence[ImageRow]) -> Side:
        """Scores and groups of scored images."""
        return Side(np.array([self.score(row) for row in rows], np.float64), [row.group for row in rows])

    def unscored(self, row: ImageRow) -> str:
        """Why an image has no score, as a sentence; "" where it has one."""
        if self.score(row) is not None:
            return ""
        found = self._found.get(row.id)
        reason = row.reason if found is None else found.reason
        remedy = UNLABELLED if reason == NEEDS_LABEL else ""
        return f"It has no score: {(reason or 'it has not been audited yet').rstrip('.')}.{remedy}"


def _told(table: _Table, evidence: Evidence, rows: Sequence[ImageRow], *, grouped: bool) -> Mapping[int, Verdict]:
    """The verdicts on what could be judged, by image id."""
    return {
        row.id: Verdict(
            image=row.id,
            key=row.key,
            score=table.score(row),
            higher=int(evidence.higher[place]),
            calibration=evidence.calibration,
            p=float(evidence.p[place]),
            q=float(evidence.q[place]),
            kind=Kind.EVIDENCE if evidence.flagged[place] else Kind.NO_EVIDENCE,
            sentence=evidence_told(evidence, place, grouped=grouped),
            group=row.group,
        )
        for place, row in enumerate(rows)
    }


def _refused(table: _Table, row: ImageRow, reason: str, evidence: Evidence) -> Verdict:
    sentence = f"Cannot be judged: {reason[:1].lower()}{reason[1:]}"
    known = row.id, row.key, table.score(row)
    return Verdict(*known, None, evidence.calibration, None, None, Kind.UNJUDGED, sentence, row.group)
