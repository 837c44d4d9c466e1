"""Fitting a table of evidence to half-supervised shadows.

Blocks that taught a shadow are told from blocks of the same images that did not. No scene, no class and no easy image
tells these apart, only memory does.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.attacks.reference.ratio_table import RatioTable, write_table
from core.audit.references import AuditedReference
from core.errors import AttackError
from core.files import sha256_of_file
from core.progress import Progress
from core.randomness import generator
from core.training.manifest import ShadowRecord, TrainingManifest, write_manifest
from core.training.settings import RatioTraining
from core.training.shadows import ShadowData
from core.training.taught import Shown, Taught
from core.versions import now, versions

KNOTS = (-5.0, -2.0, 0.0, 2.0, 5.0)
"""Log odds of the table; with seven knots blocks of CamVid were told apart less well."""

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
"""On differences between neighbouring cells; one of them is chosen."""

ROUNDS = 5
FEWEST = 10
"""Images that are learned from."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RatioResult:
    """A fitted table: its file, itself, and its AUC within images that were kept from the fit, 0 to 1."""

    path: Path
    table: RatioTable
    auc: float


def train_ratio(
    shadows: Sequence[ShadowData],
    settings: RatioTraining,
    out: Path,
    *,
    references: Sequence[AuditedReference] = (),
    progress: Progress | None = None,
) -> RatioResult:
    """Fit a table and write it, with the list of its images beside it.

    Parameters
    ----------
    shadows
        Trained half-supervised. Their members are looked at.
    settings
        How to fit.
    out
        The table, a JSON file.
    references
        Models of the attacker's; without any, the shadows that have not seen an image are its references.
    progress
        One step per image.

    Raises
    ------
    DataError, TargetError
        A shadow was not trained half-supervised; an image or a model cannot be used.
    AttackError
        Too few images have a reference that has not seen them.
    """
    learned: dict[str, list[Taught]] = defaultdict(list)
    for model, example in Shown(shadows, references, KNOTS).examples(progress or Progress()):
        learned[model].append(example)
    examples = [example for those in learned.values() for example in those]
    if len(examples) < FEWEST:
        raise AttackError(
            f"Only {len(examples)} images have a reference that has not seen them.",
            f"At least {FEWEST} are needed: give two shadows or more of different images, or --reference.",
        )
    penalties = (settings.smoothness,) if settings.smoothness else PENALTIES
    tried = {p: held_out(examples, p, settings.seed) for p in penalties}
    penalty = max(tried, key=lambda p: tried[p])
    table = RatioTable(
        KNOTS,
        tuple(tuple(row) for row in fitted(examples, penalty).reshape(len(KNOTS), -1).tolist()),
        f"{len(learned)} half-supervised shadows: {len(examples)} members",
        {"auc_within_images": tried[penalty], "smoothness": penalty, "references": len(references)},
    )
    write_table(out, table)
    write_manifest(out, _manifest(out, learned, settings))
    return RatioResult(out, table, tried[penalty])


def held_out(examples: Sequence[Taught], penalty: float, seed: int) -> float:
    """Mean AUC within images by tables fitted to other groups of images, 0 to 1; NaN with one group."""
    groups = sorted({example.group for example in examples})
    order = generator(seed, "ratio", "groups").permutation(len(groups))
    part = {groups[place]: number % ROUNDS for number, place in enumerate(order)}
    found: list[float] = []
    for number in range(min(ROUNDS, len(groups))):
        kept = [example for example in examples if part[example.group] == number]
        others = [example for example in examples if part[example.group] != number]
        if others:
            values = fitted(others, penalty)
            found += [example.within(values) for example in kept]
    return float(np.nanmean(found)) if found else float("nan")


def fitted(examples: Sequence[Taught], penalty: float) -> Array:
    """A table's values `(K,)`: logistic regression that tells the blocks of an image apart.

    Each image is centred, for blocks are held against others of their own image. Neighbouring cells are drawn together:
    half of `penalty` times the sum of their squared differences is added to the sum of the blocks' log losses.
    """
    from scipy.optimize import minimize

    rows = np.concatenate([example.means[example.known] for example in examples])
    centred = np.concatenate([_centred(example.means[example.known]) for example in examples])
    taught = np.concatenate([example.trained[example.known] for example in examples]).astype(np.float64)
    count = centred.shape[1]
    rough = penalty * _roughness(round(count**0.5)) + 1e-6 * np.eye(count)

    def objective(weights: Array) -> tuple[float, Array]:
        values, intercept = weights[:-1], weights[-1]
        odds = centred @ values + intercept
        wrong = 1 / (1 + np.exp(-np.clip(odds, -500, 500))) - taught
        loss = np.logaddexp(0, odds).sum() - taught @ odds + 0.5 * values @ rough @ values
        return float(loss), np.append(centred.T @ wrong + rough @ values, wrong.sum())

    found = minimize(objective, np.zeros(count + 1), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    values = found.x[:-1]
    return np.asarray(values - rows.mean(axis=0) @ values)


def _centred(means: Array) -> Array:
    return np.asarray(means - means.mean(axis=0))


def _roughness(side: int) -> Array:
    """The matrix `(K, K)` of the sum of squared differences between neighbours in a square of `side` cells."""
    cells = np.eye(side * side).reshape(side, side, -1)
    steps = np.concatenate([np.diff(cells, axis=axis).reshape(-1, side * side) for axis in (0, 1)])
    return np.asarray(steps.T @ steps)


def _manifest(out: Path, learned: Mapping[str, Sequence[Taught]], settings: RatioTraining) -> TrainingManifest:
    members = {model: tuple(example.sha256 for example in examples) for model, examples in learned.items()}
    return TrainingManifest(
        kind="attack",
        checkpoint_sha256=sha256_of_file(out),
        members=tuple(dict.fromkeys(sha for those in members.values() for sha in those)),
        shadows=tuple(ShadowRecord(model, tuple(sorted(those))) for model, those in members.items()),
        settings=settings.to_mapping(),
        versions=versions(),
        seed=settings.seed,
        created=now(),
    )
