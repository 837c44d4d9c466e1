"""A small finished audit to compare, written without running any model: every map is known to the tests."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tomli_w
from PIL import Image

from core.attacks.base import AttackResult
from core.audit.spec import read_spec, write_spec
from core.audit.store import AuditStore, ImageResult, ImageRow
from core.data.samples import Role
from core.grid import Grid
from gui.document import AuditDocument
from tests.world import write_scheme

CHAINS = ("none", "argmax", "gauss-sigma0.3")
ROLES = (Role.MEMBER, Role.NON_MEMBER, Role.NON_MEMBER, Role.SUSPECT)
FOLDERS = {Role.MEMBER: "members", Role.NON_MEMBER: "non-members", Role.SUSPECT: "suspects"}
PATCH = 90


@dataclass
class CompareWorld:
    """`images`, `labels` by image id; `maps[image, chain]` has score, evidence and loss `(h, w)`; `scores` likewise."""

    folder: Path
    size: tuple
    images: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)
    maps: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)

    def open(self):
        return AuditDocument.open(self.folder / "small.segleak")


def spec_table():
    return {
        "name": "small",
        "scheme": "scheme.toml",
        "target": {"path": "target.safetensors"},
        "images": [{"role": str(role), "path": path} for role, path in FOLDERS.items()],
        "defenses": [{"name": "none"}, {"name": "argmax"}, {"name": "gauss", "sigma": 0.3}],
        "attacks": [
            {"name": "patch", "network": "attack.safetensors", "primary": True, "sampler": "random"},
            {"name": "loss"},
        ],
    }


def make_compare_world(folder, street_like, size=(256, 512), images=4):
    """An audit of `images` images of `size`; their roles repeat `ROLES`, image 3 has no label map."""
    world = CompareWorld(folder, size)
    write_scheme(folder / "scheme.toml")
    (folder / "spec.toml").write_text(tomli_w.dumps(spec_table()), "utf-8")
    store = AuditStore.create(folder / "small.segleak")
    with store:
        write_spec(read_spec(folder / "spec.toml"), store.folder / "audit.toml")
        rows = [_image(world, street_like, i, ROLES[i % len(ROLES)]) for i in range(images)]
        store.add_images(rows)
        store.set_fact("attack_networks", {"patch": {"card": {"patch": PATCH}}})
        store.set_fact("classes", {"scheme": "streets4", "names": ["sky", "building", "road", "car"]})
        for row in rows:
            store.write(ImageResult(row.id, f"{row.id:064d}", None, 1, _results(world, row.id)))
    return world


def _image(world, street_like, i, role):
    folder = world.folder / FOLDERS[role]
    folder.mkdir(exist_ok=True)
    image, label = street_like(world.size, 40 + i)
    path, label_path = folder / f"{i:03d}.png", folder / f"{i:03d}_mask.png"
    Image.fromarray(image).save(path)
    world.images[i] = image
    if i != 3:
        Image.fromarray(label).save(label_path)
        world.labels[i] = label
    entry = list(FOLDERS).index(role)
    return ImageRow(
        i,
        role,
        entry,
        path.name,
        str(path),
        str(label_path) if i != 3 else None,
        height=world.size[0],
        width=world.size[1],
    )


def _results(world, i):
    results = {}
    for place, chain in enumerate(CHAINS):
        rng = np.random.default_rng(100 * i + place)
        shape = Grid.of(world.size).shape
        evidence = rng.normal(0, 1e-3, shape).astype(np.float32)
        score = float(evidence.sum(dtype=np.float64))
        maps = {
            "score": rng.random(shape, np.float32),
            "evidence": evidence,
            "evidence_corrected": rng.normal(0, 2, shape).astype(np.float32),
        }
        windows = np.array([[0, 0, 1.5], [38, 10, -0.5]], np.float32)
        results[chain, "patch"] = AttackResult(score, maps, windows)
        loss = rng.exponential(1, shape).astype(np.float32)
        loss[-2:] = np.nan
        if i in world.labels:
            results[chain, "loss"] = AttackResult(-float(np.nanmean(loss)), {"loss": loss})
            maps = maps | {"loss": loss}
        else:
            results[chain, "loss"] = "needs a label map"
        world.maps[i, chain], world.scores[i, chain] = maps, score
    return results
