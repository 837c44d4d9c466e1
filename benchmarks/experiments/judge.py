"""Maker of audits: one target, its defenses and attacks -> image scores and mIoU."""

from typing import Any

from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.folds import list_file
from benchmarks.experiments.train import CHECKPOINT, ENDINGS, SCHEME
from core.audit.runner import RunOptions, open_audit, run_audit
from core.audit.spec import AuditSpec, parse_spec
from core.audit.store import AuditStore, ImageRow
from core.data.samples import Role

RUN = {"maps": "none", "cache_gb": 0.0, "data_check": False, "resamples": 100}
"""The folds hold no near-duplicates of each other already, and intervals are made from all targets together."""

FILES = ("network", "combiner", "table")
"""Parameters of attacks that name a file."""

REFERENCE = "reference "
"""How the parts begin that are reference models of an audit."""


def make_audit(cell: Cell, shop: Workshop) -> dict[str, Any]:
    """Run an audit, going on where an earlier run of it stopped, and read its scores."""
    folder = shop.path(cell, ".segleak")
    summary = run_audit(audit_spec(cell, shop), folder, RunOptions(device=shop.device), shop.progress)
    store, spec = open_audit(folder)
    with store:
        rows = store.images()
        return {
            "folds": cell.settings["folds"],
            "images": [{"key": r.key, "block": r.group, "member": r.role is Role.MEMBER} for r in rows],
            "scores": _scores(store, spec, rows),
            "miou": {
                defense: {role: found["miou"] for role, found in sides.items()}
                for defense, sides in summary["segmentation"].items()
            },
            "thresholds": {k: network["threshold"] for k, network in store.fact("attack_networks").items()},
            "independence": summary["independence"],
        }


def audit_spec(cell: Cell, shop: Workshop) -> AuditSpec:
    """What an audit cell asks."""
    wanted = cell.settings
    images = [
        {
            "role": role,
            "path": str(list_file(shop.folds[fold], shop.folder / "folds").absolute()),
            "layout": "list",
            "options": {"root": str(shop.data.absolute())},
        }
        for role, fold in wanted["folds"].items()
    ]
    files = {
        part: str(shop.path(need, ENDINGS.get(need.kind, CHECKPOINT)).absolute()) for part, need in cell.needs.items()
    }
    attacks = [a | {key: files[a[key]] for key in FILES if key in a} for a in wanted["attacks"]]
    references = [{"path": file} for part, file in files.items() if part.startswith(REFERENCE)]
    table = {
        "name": cell.name,
        "scheme": SCHEME,
        "target": {"path": files["target"]},
        "images": images,
        "defenses": wanted["defenses"],
        "attacks": attacks,
        "run": RUN,
    } | ({"references": references} if references else {})
    return parse_spec(table)


def _scores(store: AuditStore, spec: AuditSpec, rows: list[ImageRow]) -> dict[str, dict[str, list[float | None]]]:
    """Defense -> attack -> score of each image, None where there is none."""
    found = {(s.defense, s.attack, s.image): s.score for s in store.scores()}
    return {
        chain.id: {attack.id: [found.get((chain.id, attack.id, row.id)) for row in rows] for attack in spec.attacks}
        for chain in spec.defenses
    }
