"""The numbers of an audit, computed from its store: what the command line prints and the window and snapshot show."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.audit import review
from core.audit.protocol import calibration_images
from core.audit.spec import AttackEntry, AuditSpec
from core.audit.store import SUMMARY_NAME, AuditStore, ImageRow, ScoreRow
from core.audit.verdicts import verdicts_of
from core.data.samples import Role
from core.defenses.chain import Chain
from core.files import write_text
from core.metrics.membership import finite, membership_metrics
from core.metrics.roc import roc_curve
from core.metrics.segmentation import iou_per_class, miou, pixel_accuracy
from core.metrics.thresholds import OWN_REFERENCE, NamedThreshold, best_threshold, judge

SHADOW_SOURCE = "held-out shadow images"


def summarise(store: AuditStore, spec: AuditSpec) -> dict[str, Any]:
    """Metrics of every defense and attack, JSON-ready; excluded images (see `core.audit.review`) are left out."""
    entries = review.read(store.folder)
    out = review.excluded(entries)
    all_rows = store.images()
    rows, calibrating = [row for row in all_rows if row.id not in out], calibration_images(spec, all_rows)
    summary = {
        "name": spec.name,
        "primary": spec.primary.id,
        "released": spec.release.id,
        "finished": store.fact("finished"),
        "excluded": len(out),
        "images": {str(role): _counts(rows, role) for role in Role},
        "failed": [{"key": r.key, "role": str(r.role), "reason": r.reason} for r in rows if r.state == "failed"],
        "classes": store.fact("classes", {}),
        "independence": store.fact("independence", []),
        "segmentation": {c.id: _segmentation(store, rows, c) for c in spec.defenses},
        "defenses": [{"id": c.id, "title": c.title, "describe": c.describe()} for c in spec.defenses],
        "results": [
            _result(store, spec, rows, chain, attack, calibrating) for chain in spec.defenses for attack in spec.attacks
        ],
        "verdicts": verdicts_of(store, spec, entries).to_dict(),
    }
    plain: dict[str, Any] = finite(summary)
    return plain


def write_summary(folder: Path, summary: dict[str, Any]) -> Path:
    """Write the summary into the audit folder, atomically; returns its path."""
    path = folder / SUMMARY_NAME
    write_text(path, json.dumps(summary, indent=1) + "\n")
    return path


def _counts(rows: Iterable[ImageRow], role: Role) -> dict[str, int]:
    states = Counter(row.state for row in rows if row.role is role)
    return {"images": sum(states.values()), "done": states["done"], "failed": states["failed"]}


# ---------------------------------------------------------------- membership


def _result(
    store: AuditStore,
    spec: AuditSpec,
    rows: Sequence[ImageRow],
    chain: Chain,
    attack: AttackEntry,
    calibrating: Collection[int],
) -> dict[str, Any]:
    by_id = {row.id: row for row in rows}
    scores = [s for s in store.scores(chain.id, attack.id) if s.image in by_id]
    members, member_groups = _side(scores, by_id, Role.MEMBER)
    non_members, non_member_groups = _side(scores, by_id, Role.NON_MEMBER)
    metrics = membership_metrics(
        members,
        non_members,
        member_groups,
        non_member_groups,
        _own_threshold(members, _side((s for s in scores if s.image not in calibrating), by_id, Role.NON_MEMBER)[0]),
        resamples=spec.run.resamples,
        seed=spec.seed,
        level=spec.run.level,
    )
    if metrics.needs and (unscored := _unscored(scores, by_id)):
        metrics = replace(metrics, needs=unscored)
    shadow = _shadow_threshold(store, attack)
    judged = judge(members, non_members, shadow) if shadow is not None and len(members) + len(non_members) else None
    return {
        "defense": chain.id,
        "attack": attack.id,
        "primary": attack.id == spec.primary.id,
        "note": attack.note,
        "exploratory": (chain.id, attack.id) != (spec.release.id, spec.primary.id),
        "metrics": metrics.to_dict(),
        "roc": roc_curve(members, non_members).corners().to_dict() if len(members) and len(non_members) else None,
        "at_shadow_threshold": None if judged is None else asdict(judged),
        "not_scored": dict(Counter(s.reason for s in scores if s.score is None)),
    }


def _side(
    scores: Iterable[ScoreRow], rows: dict[int, ImageRow], role: Role
) -> tuple[npt.NDArray[np.float64], list[str | None]]:
    chosen = [(s.score, rows[s.image].group) for s in scores if s.score is not None and rows[s.image].role is role]
    return np.array([score for score, _ in chosen], np.float64), [group for _, group in chosen]


def _unscored(scores: Sequence[ScoreRow], rows: dict[int, ImageRow]) -> str:
    """That there are known images and no scores of them, and why; empty where there are scores, or no such images."""
    known = {role: [s for s in scores if rows[s.image].role is role] for role in (Role.MEMBER, Role.NON_MEMBER)}
    without = {role: found for role, found in known.items() if found and all(s.score is None for s in found)}
    if not without:
        return ""
    reason, _ = Counter(s.reason or "" for found in without.values() for s in found).most_common(1)[0]
    return (
        f"needs scores of known {' and '.join(f'{role}s' for role in without)}, and none has one ({reason.rstrip('.')})"
    )


def _own_threshold(members: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> NamedThreshold | None:
    """The best threshold that calibration non-members had no say in; None where all non-members calibrate."""
    return best_threshold(members, others, OWN_REFERENCE) if len(members) and len(others) else None


def _shadow_threshold(store: AuditStore, attack: AttackEntry) -> NamedThreshold | None:
    """The threshold found on shadow data, where the attack network brings one for this way of scoring."""
    card = store.fact("attack_networks", {}).get(attack.id, {})
    value = card.get("threshold")
    return None if value is None else NamedThreshold(value, card.get("threshold_source") or SHADOW_SOURCE)


# ---------------------------------------------------------------- segmentation


def _segmentation(store: AuditStore, rows: Sequence[ImageRow], chain: Chain) -> dict[str, Any]:
    roles = {row.id: row.role for row in rows}
    counts: dict[Role, npt.NDArray[np.int64]] = {}
    images: Counter[Role] = Counter()
    for image, matrix in store.confusions(chain.id):
        role = roles.get(image)
        if role is not None:
            counts[role] = counts[role] + matrix if role in counts else matrix
            images[role] += 1
    return {str(role): _utility(counts[role], images[role]) for role in Role if role in counts}


def _utility(counts: npt.NDArray[np.int64], images: int) -> dict[str, Any]:
    return {
        "images": images,
        "miou": miou(counts),
        "pixel_accuracy": pixel_accuracy(counts),
        "iou": [float(v) for v in iou_per_class(counts)],
    }
