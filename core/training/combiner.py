"""Fitting a combiner of attacks on shadow data alone."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.attacks.base import Attack
from core.attacks.combiner import CombinerCard, write_combiner
from core.attacks.shipped import is_short_name
from core.audit.references import AuditedReference
from core.defenses.chain import BETWEEN, Chain
from core.defenses.hardened import Hardened
from core.errors import AttackError, SpecError
from core.files import sha256_of_file
from core.progress import Progress
from core.training.attacked import AttackedShadows
from core.training.holdout import SOURCE, HeldOut, judge, split
from core.training.manifest import ShadowRecord, TrainingManifest, write_manifest
from core.training.settings import CombinerTraining
from core.training.shadows import Example, ShadowData
from core.versions import now, versions

FILES = ("network", "table")
"""Parameters of attacks that name a file."""

FEWEST = 10
"""Members and non-members that are learned from."""


@dataclass(frozen=True)
class CombinerResult:
    """A fitted combiner: its file, its card, and how it did on held-out shadow images."""

    path: Path
    card: CombinerCard
    held_out: HeldOut


def train_combiner(
    shadows: Sequence[ShadowData],
    attacks: Sequence[Attack],
    settings: CombinerTraining,
    out: Path,
    device: str = "cpu",
    *,
    references: Sequence[AuditedReference] = (),
    defenses: Sequence[Chain] = (),
    progress: Progress | None = None,
) -> CombinerResult:
    """Fit a combiner and write it, with the list of its images beside it.

    Each shadow stands for a target in turn; its references are those given and all other shadows, of which it is known
    what they were trained on. Nothing of an audited target is looked at.

    Parameters
    ----------
    shadows
        With their members and non-members. For attacks with references, four or more, so that each image has one that
        has not seen it, or references that have seen none.
    attacks
        What is combined; paths in them begin at the working folder.
    settings
        How to fit.
    out
        The combiner, a JSON file.
    device
        Where attack networks run.
    references
        Further models of the attacker's.
    defenses
        Fit on what is released under each of these chains; none: undefended.
    progress
        One step per image.

    Raises
    ------
    AttackError
        Too few images can be judged by all attacks; the message has the reason.
    SpecError
        A defense is another checkpoint.
    DataError, TargetError
        An image or a model cannot be used.
    """
    chains = tuple(defenses) or (Chain(),)
    if any(isinstance(chain.source, Hardened) for chain in chains):
        raise SpecError("A combiner cannot be fitted under a hardened target.", "Give that checkpoint as the shadow.")
    attacked = AttackedShadows(shadows, attacks, references, chains, settings.seed, device, progress or Progress())
    examples = list(attacked.examples())
    _check(examples, attacked.reasons)
    training, held = split(examples, settings.holdout, settings.seed)
    card = fitted(_matrix(training), _members(training), attacks, settings.strength)
    verdict = judge(held, [card.score(row) for row in _matrix(held)])
    card = replace(
        card,
        attacks=tuple(_table(attack, out) for attack in attacks),
        defense=BETWEEN.join(chain.describe() for chain in chains),
        trained_on=f"{_shadows(attacked)}: {_counts(examples)}",
        threshold=verdict.threshold,
        threshold_source=SOURCE if verdict.threshold is not None else "",
        extra={"references": len(references), "strength": settings.strength, **verdict.facts()},
    )
    write_combiner(out, card)
    write_manifest(out, _manifest(out, examples, attacked, settings))
    return CombinerResult(out, card, verdict)


def fitted(
    scores: npt.NDArray[np.float64], members: npt.NDArray[np.bool_], attacks: Sequence[Attack], strength: float
) -> CombinerCard:
    """Logistic regression with a squared penalty on standardised scores.

    Members and non-members weigh the same in all, however many there are of each.

    Parameters
    ----------
    scores
        `(n, K)`.
    members
        `(n,)`.
    attacks
        The K attacks.
    strength
        Factor of the penalty.
    """
    from sklearn.linear_model import LogisticRegression

    means, deviations = scores.mean(axis=0), scores.std(axis=0)
    deviations = np.where(deviations > 0, deviations, 1.0)
    model = LogisticRegression(C=1 / strength, class_weight="balanced", max_iter=10_000)
    model.fit((scores - means) / deviations, members)
    return CombinerCard(
        attacks=tuple({"name": attack.name, **attack.to_mapping()} for attack in attacks),
        means=tuple(means.tolist()),
        deviations=tuple(deviations.tolist()),
        weights=tuple(model.coef_[0].tolist()),
        intercept=float(model.intercept_[0]),
    )


def _matrix(examples: Sequence[Example]) -> npt.NDArray[np.float64]:
    return np.array([example.values.numpy() for example in examples], np.float64)


def _members(examples: Sequence[Example]) -> npt.NDArray[np.bool_]:
    return np.array([example.member for example in examples], bool)


def _shadows(attacked: AttackedShadows) -> str:
    count = len(attacked.models)
    return f"{count} shadow{'' if count == 1 else 's'}"


def _counts(examples: Sequence[Example]) -> str:
    members = sum(example.member for example in examples)
    return f"{members} members, {len(examples) - members} non-members"


def _check(examples: Sequence[Example], reasons: Counter[str]) -> None:
    members = sum(example.member for example in examples)
    if min(members, len(examples) - members) >= FEWEST:
        return
    why = f" Most often: {reasons.most_common(1)[0][0]}" if reasons else ""
    raise AttackError(
        f"Only {_counts(examples)} could be judged by every attack.{why}",
        f"At least {FEWEST} of each are needed; attacks with references take four shadows, or --reference.",
    )


def _table(attack: Attack, out: Path) -> dict[str, Any]:
    """An attack as a table whose paths begin at the combiner's folder."""
    table = {"name": attack.name, **attack.to_mapping()}
    for part in FILES:
        file = table.get(part)
        if file and not is_short_name(file):
            table[part] = Path(os.path.relpath(file, out.parent)).as_posix()
    return table


def _manifest(
    out: Path, examples: Sequence[Example], attacked: AttackedShadows, settings: CombinerTraining
) -> TrainingManifest:
    return TrainingManifest(
        kind="attack",
        checkpoint_sha256=sha256_of_file(out),
        members=tuple(dict.fromkeys(e.sha256 for e in examples if e.member)),
        non_members=tuple(dict.fromkeys(e.sha256 for e in examples if not e.member)),
        shadows=tuple(ShadowRecord(sha, tuple(sorted(attacked.members[sha]))) for sha in attacked.models),
        settings=settings.to_mapping(),
        versions=versions(),
        seed=settings.seed,
        created=now(),
    )
