"""Attacks calibrated by reference models, in two regimes: overfitted targets, and targets trained so that they are not.

Targets on P and Q, each judged with the other's images. Everything of the attacker's is made of R and S: four models,
which are shadows and references at once, attack networks, and combiners of scores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.experiments.cells import Cell
from benchmarks.experiments.folds import MIXED, OPPOSITE, SHADOWS
from benchmarks.experiments.judge import REFERENCE
from benchmarks.experiments.recipes import Recipes, Study, Table
from core.defenses.chain import Chain

TARGETS = ("P", "Q")
ATTACKERS = (*SHADOWS["P"], *MIXED)
EXCHANGE = OPPOSITE | dict(zip(MIXED, reversed(MIXED), strict=True))

NONE: Table = {"name": "none"}
ARGMAX: Table = {"name": "argmax"}
OUTPUTS: Sequence[Table] = (NONE, ARGMAX, {"name": "gauss", "sigma": 0.1})
LABEL_ONLY: Sequence[Table] = ({"name": "correctness"}, {"name": "correctness-difference"})
CALIBRATED: Sequence[Table] = (
    {"name": "loss-difference"},
    {"name": "probability-difference"},
    {"name": "lira"},
    {"name": "rmia"},
)
PLAIN: Sequence[Table] = ({"name": "loss"}, *LABEL_ONLY, *CALIBRATED)
"""What needs no training; the hand-made combiner weighs these."""

LEARNED: Sequence[Table] = (
    {"name": "patch", "id": "slm", "network": "patch"},
    {"name": "patch", "id": "slm-pair", "network": "pair"},
    {"name": "combination", "combiner": "combiner"},
    {"name": "combination", "id": "combination-labels", "combiner": "labels"},
)

AFTER_SCENES: Table = {
    "norm": "group",
    "augment": "flip-crop",
    "epochs": 5,
    "learning_rate": 3e-4,
    "weight_decay": 1e-2,
}
"""Well trained: from procedural scenes, crops, few epochs; members and non-members are to be at most 5 points apart."""


@dataclass(frozen=True)
class Regime:
    """One architecture trained in one way.

    Attributes
    ----------
    name
        Of the study.
    title
        Of its targets.
    label
        Of the models' cells.
    how
        Changes to the training of all its models.
    start
        The checkpoint they start from; None: from nothing.
    hardened
        Name of a defense in training -> targets trained with it, by fold.
    """

    name: str
    title: str
    label: str
    how: Table
    start: Cell | None = None
    hardened: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)


def evidence(recipes: Recipes, regimes: Sequence[Regime]) -> Iterator[Study]:
    """For each regime the study of its plain targets, then those of its hardened ones."""
    for regime in regimes:
        attacker = _Attacker(recipes, regime)
        targets = {fold: attacker.model(fold) for fold in TARGETS}
        plain = attacker.study(regime.name, regime.title, targets, OUTPUTS)
        yield plain
        for name, hardened in regime.hardened.items():
            yield attacker.study(f"{regime.name}-{name}", f"{regime.title}, {name}", hardened, (NONE,))


class _Attacker:
    """The attacker's models, networks and combiners; all targets of a regime are attacked with the same."""

    def __init__(self, recipes: Recipes, regime: Regime) -> None:
        self.recipes = recipes
        self.regime = regime
        self.models = {fold: self.model(fold) for fold in ATTACKERS}
        self.patch = self._network("slm")
        self.beside = {
            "pair": self._network("slm-pair"),
            "combiner": self._combiner("combiner", PLAIN, NONE),
            "labels": self._combiner("labels", LABEL_ONLY, ARGMAX),
            **{f"{REFERENCE}{fold}": model for fold, model in self.models.items()},
        }

    def model(self, fold: str) -> Cell:
        needs = {"start": self.regime.start} if self.regime.start else {}
        return self.recipes.model(fold, self.regime.label, needs=needs, **self.regime.how)

    def study(self, name: str, title: str, targets: Mapping[str, Cell], defenses: Sequence[Table]) -> Study:
        attacks = (*PLAIN, *LEARNED)
        audits = {
            fold: self.recipes.audit(name, target, fold, self.patch, defenses, attacks, self.beside)
            for fold, target in targets.items()
        }
        settings = {"evaluations": {fold: [] for fold in audits}, "resamples": self.recipes.resamples, "compare": "all"}
        chains = [Chain.parse(table) for table in defenses]
        ids = tuple(str(a.get("id", a["name"])) for a in attacks)
        rows = Cell("rows", name, settings, audits)
        return Study(name, "evidence", title, rows, audits, {c.id: c.describe() for c in chains}, ids)

    def _network(self, representation: str) -> Cell:
        settings = {
            "training": self.recipes.attack | {"representation": representation},
            "defense": NONE,
            "exchange": {fold: EXCHANGE[fold] for fold in ATTACKERS},
        }
        return Cell("network", f"{representation}-{self.regime.name}", settings, self.models)

    def _combiner(self, name: str, attacks: Sequence[Table], defense: Table) -> Cell:
        settings = {
            "attacks": list(attacks),
            "defense": defense,
            "exchange": {fold: EXCHANGE[fold] for fold in ATTACKERS},
        }
        return Cell("combiner", f"{name}-{self.regime.name}", settings, self.models)


def well_trained(regime: Regime, start: Cell) -> Regime:
    """The same architecture, trained so that it does not overfit; its hardened targets are left out."""
    name = regime.name.replace("overfitted", "well-trained")
    title = regime.title.replace("overfitted", "well trained")
    how = regime.how | AFTER_SCENES
    return replace(regime, name=name, title=title, label=name, how=how, start=start, hardened={})
