"""The numbers of one result, in the form in which a summary has them. Knows nothing of Qt; takes up to seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.audit.spec import AuditSpec
from core.data.samples import Role
from core.metrics.segmentation import miou
from gui.results.result import Result

FEW = 100
"""Resamples behind the intervals of a coarse result."""


@dataclass(frozen=True)
class Figures:
    """The numbers of a result.

    Attributes
    ----------
    result
        What they were computed from.
    metrics
        As `MembershipMetrics.to_dict`.
    segmentation
        Mean IoU, 0 to 1, and number of images, by role.
    """

    result: Result
    metrics: Mapping[str, Any]
    segmentation: Mapping[str, Mapping[str, Any]]


def figures_of(result: Result, spec: AuditSpec) -> Figures:
    """Compute them as the audit's summary does, with fewer resamples while the result is coarse."""
    from core.metrics.membership import membership_metrics

    metrics = membership_metrics(
        result.members,
        result.non_members,
        result.groups_of(Role.MEMBER),
        result.groups_of(Role.NON_MEMBER),
        resamples=spec.run.resamples if result.exact else FEW,
        seed=spec.seed,
        level=spec.run.level,
    )
    return Figures(result, metrics.to_dict(), segmentation_of(result))


def segmentation_of(result: Result) -> dict[str, dict[str, Any]]:
    """Mean IoU and number of images, by role."""
    return {
        str(role): {"images": result.counted.get(role, 0), "miou": miou(counts)}
        for role, counts in result.confusions.items()
    }
