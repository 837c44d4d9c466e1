"""Where an audit's images and label maps lie now."""

import os
from pathlib import Path

from core.audit.spec import AuditSpec
from core.audit.store import ImageRow


def image_path(row: ImageRow, spec: AuditSpec) -> Path:
    """The image's file: where the run found it or, where an audit was moved together with its images, where it is now.

    The path the run found, where it is in neither place.
    """
    return _found(Path(row.path), row, spec)


def label_path(row: ImageRow, spec: AuditSpec) -> Path | None:
    """The label map's file, found like the image's; None for an image without one."""
    return None if row.label_path is None else _found(Path(row.label_path), row, spec)


def _found(path: Path, row: ImageRow, spec: AuditSpec) -> Path:
    before = _folder_then(row)
    if path.exists() or before is None:
        return path
    now = spec.resolve(spec.images[row.entry].path)
    moved = Path(os.path.normpath(now / os.path.relpath(path, before)))
    return moved if moved.exists() else path


def _folder_then(row: ImageRow) -> str | None:
    """The folder of the spec as the run found it: what stands before the key in the image's path."""
    path = Path(row.path).as_posix()
    return path.removesuffix(f"/{row.key}") if path.endswith(f"/{row.key}") else None
