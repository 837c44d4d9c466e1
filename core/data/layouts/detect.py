"""Open a folder, a list file or a single image as an image set."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.data.images import EXTENSIONS
from core.data.layouts.base import LAYOUTS, Layout
from core.data.layouts.listfile import LIST_EXTENSIONS
from core.data.samples import ImageSet, Sample
from core.errors import DataError, SpecError

AUTO = "auto"
FALLBACK = "pairs"
"""The layout of any folder: asked last."""


def open_images(path: Path, layout: str = AUTO, options: Mapping[str, Any] | None = None) -> ImageSet:
    """List the images of a dataset; nothing is decoded.

    Parameters
    ----------
    path
        A folder, a list file, or one image file (whose label map is looked for in its folder).
    layout
        A name from `LAYOUTS`, or "auto": the first layout that recognises the path.
    options
        The layout's parameters, as in a TOML table.

    Raises `DataError` when nothing is there, `SpecError` for unknown layouts and options.
    """
    path = path.absolute()
    if not path.exists():
        raise DataError(f"{path} does not exist.", "Name a folder of images, a list file or an image.")
    if path.is_file() and path.suffix.lower() in EXTENSIONS:
        return _single(path, layout, options)
    return choose_layout(path, layout, options).find(path)


def choose_layout(path: Path, layout: str = AUTO, options: Mapping[str, Any] | None = None) -> Layout:
    """The layout of a folder or list file, with its options. Raises like `open_images`."""
    if layout != AUTO:
        return LAYOUTS.get(layout).from_mapping(options or {})
    for cls in sorted(LAYOUTS, key=lambda cls: cls.name == FALLBACK):
        if cls().recognise(path) is not None:
            return cls.from_mapping(options or {})
    raise DataError(
        f"{path} is neither a folder nor a list file.",
        f"List files end in {', '.join(LIST_EXTENSIONS)}.",
    )


def _single(path: Path, layout: str, options: Mapping[str, Any] | None) -> ImageSet:
    """One image, with the label map and group that its folder's layout gives it."""
    if layout == "list":
        raise SpecError(f"{path} is an image, not a list.", "Choose the layout 'auto'.")
    whole = choose_layout(path.parent, layout, options).find(path.parent)
    sample = next((s for s in whole.samples if s.image == path), Sample(path.name, path))
    labelled = "with" if sample.label else "without"
    return replace(
        whole,
        samples=(sample,),
        sentence=f"One image, {labelled} a label map.",
        missing=(),
        orphans=(),
    )
