"""An audit's results as files for other programs: CSV, JSON, maps as PNG or NPZ."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.audit import colours, review
from core.audit.mapfile import WINDOWS
from core.audit.spec import AuditSpec, to_mapping
from core.audit.store import AuditStore, ImageRow
from core.audit.summary import summarise
from core.data._cv import cv2
from core.files import write_bytes, write_text
from core.progress import Progress

SIGNED = frozenset({"evidence", "evidence_corrected"})
"""Maps in which 0 says nothing and both signs say something: drawn with a diverging colour map."""

RANGE_QUANTILE = 0.995
"""Colour ranges end here, so that a single extreme pixel does not turn every picture grey."""


def export_scores(store: AuditStore, spec: AuditSpec, folder: Path) -> Path:
    """Write scores.csv: one line per image, defense and attack. Returns its path."""
    out = review.excluded(review.read(store.folder))
    rows = {row.id: row for row in store.images()}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = "id image role group state sha256 label_sha256 excluded defense attack primary score reason"
    writer.writerow(columns.split())
    scored: set[int] = set()
    for s in store.scores():
        scored.add(s.image)
        row, primary = rows[s.image], s.attack == spec.primary.id
        score = "" if s.score is None else repr(s.score)
        writer.writerow([*_image_cells(row, out), s.defense, s.attack, int(primary), score, s.reason or ""])
    for row in rows.values():
        if row.id not in scored:
            writer.writerow([*_image_cells(row, out), "", "", "", "", row.reason or ""])
    path = folder / "scores.csv"
    write_text(path, buffer.getvalue())
    return path


def _image_cells(row: ImageRow, out: set[int]) -> list[str | int]:
    group, sha256, label = row.group or "", row.sha256 or "", row.label_sha256 or ""
    return [row.id, _inert(row.key), str(row.role), _inert(group), row.state, sha256, label, int(row.id in out)]


def _inert(text: str) -> str:
    """Keep spreadsheets from reading a file name as a formula; keys of Mapillary images may begin with '-'."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def export_roc(store: AuditStore, spec: AuditSpec, folder: Path) -> Path:
    """Write roc.csv: the corners of each ROC curve, with the threshold at each. Returns its path."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["defense", "attack", "threshold", "fpr", "tpr"])
    for result in summarise(store, spec)["results"]:
        roc = result["roc"] or {"thresholds": [], "fpr": [], "tpr": []}
        for point in zip(roc["thresholds"], roc["fpr"], roc["tpr"], strict=True):
            writer.writerow([result["defense"], result["attack"], *("inf" if v is None else repr(v) for v in point)])
    path = folder / "roc.csv"
    write_text(path, buffer.getvalue())
    return path


def export_json(store: AuditStore, spec: AuditSpec, folder: Path) -> Path:
    """Write audit.json: spec, facts, images, scores (by image id), summary and review log. Returns its path."""
    document: dict[str, Any] = {
        "spec": to_mapping(spec),
        "facts": store.facts(),
        "summary": summarise(store, spec),
        "images": [_image_record(row) for row in store.images()],
        "scores": [
            {"image": s.image, "defense": s.defense, "attack": s.attack, "score": s.score, "reason": s.reason}
            for s in store.scores()
        ],
        "review": [vars(entry) for entry in review.read(store.folder)],
    }
    path = folder / "audit.json"
    write_text(path, json.dumps(document, indent=1) + "\n")
    return path


def _image_record(row: ImageRow) -> dict[str, Any]:
    names = ("id", "key", "group", "height", "width", "sha256", "label_sha256", "state", "reason", "batch")
    return {"role": str(row.role)} | {name: getattr(row, name) for name in names}


# ---------------------------------------------------------------- maps


SHIFTED = frozenset({"loss"})
"""Maps that jump where a release is label maps only (a loss is then 0 or 69): these get a range of their own."""


@dataclass(frozen=True)
class MapFile:
    """The maps of one image under one defense and attack; `hard`: the release is label maps only."""

    row: ImageRow
    defense: str
    attack: str
    hard: bool
    path: Path

    def scale(self, kind: str) -> str:
        """The name of the colour range of one kind of map."""
        return f"{self.attack}--{kind}" + ("--label-maps" if self.hard and kind in SHIFTED else "")


def export_maps(store: AuditStore, spec: AuditSpec, folder: Path, form: str, progress: Progress) -> Path:
    """Write every map as PNG (coloured, one range per kind of map for all images) or NPZ. Returns the folder.

    Beside the PNGs lies `ranges.json` with the values at both ends of each colour scale.
    """
    target = folder / "maps"
    found = list(_map_files(store, spec))
    if form == "npz":
        target.mkdir(parents=True, exist_ok=True)
        for file in progress.over("Exporting maps", found, len(found)):
            shutil.copyfile(file.path, target / f"{_slug(file.row)}--{file.path.name}")
        return target
    ranges = _ranges(store, found)
    for file in progress.over("Exporting maps", found, len(found)):
        for kind, values in store.maps(file.row.id, file.defense, file.attack).items():
            ends = ranges.get(file.scale(kind))
            if ends is not None:
                name = f"{_slug(file.row)}--{file.path.stem}--{kind}.png"
                _write_picture(target / name, values, *ends, signed=kind in SIGNED)
    write_text(target / "ranges.json", json.dumps({k: list(v) for k, v in ranges.items()}, indent=1) + "\n")
    return target


def _map_files(store: AuditStore, spec: AuditSpec) -> Iterator[MapFile]:
    for row in store.images():
        for chain in spec.defenses:
            for attack in spec.attacks:
                path = store.map_path(row.id, chain.id, attack.id)
                if path.is_file():
                    yield MapFile(row, chain.id, attack.id, chain.hard, path)


def _slug(row: ImageRow) -> str:
    return f"{row.id:06d}-{re.sub(r'[^A-Za-z0-9]+', '_', Path(row.key).stem)[:60]}"


def _ranges(store: AuditStore, found: Sequence[MapFile]) -> dict[str, tuple[float, float]]:
    """One colour range per attack and kind of map, over all images and defenses: colours can be compared."""
    spread: dict[tuple[str, str], list[npt.NDArray[np.float64]]] = {}
    for file in found:
        for kind, values in store.maps(file.row.id, file.defense, file.attack).items():
            finite = values[np.isfinite(values)]
            if kind != WINDOWS and finite.size:
                ends = np.quantile(finite.astype(np.float64), [1 - RANGE_QUANTILE, RANGE_QUANTILE])
                spread.setdefault((file.scale(kind), kind), []).append(ends)
    return {scale: _range(np.array(ends), signed=kind in SIGNED) for (scale, kind), ends in spread.items()}


def _range(ends: npt.NDArray[np.float64], *, signed: bool) -> tuple[float, float]:
    low, high = float(np.median(ends[:, 0])), float(np.quantile(ends[:, 1], 0.95))
    if signed:
        high = max(abs(float(np.quantile(ends[:, 0], 0.05))), abs(high))
        low = -high
    return (low, high) if high > low else (low, low + 1e-12)


def _write_picture(path: Path, values: npt.NDArray[np.float32], low: float, high: float, *, signed: bool) -> None:
    picture = colours.coloured(values, low, high, diverging=signed)
    _, data = cv2.imencode(".png", picture[..., [2, 1, 0, 3]])
    write_bytes(path, data.tobytes())
