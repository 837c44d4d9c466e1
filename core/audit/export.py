"""An audit's results as files for other programs: CSV and JSON. Its maps: `core.audit.map_export`."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from core.audit import review
from core.audit.spec import AuditSpec, to_mapping
from core.audit.store import AuditStore, ImageRow
from core.audit.summary import summarise
from core.audit.verdicts import Verdict, verdicts_of
from core.files import write_text

NO_VERDICT = ("", "", "")


def export_scores(store: AuditStore, spec: AuditSpec, folder: Path) -> Path:
    """Write scores.csv: one line per image, defense and attack. Returns its path."""
    path = folder / "scores.csv"
    write_text(path, scores_table(store, spec))
    return path


def scores_table(store: AuditStore, spec: AuditSpec) -> str:
    """One line of CSV per image, defense and attack, and one per image without any score.

    A suspect's p, q and verdict stand in the line of the primary attack on the released output.
    """
    entries = review.read(store.folder)
    out, judged = review.excluded(entries), verdicts_of(store, spec, entries)
    told = {(v.image, judged.chain, judged.attack): _verdict_cells(v) for v in judged.verdicts}
    rows = {row.id: row for row in store.images()}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = "id image role group state sha256 label_sha256 excluded defense attack primary score reason p q verdict"
    writer.writerow(columns.split())
    scored: set[int] = set()
    for s in store.scores():
        scored.add(s.image)
        row, primary = rows[s.image], s.attack == spec.primary.id
        score = "" if s.score is None else repr(s.score)
        verdict = told.get((s.image, s.defense, s.attack), NO_VERDICT)
        cells = s.defense, s.attack, int(primary), score, s.reason or ""
        writer.writerow([*_image_cells(row, out), *cells, *verdict])
    for row in rows.values():
        if row.id not in scored:
            verdict = told.get((row.id, judged.chain, judged.attack), NO_VERDICT)
            writer.writerow([*_image_cells(row, out), "", "", "", "", row.reason or "", *verdict])
    return buffer.getvalue()


def _verdict_cells(verdict: Verdict) -> tuple[str, str, str]:
    p, q = ("" if value is None else repr(value) for value in (verdict.p, verdict.q))
    return p, q, str(verdict.kind)


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
    """Write audit.json (see `audit_document`). Returns its path."""
    path = folder / "audit.json"
    write_text(path, json.dumps(audit_document(store, spec), indent=1) + "\n")
    return path


def audit_document(store: AuditStore, spec: AuditSpec) -> dict[str, Any]:
    """Everything of an audit but its maps, JSON-ready: spec, facts, images, scores by image id, summary, review."""
    return {
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


def scores_document(store: AuditStore, spec: AuditSpec) -> list[dict[str, str | None]]:
    """The lines of `scores_table` as JSON-ready records; what is empty there is None."""
    lines = csv.DictReader(io.StringIO(scores_table(store, spec)))
    return [{name: value or None for name, value in line.items()} for line in lines]


def _image_record(row: ImageRow) -> dict[str, Any]:
    names = ("id", "key", "group", "height", "width", "sha256", "label_sha256", "state", "reason", "batch")
    return {"role": str(row.role)} | {name: getattr(row, name) for name in names}
