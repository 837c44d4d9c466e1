"""(a) One fully convolutional pass against sliding the same attack network window by window."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.prepared import Seen, observed, opened, read
from benchmarks.tables import Cell, Table
from benchmarks.timing import median, rounds, settle
from core.attacks import dense
from core.attacks.base import AttackResult
from core.attacks.networks import AttackCard, LoadedNetwork, build_network, load_attack
from core.attacks.padding import padded
from core.attacks.patch import cropped_result, dense_result
from core.attacks.representations import REPRESENTATIONS
from core.audit.spec import read_spec
from core.data.samples import Role
from core.metrics.intervals import bootstrap_difference
from core.metrics.roc import auc, roc_curve

MAP = (128, 256)
PATCH = 90
PLACES = dense.window_places(
    (dense.cells(MAP[0]) - dense.cells(PATCH) + 1, dense.cells(MAP[1]) - dense.cells(PATCH) + 1)
)
BATCH = 64
"""Windows per pass where they are not run one by one; the audit's default."""

SIDES = (Role.MEMBER, Role.NON_MEMBER)

NETWORKS = (
    ("resnet50, the paper's", {"architecture": "resnet50"}),
    ("resnet18, half width", {"architecture": "resnet18", "arguments": {"width": 0.5}}),
    ("small", {"architecture": "small"}),
)


def measure(audit: Path, device: str, repeats: int, per_role: int) -> list[Table]:
    """Speed on random weights, and agreement with the attack networks beside the spec `audit`."""
    return [speed(device, repeats), agreement(audit, device, per_role)]


def speed(device: str, repeats: int) -> Table:
    """Seconds for one map."""
    rows = [_speed_row(name, AttackCard(representation="slm", **card), device, repeats) for name, card in NETWORKS]
    return Table(
        f"(a) One {MAP[0]}x{MAP[1]} map, windows of {PATCH}x{PATCH}: seconds",
        (
            "attack network",
            "dense pass",
            "stride 8 singly",
            "ratio",
            f"stride 8, {BATCH} at once",
            "ratio",
            "stride 1 singly (estimated)",
            "ratio",
        ),
        rows,
        (
            f"Stride 8 is {_count(8)} windows, the same that the dense pass judges.",
            f"Stride 1 is {_count(1)} windows at the time of one at stride 8.",
            "All ways draw their maps. Weights are random: they do not change the time.",
        ),
    )


def _count(stride: int) -> int:
    rows, cols = ((side - PATCH) // stride + 1 for side in MAP)
    return rows * cols


def _speed_row(name: str, card: AttackCard, device: str, repeats: int) -> list[Cell]:
    torch.manual_seed(0)
    network = build_network(card).eval().requires_grad_(False).to(device)
    loaded = LoadedNetwork(network, card, "", device)
    values = np.random.default_rng(0).exponential(0.5, (1, *MAP)).astype(np.float32)
    times = rounds(
        {
            "dense": _settled(device, lambda: dense_result(values, loaded, MAP)),
            "single": _settled(device, lambda: cropped_result(values, PLACES, loaded, MAP, 1)),
            "batched": _settled(device, lambda: cropped_result(values, PLACES, loaded, MAP, BATCH)),
        },
        repeats,
    )
    fast, single, batched = (median(times, way) for way in ("dense", "single", "batched"))
    fine = single * _count(1) / _count(8)
    return [name, fast, single, single / fast, batched, batched / fast, fine, fine / fast]


def _settled(device: str, work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        work()
        settle(device)

    return run


# ---------------------------------------------------------------- agreement


def agreement(audit: Path, device: str, per_role: int) -> Table:
    """AUC of both ways on the images of an audit, for every attack network in its folder."""
    spec = read_spec(audit)
    target = opened(spec, device)
    seen = observed(target, read(spec, target, per_role))
    networks = sorted(path for path in audit.parent.glob("attack*.safetensors"))
    rows = [_agreement_row(path, seen, device) for path in networks]
    counts = {role: sum(s.role is role for s in seen) for role in SIDES}
    return Table(
        f"(a) AUC of image scores, dense against cropped windows at stride 8: {spec.name}",
        (
            "attack network",
            "AUC dense",
            "AUC cropped",
            "difference",
            "95 % interval",
            "score corr.",
            "margin corr.",
        ),
        rows,
        (
            f"{counts[Role.MEMBER]} members, {counts[Role.NON_MEMBER]} non-members, no defense.",
            "The interval is from a paired bootstrap over images, or over groups where there are any.",
            "Correlations are Pearson's: of image scores, and of an image's window margins (mean over the images).",
        ),
    )


def _agreement_row(path: Path, seen: Sequence[Seen], device: str) -> list[Cell]:
    loaded = load_attack(path, device)
    pairs = [_both(s, loaded) for s in seen]
    scores = [np.array([pair[way].score for pair in pairs]) for way in (0, 1)]
    dense_sides, cropped_sides = (_sides(way, seen) for way in scores)
    first, second = (float(auc(roc_curve(*sides))) for sides in (dense_sides, cropped_sides))
    groups = [[s.group for s in seen if s.role is role] for role in SIDES]
    interval = bootstrap_difference(auc, dense_sides, cropped_sides, groups[0], groups[1])
    within = np.mean([_correlation(_windows(fast)[:, 2], _windows(slow)[:, 2]) for fast, slow in pairs])
    return [
        path.stem.removeprefix("attack-"),
        f"{first:.3f}",
        f"{second:.3f}",
        f"{first - second:+.3f}",
        "" if interval is None else f"{interval.low:+.3f} to {interval.high:+.3f}",
        f"{_correlation(*scores):.3f}",
        f"{within:.2f}",
    ]


def _both(seen: Seen, loaded: LoadedNetwork) -> tuple[AttackResult, AttackResult]:
    """One image by the dense pass, and by cutting out and running the windows that the dense pass judges."""
    patch = loaded.card.patch
    values = REPRESENTATIONS.get(loaded.card.representation)().of(seen.observation)
    shape = (values.shape[1], values.shape[2])
    values = padded(values, patch)
    fast = dense_result(values, loaded, shape)
    windows = _windows(fast)
    # A last window may reach one point beyond the map, on the dense pass' own padding: it cannot be cut out.
    windows = windows[(windows[:, :2] + patch <= values.shape[1:]).all(axis=1)]
    places = windows[:, :2].astype(np.int64)
    return replace(fast, windows=windows), cropped_result(values, places, loaded, shape, BATCH)


def _windows(result: AttackResult) -> npt.NDArray[np.float32]:
    assert result.windows is not None
    return result.windows


def _sides(
    scores: npt.NDArray[np.float64], seen: Sequence[Seen]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Scores of members and of non-members."""
    members, others = (scores[[s.role is role for s in seen]] for role in SIDES)
    return members, others


def _correlation(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    return float(np.corrcoef(a, b)[0, 1])
