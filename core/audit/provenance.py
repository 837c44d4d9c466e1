"""What an audit records of how it came about."""

import contextlib
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

from core.audit.device import describe_device
from core.audit.spec import AuditSpec

if TYPE_CHECKING:
    from core.targets.base import Target

LIBRARIES = (
    "segleak",
    "numpy",
    "torch",
    "torchvision",
    "opencv-python",
    "pillow",
    "onnxruntime",
    "segmentation-models-pytorch",
    "transformers",
)


def library_versions() -> dict[str, str]:
    """Versions of every library that can move a score, of those that are installed."""
    found = {}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def versions() -> dict[str, str]:
    """Versions of Python, the system and every library that can move a score."""
    return {"python": platform.python_version(), "system": platform.platform(), **library_versions()}


def now() -> str:
    """The time, ISO 8601 with zone, to the second."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


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
