"""From parameters to cells: models, attack networks, audits, rows; and studies, the rows that belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.experiments.cells import GIVEN, Cell
from benchmarks.experiments.folds import HALVES, KNOWING, MIXED, NAMES, OPPOSITE, SHADOWS, Fold
from core.data.samples import Role
from core.defenses.chain import Chain
from core.files import sha256_of_file

Table = dict[str, Any]
PLAIN: Table = {"name": "none"}
"""No defense, and no hardening."""


@dataclass(frozen=True)
class Study:
    """Rows that are shown together: the same targets, defenses and attacks.

    Attributes
    ----------
    name
        For the command line.
    part
        The table it is shown in.
    title
        Target and attack network, for a person.
    rows
        Its last cell; None where something from outside is missing.
    audits
        Fold of the members -> audit.
    defenses
        Id of each defense -> what to call it.
    attacks
        Id of each attack.
    missing
        Why there is no cell.
    """

    name: str
    part: str
    title: str
    rows: Cell | None
    audits: Mapping[str, Cell]
    defenses: Mapping[str, str]
    attacks: tuple[str, ...]
    missing: str = ""


@dataclass(frozen=True)
class Recipes:
    """Makes cells.

    Attributes
    ----------
    folds
        The four folds.
    training
        How targets and shadows are trained, as `TargetTraining` reads it.
    attack
        How attack networks are trained, as `AttackTraining` reads it.
    resamples
        Of the bootstrap.
    """

    folds: Mapping[str, Fold]
    training: Table
    attack: Table
    resamples: int

    def images(self, fold: str) -> Table:
        """What says which images a fold has."""
        return {"fold": fold, "digest": self.folds[fold].digest}

    def model(
        self,
        fold: str,
        label: str,
        *,
        seed: int = 0,
        hardening: Table = PLAIN,
        references: str = "",
        needs: Mapping[str, Cell] | None = None,
        **changes: Any,
    ) -> Cell:
        """A target or shadow on a fold; `needs` may hold its "teacher" and the checkpoint it starts from, "start"."""
        training = self.training | changes | {"seed": 10 * seed + (*NAMES, *MIXED, *HALVES, *KNOWING).index(fold)}
        settings = {"training": training, "hardening": hardening, **self.images(fold)}
        if references:
            settings["references"] = self.images(references)
        return Cell("model", f"{label}-{fold}", settings, needs or {})

    def models(self, label: str, folds: Sequence[str] = NAMES, **how: Any) -> dict[str, Cell]:
        """The same on several folds."""
        return {fold: self.model(fold, label, **how) for fold in folds}

    def scenes_model(self, label: str, scenes: Table, **changes: Any) -> Cell:
        """A target on procedural scenes, for others to start from."""
        settings = {"training": self.training | changes | {"seed": 99}, "hardening": PLAIN, "scenes": scenes}
        return Cell("model", label, settings)

    def network(
        self, label: str, models: Mapping[str, Cell], exchange: Mapping[str, str], defense: Table = PLAIN, **how: Any
    ) -> Cell:
        """A network that learns from models; `exchange`: fold of a model's members -> fold of its non-members."""
        settings = {"training": self.attack | how, "defense": defense, "exchange": dict(exchange)}
        return Cell("network", f"{label}-{''.join(exchange)}", settings, {fold: models[fold] for fold in exchange})

    def networks(self, label: str, models: Mapping[str, Cell], defense: Table = PLAIN, **how: Any) -> dict[str, Cell]:
        """Target's fold -> the network that attacks it, of the models opposite; two where all are there."""
        pairs = dict.fromkeys(pair for pair in SHADOWS.values() if set(pair) <= models.keys())
        made = {
            pair: self.network(label, models, dict(zip(pair, reversed(pair), strict=True)), defense, **how)
            for pair in pairs
        }
        return {fold: made[SHADOWS[fold]] for fold in NAMES if SHADOWS[fold] in made}

    def given(self, file: Path) -> Cell:
        """An attack network made elsewhere."""
        return Cell(GIVEN, file.stem, {"sha256": sha256_of_file(file)}, file=file)

    def audit(
        self,
        label: str,
        target: Cell,
        fold: str,
        network: Cell | None,
        defenses: Sequence[Table],
        attacks: Sequence[Table],
        beside: Mapping[str, Cell] | None = None,
    ) -> Cell:
        """The target of a fold, judged with the fold opposite; attacks call the network "patch".

        `beside` are the attacker's other things: models, called "reference ...", and networks or combiners by the
        name that attacks call them.
        """
        sides = {str(Role.MEMBER): fold, str(Role.NON_MEMBER): OPPOSITE[fold]}
        settings = {
            "folds": sides,
            "images": [self.folds[f].digest for f in sides.values()],
            "defenses": list(defenses),
            "attacks": list(attacks),
        }
        needs = {"target": target} | ({"patch": network} if network else {})
        return Cell("audit", f"{label}-{fold}", settings, {**needs, **(beside or {})})

    def study(
        self,
        name: str,
        part: str,
        title: str,
        targets: Mapping[str, Cell],
        networks: Mapping[str, Cell],
        defenses: Sequence[Table],
        attacks: Sequence[Table],
        plain: Mapping[str, Cell] | None = None,
    ) -> Study:
        """Audits of targets, each with the network of its fold, and rows of them together.

        `plain` are audits of undefended models, fold by fold, for the thresholds of attacks without a network where
        the shadows are not among the targets.
        """
        audits = {f: self.audit(name, t, f, networks[f], defenses, attacks) for f, t in targets.items()}
        rows = rows_of(name, [audits], plain or audits, self.resamples)
        chains = [Chain.parse(table) for table in defenses]
        ids = tuple(str(a.get("id", a["name"])) for a in attacks)
        return Study(name, part, title, rows, audits, {c.id: c.describe() for c in chains}, ids)


def rows_of(name: str, rounds: Sequence[Mapping[str, Cell]], plain: Mapping[str, Cell], resamples: int) -> Cell:
    """The rows of one or more rounds of audits, a round being audits of different folds."""
    needs: dict[str, Cell] = {}
    evaluations: dict[str, list[str]] = {}
    for number, audits in enumerate(rounds):
        reference = audits if set(NAMES) <= audits.keys() else plain
        for fold, audit in audits.items():
            shadows = {f"shadow {s} of {number}": reference[s] for s in SHADOWS[fold] if s in reference}
            needs |= {f"{fold}{number}": audit, **shadows}
            evaluations[f"{fold}{number}"] = list(shadows)
    return Cell("rows", name, {"evaluations": evaluations, "resamples": resamples}, needs)
