"""How well the attack networks do on targets that no shadow resembles."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import parse_spec
from core.data.samples import Sample
from core.files import write_text
from core.progress import Progress
from core.targets.open import open_target
from core.training.fleet import Fleet, shadow_data

NOT_FOR = (
    "Its scores rank images of one target. Its threshold was set on drawn scenes: on another target it may flag "
    "everything or nothing. It proves neither that an image was trained on nor that it was not."
)
DEFENSES = ({"name": "none"}, {"name": "argmax"}, {"name": "gauss", "sigma": 0.05})
BASELINE = "loss"


def judged(
    fleets: Sequence[Fleet], networks: Mapping[str, Path], work: Path, device: str, progress: Progress
) -> dict[str, list[dict[str, Any]]]:
    """Audit every model of the fleets with every network; returns each network's findings, and those of the loss.

    Each model of a fleet is a target: its members against the images of its partner.
    """
    findings: dict[str, list[dict[str, Any]]] = {name: [] for name in (*networks, BASELINE)}
    for fleet in fleets:
        for number, name in enumerate(fleet.membership.shadows):
            folder = work / "judged" / f"{fleet.folder.name}-{number}"
            summary = run_audit(_spec(fleet, number, networks, folder), folder, RunOptions(device=device), progress)
            info = open_target(fleet.folder / name).info
            target = f"{info.architecture}, {info.classes} classes"
            for result in summary["results"]:
                findings[result["attack"]].append(_finding(target, result))
    return findings


def _finding(target: str, result: Mapping[str, Any]) -> dict[str, Any]:
    metrics = result["metrics"]
    found = {"target": target, "defense": result["defense"], "auc": round(metrics["auc"], 4)}
    rates = {f"tpr_at_{100 * at['fpr']:g}_percent": at["value"] for at in metrics["tpr_at"]}
    counts = {"members": metrics["members"], "non_members": metrics["non_members"]}
    return {**found, **{k: None if v is None else round(v, 4) for k, v in rates.items()}, **counts}


def _spec(fleet: Fleet, number: int, networks: Mapping[str, Path], folder: Path) -> Any:
    shadow = shadow_data(fleet)[number]
    lists = {"member": shadow.members.samples, "non-member": shadow.non_members.samples}
    images = []
    for role, samples in lists.items():
        path = folder.with_name(f"{folder.name}-{role}s.txt")
        write_text(path, "".join(_line(s) for s in samples))
        encoding = shadow.members.encoding
        images.append({"role": role, "path": str(path.absolute()), "layout": "list", "encoding": encoding})
    attacks = [{"name": "patch", "id": name, "network": str(path.absolute())} for name, path in networks.items()]
    attacks[0]["primary"] = True
    table = {
        "name": folder.name,
        "scheme": fleet.scheme.name,
        "target": {"path": str((fleet.folder / fleet.membership.shadows[number]).absolute())},
        "images": images,
        "defenses": [dict(d) for d in DEFENSES],
        "attacks": [*attacks, {"name": BASELINE}],
        "run": {"maps": "none", "data_check": False},
    }
    return parse_spec(table, folder)


def _line(sample: Sample) -> str:
    return f"{sample.image.absolute()}\t{sample.label and sample.label.absolute()}\n"
