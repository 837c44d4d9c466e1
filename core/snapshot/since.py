"""What became of an audit since a snapshot of it was made: defenses that it took in, and whether its scores stand."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.audit.extension import EXTENDED
from core.audit.runner import open_audit
from core.audit.spec import AuditSpec
from core.errors import SegLeakError


@dataclass(frozen=True)
class Since:
    """What an audit folder holds now, against what a snapshot says.

    Attributes
    ----------
    taken_in
        What was added when, each as a phrase, where the audit is still the snapshot's with more defenses behind its
        own, by its own log and by its spec. Empty where it is the same, or was changed in another way.
    scores, kept
        How many image scores the snapshot has, and how many of these the audit still has.
    """

    taken_in: tuple[str, ...]
    scores: int
    kept: int


def since(document: Mapping[str, Any], folder: Path | None) -> Since | None:
    """Compare a snapshot's audit.json with an audit folder; None where there is no audit that can be read."""
    if folder is None:
        return None
    try:
        store, spec = open_audit(folder)
        with store:
            then = Counter((s.get("image"), s.get("score")) for s in document.get("scores", ()))
            now = Counter((s.image, s.score) for s in store.scores())
            entries = store.fact(EXTENDED, [])
    except (SegLeakError, OSError):
        return None
    return Since(_taken_in(document, spec, entries), then.total(), (then & now).total())


def _taken_in(document: Mapping[str, Any], spec: AuditSpec, entries: "list[Mapping[str, Any]]") -> tuple[str, ...]:
    """The entries of the log that lead from the snapshot's spec to this one, which must hold the former unchanged."""
    own = len(document.get("spec", {}).get("defenses", ()))
    first = known = document.get("facts", {}).get("spec_sha256")
    told = []
    for entry in entries:
        if entry["from"] == known:
            told.append(f"{entry['when']} it took in {' and '.join(entry['defenses'])}")
            known = entry["to"]
    unchanged = replace(spec, defenses=spec.defenses[:own]).sha256 == first if 0 < own < len(spec.defenses) else False
    return tuple(told) if unchanged and known == spec.sha256 else ()
