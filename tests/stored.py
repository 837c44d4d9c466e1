"""Rows and results for tests of audit folders."""

import numpy as np

from core.attacks.base import AttackResult
from core.audit.store import ImageResult, ImageRow
from core.data.samples import Role


def row(number, **changes):
    values = {"id": number, "role": Role.MEMBER, "entry": 0, "key": f"{number}.png", "path": f"/x/{number}.png"}
    return ImageRow(**values | {"height": 4, "width": 6, "group": "a"} | changes)


def result(image=0, seed=0):
    rng = np.random.default_rng(seed)
    maps = {"score": rng.normal(size=(4, 6)).astype(np.float32)}
    maps["score"][0, 0] = np.nan
    found = AttackResult(1.25, maps, rng.normal(size=(3, 3)).astype(np.float32))
    counts = rng.integers(0, 2**40, (5, 5))
    return ImageResult(image, "ab" * 32, None, 2, {("none", "patch"): found, ("none", "loss"): "why"}, {"none": counts})
