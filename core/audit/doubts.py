"""What stands against judging a suspect: failed checks, and the written reasons with which people override them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.audit import review
from core.audit.asked_alike import not_alike
from core.audit.independence import SHOWN_TO_ATTACKS
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.data.compared import LISTED_PAIRS, compared_roles
from core.data.samples import Role


class Check(StrEnum):
    """A check that must pass before a suspect is judged."""

    DATA = "data-check"
    SHIFT = "shift"
    SAME = "same-file"
    NEAR = "near-duplicate"
    TRAINING = "attack-training"
    REFERENCES = "references"


@dataclass(frozen=True)
class Doubt:
    """A failed check.

    Attributes
    ----------
    check
        Which one.
    image
        The suspect's id; None: it concerns all suspects.
    sentence
        What was found.
    override
        The decision that sets it aside, or None.
    """

    check: Check
    image: int | None
    sentence: str
    override: review.ReviewEntry | None = None

    @property
    def told(self) -> str:
        """What was found, and who set it aside for what reason."""
        if self.override is None:
            return self.sentence
        return f"{self.sentence} Overridden by {self.override.who} on {self.override.when[:10]}: {self.override.why}"


def doubts_of(
    store: AuditStore, spec: AuditSpec, suspects: Sequence[ImageRow], entries: Iterable[review.ReviewEntry]
) -> list[Doubt]:
    """Every failed check of these suspects, those overridden too; first those that concern all."""
    report = store.fact("data_check")
    found = [*_data_doubts(report), *_pair_doubts(report, suspects), *_training_doubts(store, spec, suspects)]
    found += [Doubt(Check.REFERENCES, i, sentence) for i, sentence in not_alike(store, spec, suspects).items()]
    overrides = review.overridden(entries)
    return [
        Doubt(d.check, d.image, d.sentence, overrides.get((d.check, d.image)) or overrides.get((d.check, None)))
        for d in found
    ]


def _data_doubts(report: Mapping[str, Any] | None) -> list[Doubt]:
    """Doubts about all suspects."""
    if report is None:
        sentence = "The suspects were not compared with the known images, because the data check was left out."
        return [Doubt(Check.DATA, None, sentence)]
    return [
        Doubt(Check.SHIFT, None, finding["sentence"])
        for finding in report["findings"]
        if finding["code"].startswith("shift-") and compared_roles(finding) == (Role.SUSPECT, Role.NON_MEMBER)
    ]


def _pair_doubts(report: Mapping[str, Any] | None, suspects: Sequence[ImageRow]) -> list[Doubt]:
    """Suspects that are, or nearly are, known images."""
    findings = [] if report is None else report["findings"]
    by_path = {row.path: row for row in suspects}
    found: dict[tuple[Check, int | None], Doubt] = {}
    for finding in findings:
        for row, sentence, check in _pairs(finding, by_path):
            found.setdefault((check, row.id), Doubt(check, row.id, sentence))
        if _near_members(finding) and len(finding["items"]) >= LISTED_PAIRS:
            sentence = "There are more near-duplicates between suspects and members than were listed."
            found[Check.NEAR, None] = Doubt(Check.NEAR, None, sentence)
    return sorted(found.values(), key=lambda doubt: doubt.image is not None)


def _pairs(finding: Mapping[str, Any], suspects: Mapping[str, ImageRow]) -> Iterator[tuple[ImageRow, str, Check]]:
    """Each suspect that a finding pairs with a known image, with what that means."""
    roles = compared_roles(finding)
    if roles is None or roles[0] is not Role.SUSPECT:
        return
    same, near = finding["code"] == "exact-duplicates", _near_members(finding)
    for item in finding["items"] if same or near else ():
        row = suspects.get(item["first"])
        if row is not None and same:
            yield row, f"Its file is also among the known {roles[1]}s, byte for byte.", Check.SAME
        elif row is not None:
            mirrored = "mirrored " if item.get("mirrored") else ""
            yield (
                row,
                f"It is a {mirrored}near-duplicate of a known member, and may score like it for that alone.",
                Check.NEAR,
            )


def _near_members(finding: Mapping[str, Any]) -> bool:
    return finding["code"] == "near-duplicates" and compared_roles(finding) == (Role.SUSPECT, Role.MEMBER)


def _training_doubts(store: AuditStore, spec: AuditSpec, suspects: Sequence[ImageRow]) -> list[Doubt]:
    shown = shown_to_attack(store, spec)
    sentence = "The attack itself was trained with this image, so its score says nothing."
    return [Doubt(Check.TRAINING, row.id, sentence) for row in suspects if row.sha256 in shown]


def shown_to_attack(store: AuditStore, spec: AuditSpec) -> frozenset[str]:
    """Hashes of the audit's images that the primary attack was trained with."""
    return frozenset(store.fact(SHOWN_TO_ATTACKS, {}).get(spec.primary.id, ()))
