"""A finished audit with suspects, maps, groups and label maps, written without running a model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli_w
from PIL import Image

from core.attacks.base import AttackResult
from core.audit.spec import read_spec, write_spec
from core.audit.store import SPEC_NAME, AuditStore, ImageResult, ImageRow
from core.audit.summary import summarise, write_summary
from core.data.samples import Role
from core.defenses.chain import Chain
from core.files import sha256_of_file
from core.grid import Grid
from tests.world import CLASSES, write_scheme

SIZE = (64, 96)


@dataclass(frozen=True)
class SnapshotWorld:
    folder: Path
    audit: Path
    scores: dict
    stem: Callable = "{}-{:03d}".format

    def image(self, role, number):
        return self.folder / f"{role}s" / "Straße" / f"{self.stem(role, number)}.png"


def make_snapshot_world(
    folder,
    *,
    members=8,
    others=12,
    suspects=4,
    defenses=2,
    classes=CLASSES,
    title="Small",
    label="",
    boost=0.0,
    maps=True,
    stem="{}-{:03d}".format,
    attacks=(),
    finding="Near-duplicates: {}.",
    size=SIZE,
    hardened="",
):
    """`maps`: whether each image has maps, or of how many images of a role; `stem`: how images are called."""
    folder.mkdir(parents=True, exist_ok=True)
    write_scheme(folder / "scheme.toml") if classes is CLASSES else _scheme(folder / "scheme.toml", classes)
    chains = [{"name": "none"}] + [
        {"name": "gauss", "sigma": 0.02 * n, **({"label": f"{label} {n}"} if label else {})} for n in range(1, defenses)
    ]
    chains += [{"name": "hardened", "path": hardened, "label": "Hard one"}] if hardened else []
    table = {
        "name": title,
        "scheme": "scheme.toml",
        "target": {"path": "models/target.safetensors"},
        "images": [{"role": str(role), "path": f"{role}s"} for role in Role],
        "defenses": chains,
        "attacks": [
            {"name": "patch", "network": "models/attack.safetensors", "primary": True},
            {"name": "loss"},
            *attacks,
        ],
        "run": {"resamples": 100},
    }
    (folder / "models").mkdir()
    for name in ("target", "attack"):
        (folder / "models" / f"{name}.safetensors").write_bytes(name.encode())
    (folder / "spec.toml").write_text(tomli_w.dumps(table), "utf-8")
    world = SnapshotWorld(folder, folder / "small.segleak", {}, stem)
    rng = np.random.default_rng(3)
    with AuditStore.create(world.audit) as store:
        spec = read_spec(folder / "spec.toml").moved_to(world.audit)
        write_spec(spec, world.audit / SPEC_NAME)
        counts = dict(zip(Role, (members, others, suspects), strict=True))
        rows = [_row(world, rng, role, n, size) for role in Role for n in range(counts[role])]
        rows = [ImageRow(i, *row) for i, row in enumerate(rows)]
        store.add_images(rows)
        _facts(store, world, spec, classes, finding)
        for row in rows:
            kept = maps if isinstance(maps, bool) else sum(r.role is row.role for r in rows[: row.id]) < maps
            store.write(_result(world, rng, row, spec, len(classes), boost, kept))
        write_summary(world.audit, summarise(store, spec))
    return world


def _scheme(path, classes):
    entries = [{"name": c, "id": i, "train_id": i, "colour": [i % 256, 7 * i % 256, 90]} for i, c in enumerate(classes)]
    path.write_text(tomli_w.dumps({"name": "many", "classes": entries}), "utf-8")


def _row(world, rng, role, number, size):
    path = world.image(role, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 255, (*size, 3), np.uint8)).save(path)
    label = path.with_name(f"{path.stem}_mask.png")
    Image.fromarray(rng.integers(0, 4, size, np.uint8)).save(label)
    key = f"Straße/{path.name}"
    group = "drive 7" if role is Role.MEMBER else None
    return role, list(Role).index(role), key, str(path), str(label), group, *size


def _facts(store, world, spec, classes, finding):
    folder = world.folder
    hashes = {name: sha256_of_file(folder / "models" / f"{name}.safetensors") for name in ("target", "attack")}
    store.set_fact("target", {"file": "target.safetensors", "sha256": hashes["target"], "architecture": "smp:Unet"})
    sources = [Chain((chain.source,)).id for chain in spec.defenses if hasattr(chain.source, "path")]
    store.set_fact("used", {"target": hashes["target"], **dict.fromkeys(sources, hashes["target"])})
    store.set_fact("attack_networks", {"patch": {"file": "attack.safetensors", "sha256": hashes["attack"]}})
    store.set_fact("classes", {"scheme": "small", "names": list(classes)})
    store.set_fact("sets", [{"path": entry.path, "found": "8 images."} for entry in spec.images])
    store.set_fact("spec_sha256", spec.sha256)
    path = str(world.image("member", 0))
    found = {
        "severity": "warning",
        "code": "near",
        "sentence": finding.format(path),
        "items": [{"file": path}],
    }
    store.set_fact("data_check", {"findings": [found]})
    run = {"started": "2026-01-01T00:00:00+01:00", "device": "cpu (1 thread)", "versions": {"python": "3.11"}}
    store.set_fact("runs", [run])
    store.set_fact("finished", "2026-01-01T00:05:00+01:00")


def _result(world, rng, row, spec, classes, boost, kept):
    results, counts = {}, {}
    for chain in spec.defenses:
        evidence = rng.normal(0, 1e-3, Grid.of(row.size).shape).astype(np.float32)
        score = float(evidence.sum(dtype=np.float64)) + (row.role is Role.MEMBER) + boost * (row.role is Role.SUSPECT)
        world.scores[row.id, chain.id] = score
        maps = (
            {}
            if not kept
            else {"score": rng.random(evidence.shape, np.float32), "evidence": evidence, "evidence_corrected": evidence}
        )
        results[chain.id, "patch"] = AttackResult(score, maps)
        results[chain.id, "loss"] = AttackResult(score - 1, {"loss": maps["score"]} if kept else {})
        results |= {(chain.id, entry.id): AttackResult(score + 1, {}) for entry in spec.attacks[2:]}
        counts[chain.id] = np.diag(rng.integers(1, 50, classes)).astype(np.int64)
    label = sha256_of_file(Path(row.label_path))
    return ImageResult(row.id, sha256_of_file(Path(row.path)), label, 1, results, counts)
