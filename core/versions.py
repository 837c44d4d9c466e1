"""Versions and times, for everything that is written down of how it came about."""

import platform
from datetime import UTC, datetime
from functools import cache
from importlib import metadata

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


@cache
def _library_versions() -> tuple[tuple[str, str], ...]:
    # Looked up once: part of the cache key of every image.
    installed = {d.name.lower().replace("_", "-"): d.version for d in metadata.distributions() if d.name}
    return tuple((name, installed[name]) for name in LIBRARIES if name in installed)


def library_versions() -> dict[str, str]:
    """Versions of every library that can move a score, of those that are installed."""
    return dict(_library_versions())


def versions() -> dict[str, str]:
    """Versions of Python, the system and every library that can move a score."""
    return {"python": platform.python_version(), "system": platform.platform(), **library_versions()}


def now() -> str:
    """The time, ISO 8601 with zone, to the second."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")
