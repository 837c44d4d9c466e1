"""An audit folder written directly, without a target: what the window reads, in a moment."""

import sqlite3
from pathlib import Path

import numpy as np
from PIL import Image

from core.attacks.base import AttackResult
from core.audit.spec import parse_spec, write_spec
from core.audit.store import SPEC_NAME, AuditStore, ImageResult, ImageRow
from core.audit.summary import summarise, write_summary
from core.data.samples import Role

CHAINS = ("none", "argmax", "gauss-sigma0.3")
ATTACKS = ("loss", "confidence")


def spec_table(title):
    return {
        "name": title,
        "scheme": "cityscapes7",
        "target": {"path": "target.safetensors"},
        "images": [{"role": str(role), "path": f"{role}s"} for role in (Role.MEMBER, Role.NON_MEMBER)],
        "defenses": [{"name": "none"}, {"name": "argmax"}, {"name": "gauss", "sigma": 0.3}],
        "attacks": [{"name": name} for name in ATTACKS],
        "run": {"resamples": 100},
    }


def small_audit(folder: Path, *, title="Small", per_role=3, done=None, size=(24, 48)):
    """Write an audit of `per_role` members and as many non-members; `done`: how many images have results."""
    rng = np.random.default_rng(5)
    spec = parse_spec(spec_table(title), folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    rows = [_row(folder, rng, number, per_role, size) for number in range(2 * per_role)]
    with AuditStore.create(folder) as store:
        write_spec(spec, folder / SPEC_NAME)
        store.add_images(rows)
        for row in rows[:done]:
            store.write(_result(rng, row, size))
        if done is None:
            store.set_fact("finished", "2026-01-01T00:00:00+00:00")
            write_summary(folder, summarise(store, spec))
    return folder


def _row(folder, rng, number, per_role, size):
    role = Role.MEMBER if number < per_role else Role.NON_MEMBER
    path = folder.parent / f"{folder.stem}-images" / f"{number:02d}.png"
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(rng.integers(0, 255, (*size, 3), np.uint8)).save(path)
    return ImageRow(number + 1, role, int(role is not Role.MEMBER), path.name, str(path), height=size[0], width=size[1])


def _result(rng, row, size):
    score = 1.0 if row.role is Role.MEMBER else 0.0
    results = {
        (chain, attack): AttackResult(score + rng.normal(), {"loss": rng.random(size, np.float32)})
        for chain in CHAINS
        for attack in ATTACKS
    }
    counts = {chain: np.diag(rng.integers(1, 50, 7)).astype(np.int64) for chain in CHAINS}
    return ImageResult(row.id, "0" * 64, None, 1, results, counts)


def rows_of(folder, query):
    """What a query of its results finds."""
    connection = sqlite3.connect(folder / "results.sqlite")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def change(folder, statement, *values):
    """Change its results behind the program's back."""
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        connection.execute(statement, values)
    connection.close()
