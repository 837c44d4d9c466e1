"""Whether references that have seen images of the audit have seen suspects and calibration non-members alike.

A p-value holds where nothing but the target's training tells a suspect from a non-member that calibrates. References
may have seen both, as those of an online attack have to; but on equal terms, as random halves of all of them are.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from statistics import fmean

from core.audit.protocol import calibration_images, unit_of
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow

SEEN_BY_REFERENCES = "seen_by_references"
"""Fact: how many references are known to have seen each image that any has, by its hash."""

ASKING_REFERENCES = "asking_references"
"""Fact: ids of the attacks that ask references."""

TAUGHT_IN_BLOCKS = "taught_in_blocks"
"""Fact: how many references learned from half of the blocks of the audit's images; 0 where one has seen all of some."""

UNLIKELY = 0.01
"""Where chance alone would part them this far so rarely, they were not drawn alike."""


def seen_counts(members: Sequence[AbstractSet[str] | None], images: Sequence[str]) -> dict[str, int]:
    """How many references have seen each image that any has; `members`: hashes known to each reference, or None."""
    counts = {sha256: sum(known is not None and sha256 in known for known in members) for sha256 in set(images)}
    return {sha256: count for sha256, count in sorted(counts.items()) if count}


def not_alike(store: AuditStore, spec: AuditSpec, suspects: Sequence[ImageRow]) -> dict[int | None, str]:
    """What stands against judging a suspect, by its id; under None what stands against judging any."""
    if spec.primary.id not in store.fact(ASKING_REFERENCES, ()):
        return {}
    seen: Mapping[str, int] = store.fact(SEEN_BY_REFERENCES, {})
    if not seen:
        return {}
    rows = store.images()
    chosen = calibration_images(spec, rows)
    calibrating = [row for row in rows if row.id in chosen and row.sha256]
    asked = [row for row in suspects if row.sha256]
    if not calibrating or not asked:
        return {}
    if _differ(_by_unit(asked, seen), _by_unit(calibrating, seen)):
        return {None: _told(asked, calibrating, seen)}
    counts = [_count(row, seen) for row in calibrating]
    return {
        row.id: f"{_count(row, seen)} references were trained on it, on each non-member that calibrates "
        f"{_span(min(counts), max(counts))}: it was not drawn for them as those were."
        for row in asked
        if not min(counts) <= _count(row, seen) <= max(counts)
    }


def _count(row: ImageRow, seen: Mapping[str, int]) -> int:
    return seen.get(row.sha256 or "", 0)


def _by_unit(rows: Sequence[ImageRow], seen: Mapping[str, int]) -> list[float]:
    """The mean over each group; images of one are drawn together."""
    units: dict[str, list[int]] = {}
    for row in rows:
        units.setdefault(unit_of(row), []).append(_count(row, seen))
    return [fmean(counts) for counts in units.values()]


def _differ(first: Sequence[float], second: Sequence[float]) -> bool:
    """Mann and Whitney's test, where not all counts are the same."""
    from scipy.stats import mannwhitneyu

    if len({*first, *second}) == 1:
        return False
    return bool(mannwhitneyu(first, second).pvalue < UNLIKELY)


def _told(asked: Sequence[ImageRow], calibrating: Sequence[ImageRow], seen: Mapping[str, int]) -> str:
    means = (fmean(_count(row, seen) for row in rows) for rows in (asked, calibrating))
    return (
        "On average {:.1f} references were trained on a suspect and {:.1f} on a non-member that calibrates: train each "
        "on a random half of both.".format(*means)
    )


def _span(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"
