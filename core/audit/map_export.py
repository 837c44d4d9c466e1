"""An audit's maps as files for other programs: coloured PNGs with a scale, float32 TIFFs, or NPZ."""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.audit import colours
from core.audit.mapfile import WINDOWS
from core.audit.scale_bar import with_scale
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.data._cv import cv2
from core.files import atomic_writer, write_bytes, write_text
from core.progress import Progress

FloatArray = npt.NDArray[np.float32]
FORMS = ("png", "npz", "tiff")

SIGNED = frozenset(
    {
        "evidence",
        "evidence_corrected",
        "loss_difference",
        "probability_difference",
        "correctness_difference",
        "likelihood_ratio",
        "learned_ratio",
        "log_ratio",
        "combined",
    }
)
"""Maps in which 0 says nothing and both signs say something: drawn with a diverging colour map."""

SHIFTED = frozenset({"loss"})
"""Maps that jump where a release is label maps only (a loss is then 0 or 69): these get a range of their own."""

RANGE_QUANTILE = 0.995
"""Colour ranges end here, so that a single extreme pixel does not turn every picture grey."""


@dataclass(frozen=True)
class MapExport:
    """Which maps to write, and how.

    Attributes
    ----------
    form
        "png" (coloured), "tiff" (float32, NaN where a map says nothing) or "npz" (the audit's own files).
    images
        Numbers of the images; None: all.
    own_range
        For PNG: a colour range for each picture, not one for each kind of map. Colours cannot be compared then.
    scale
        For PNG: draw a scale with its values beside the map.
    """

    form: str = "png"
    images: frozenset[int] | None = None
    own_range: bool = False
    scale: bool = False


@dataclass(frozen=True)
class MapFile:
    """The maps of one image under one defense and attack; `hard`: the release is label maps only."""

    row: ImageRow
    defense: str
    attack: str
    hard: bool
    path: Path

    def range_name(self, kind: str) -> str:
        """The name of the colour range of one kind of map."""
        return f"{self.attack}--{kind}" + ("--label-maps" if self.hard and kind in SHIFTED else "")

    @property
    def stem(self) -> str:
        """What its files are called, without an ending."""
        key = re.sub(r"[^A-Za-z0-9]+", "_", Path(self.row.key).stem)[:60]
        return f"{self.row.id:06d}-{key}--{self.path.stem}"

    def maps(self, store: AuditStore) -> Iterator[tuple[str, FloatArray]]:
        """Its maps `(h, w)` by kind."""
        maps = store.maps(self.row.id, self.defense, self.attack)
        return ((kind, values) for kind, values in maps.items() if kind != WINDOWS)


def export_maps(store: AuditStore, spec: AuditSpec, folder: Path, wanted: MapExport, progress: Progress) -> Path:
    """Write maps into `folder/maps`, each file atomically. Returns that folder.

    Beside PNGs lies `ranges.json` with the values at both ends of each colour range. Raises `OSError` where a file
    cannot be written, `StoreError` where a map is damaged.
    """
    target = folder / "maps"
    target.mkdir(parents=True, exist_ok=True)
    found = [file for file in _map_files(store, spec) if wanted.images is None or file.row.id in wanted.images]
    if wanted.form == "npz":
        for file in progress.over("Exporting maps", found, len(found)):
            _copy(file.path, target / f"{file.stem}.npz")
    elif wanted.form == "tiff":
        for file in progress.over("Exporting maps", found, len(found)):
            for kind, values in file.maps(store):
                _write(target / f"{file.stem}--{kind}.tiff", values)
    else:
        _write_pictures(store, target, found, wanted, progress)
    return target


def _map_files(store: AuditStore, spec: AuditSpec) -> Iterator[MapFile]:
    for row in store.images():
        for chain in spec.defenses:
            for attack in spec.attacks:
                path = store.map_path(row.id, chain.id, attack.id)
                if path.is_file():
                    yield MapFile(row, chain.id, attack.id, chain.hard, path)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reading, atomic_writer(target) as writing:
        shutil.copyfileobj(reading, writing)


def _write(path: Path, pixels: npt.NDArray[np.uint8] | FloatArray) -> None:
    """Write pixels, channels in OpenCV's order, in the format that the ending names."""
    _, data = cv2.imencode(path.suffix, pixels)
    write_bytes(path, data.tobytes())


# ---------------------------------------------------------------- pictures


def _write_pictures(
    store: AuditStore, target: Path, found: Sequence[MapFile], wanted: MapExport, progress: Progress
) -> None:
    shared = {} if wanted.own_range else _ranges(store, found, progress)
    ranges: dict[str, tuple[float, float]] = {}
    for file in progress.over("Exporting maps", found, len(found)):
        for kind, values in file.maps(store):
            stem, signed = f"{file.stem}--{kind}", kind in SIGNED
            name = stem if wanted.own_range else file.range_name(kind)
            ends = _range(_ends(values), signed=signed) if wanted.own_range else shared.get(name)
            if ends is not None:
                ranges[name] = ends
                picture = colours.coloured(values, *ends, diverging=signed)
                picture = with_scale(picture, *ends, diverging=signed) if wanted.scale else picture
                _write(target / f"{stem}.png", picture[..., [2, 1, 0, 3]])
    write_text(target / "ranges.json", json.dumps({k: list(v) for k, v in ranges.items()}, indent=1) + "\n")


def _ranges(store: AuditStore, found: Sequence[MapFile], progress: Progress) -> dict[str, tuple[float, float]]:
    """One colour range per attack and kind of map, over all images and defenses: colours can be compared."""
    spread: dict[tuple[str, str], list[npt.NDArray[np.float64]]] = {}
    for file in progress.over("Finding colour ranges of images", found, len(found)):
        for kind, values in file.maps(store):
            spread.setdefault((file.range_name(kind), kind), []).append(_ends(values))
    shared = {name: _range(np.concatenate(ends), signed=kind in SIGNED) for (name, kind), ends in spread.items()}
    return {name: ends for name, ends in shared.items() if ends is not None}


def _ends(values: FloatArray) -> npt.NDArray[np.float64]:
    """The low and the high end of one map `(1, 2)`; `(0, 2)` where it says nothing anywhere."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return np.empty((0, 2))
    return np.quantile(finite, [1 - RANGE_QUANTILE, RANGE_QUANTILE])[None]


def _range(ends: npt.NDArray[np.float64], *, signed: bool) -> tuple[float, float] | None:
    """The range of maps with these ends `(n, 2)`; None where there are none."""
    if not len(ends):
        return None
    low, high = float(np.median(ends[:, 0])), float(np.quantile(ends[:, 1], 0.95))
    if signed:
        high = max(abs(float(np.quantile(ends[:, 0], 0.05))), abs(high))
        low = -high
    return (low, high) if high > low else (low, low + 1e-12)
