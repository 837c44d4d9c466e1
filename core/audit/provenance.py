"""What an audit records of how it came about."""

from typing import TYPE_CHECKING, Any

from core.audit.device import describe_device
from core.audit.spec import AuditSpec
from core.versions import now, versions

if TYPE_CHECKING:
    from core.targets.base import Target


def target_facts(target: "Target") -> dict[str, Any]:
    """What is recorded of an opened model."""
    info = target.info
    return {
        "file": info.path.name,
        "format": info.format,
        "sha256": info.sha256,
        "architecture": info.architecture,
        "classes": info.classes,
        "gives": info.gives,
        "preprocessing": target.preprocessing.to_mapping(),
        "notes": list(info.notes),
    }


def run_facts(spec: AuditSpec, device: str) -> dict[str, Any]:
    """What is recorded of one run of the audit."""
    return {
        "started": now(),
        "versions": versions(),
        "device": describe_device(device),
        "batch": spec.run.batch,
        "patch_batch": spec.run.patch_batch,
    }
