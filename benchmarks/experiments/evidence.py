"""Attacks calibrated by reference models, in two regimes: overfitted targets, and targets trained so that they are not.

Targets on P and Q, each judged with the other's images. Everything of the attacker's is made of R and S: four models,
which are shadows and references at once, attack networks, and combiners of scores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.experiments.cells import Cell
from benchmarks.experiments.folds import MIXED, OPPOSITE, SHADOWS, TARGETS
from benchmarks.experiments.judge import REFERENCE
from benchmarks.experiments.recipes import Recipes, Study, Table
from core.attacks.views import MOST
from core.defenses.chain import Chain

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
    "epochs": 3,
    "learning_rate": 2e-4,
    "weight_decay": 1e-2,
}
"""Well trained: from procedural scenes, crops, few small steps; so the mIoU of members and non-members is at most 5
points apart (PSPNet, seed 0: 6.5 after 5 epochs at 3e-4, 5.4 after 3, 4.7 after 3 at 2e-4)."""

LEARNED_RATIO: Table = {"name": "learned-ratio", "table": "table"}
RATIO: Sequence[Table] = (
    {"name": "loss"},
    {"name": "rmia"},
    LEARNED_RATIO,
    {"name": "rmia", "id": "rmia-views", "views": MOST},
    LEARNED_RATIO | {"id": "learned-ratio-views", "views": MOST},
    {"name": "combination", "id": "combination-ratio", "combiner": "ratio"},
)
PART, SEEDS_PART, RATIO_PART = "evidence", "evidence-seeds", "ratio"


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
    hardened
        Name of a defense in training -> how targets trained with it differ; "teacher" asks for the plain target.
    start
        The checkpoint they start from; None: from nothing.
    """

    name: str
    title: str
    label: str
    how: Table
    hardened: Mapping[str, "Hardened"]
    start: Cell | None = None


@dataclass(frozen=True)
class Hardened:
    """How the hardened targets of a regime are trained.

    Attributes
    ----------
    hardening
        As `HARDENINGS` reads it.
    how
        Changes to the training, in place of the regime's.
    start
        The checkpoint they start from.
    taught
        By the plain target of the same fold.
    """

    hardening: Table
    how: Table
    start: Cell | None = None
    taught: bool = False


def evidence(recipes: Recipes, regimes: Sequence[Regime], seeds: int) -> Iterator[Study]:
    """Each seed of each regime, then all seeds together, and beside them the hardened targets in the same way."""
    attackers = {regime.name: [_Attacker(recipes, regime, seed) for seed in range(seeds)] for regime in regimes}
    plain = {name: [attacker.plain() for attacker in those] for name, those in attackers.items()}
    for number in range(seeds):
        yield from (studies[number] for studies in plain.values())
    for name, studies in plain.items():
        yield together(studies, recipes.resamples)
        for hardening in attackers[name][0].regime.hardened:
            hardened = [attacker.hardened_alike(hardening) for attacker in attackers[name]]
            yield from hardened
            yield together(hardened, recipes.resamples)


def learned_ratio(recipes: Recipes, regimes: Sequence[Regime], seeds: int, table: Cell) -> Iterator[Study]:
    """The same targets and references, a table of half-supervised shadows, and a combiner that weighs it too."""
    for regime in regimes:
        attackers = [_Attacker(recipes, regime, seed) for seed in range(seeds)]
        for hardening in ("", *(name for name, wanted in regime.hardened.items() if wanted.taught)):
            studies = [attacker.by_table(table, hardening) for attacker in attackers]
            yield from studies
            yield together(studies, recipes.resamples)


def together(studies: Sequence[Study], resamples: int) -> Study:
    """The same study with all seeds; blocks are drawn once for all of them."""
    first = studies[0]
    audits = {f"{fold}{seed}": audit for seed, study in enumerate(studies) for fold, audit in study.audits.items()}
    name = first.name.removesuffix("-seed0")
    title = f"{first.title.removesuffix(', seed 0')}, {len(studies)} seeds"
    part = PART if first.part == SEEDS_PART else first.part
    return replace(first, name=name, part=part, title=title, rows=rows_beside_loss(name, audits, resamples), audits={})


def rows_beside_loss(name: str, audits: Mapping[str, Cell], resamples: int) -> Cell:
    settings = {"evaluations": {part: [] for part in audits}, "resamples": resamples, "compare": "ratios"}
    return Cell("rows", name, settings, audits)


def label_of(regime: Regime, seed: int) -> str:
    """What the names of its models' cells begin with."""
    return f"{regime.label}-seed{seed}" if seed else regime.label


def model_of(recipes: Recipes, regime: Regime, seed: int, fold: str) -> Cell:
    """A plain model of a regime."""
    start = _needs(start=regime.start)
    return recipes.model(fold, label_of(regime, seed), seed=seed, needs=start, **regime.how)


class _Attacker:
    """The attacker's models, networks and combiners; all targets of a regime and seed are attacked with the same."""

    def __init__(self, recipes: Recipes, regime: Regime, seed: int) -> None:
        self.recipes = recipes
        self.regime = regime
        self.seed = seed
        self.name = f"{regime.name}-seed{seed}"
        self.label = label_of(regime, seed)
        self.models = {fold: self.model(fold) for fold in ATTACKERS}
        self.references = {f"{REFERENCE}{fold}": model for fold, model in self.models.items()}
        self.patch = self._network("slm")
        self.beside = {
            "pair": self._network("slm-pair"),
            "combiner": self._combiner("combiner", PLAIN, NONE),
            "labels": self._combiner("labels", LABEL_ONLY, ARGMAX),
            **self.references,
        }

    def model(self, fold: str) -> Cell:
        """A plain model of the regime."""
        return model_of(self.recipes, self.regime, self.seed, fold)

    def hardened(self, name: str, fold: str) -> Cell:
        """A target trained with a defense."""
        wanted = self.regime.hardened[name]
        return self.recipes.model(
            fold,
            f"{self.label}-{name}",
            seed=self.seed,
            hardening=wanted.hardening,
            needs=_needs(start=wanted.start, teacher=self.model(fold) if wanted.taught else None),
            **wanted.how,
        )

    def plain(self) -> Study:
        """The study of its plain targets under every output defense."""
        title = f"{self.regime.title}, seed {self.seed}"
        return self._study(self.name, SEEDS_PART, title, {fold: self.model(fold) for fold in TARGETS}, OUTPUTS)

    def by_table(self, table: Cell, hardening: str = "") -> Study:
        """A study of its plain or hardened targets, judged by what needs no attack network."""
        made = f"-{hardening}" if hardening else ""
        name = f"ratio-{self.regime.name}{made}-seed{self.seed}"
        title = f"{self.regime.title}{made.replace('-', ', ', 1)}, seed {self.seed}"
        targets = {fold: self.hardened(hardening, fold) if hardening else self.model(fold) for fold in TARGETS}
        beside = {"table": table, "ratio": self._combiner("ratio", (*PLAIN, LEARNED_RATIO), NONE, table=table)}
        beside |= self.references
        audits = {f: self.recipes.audit(name, t, f, None, (NONE,), RATIO, beside) for f, t in targets.items()}
        rows = rows_beside_loss(name, audits, self.recipes.resamples)
        ids = tuple(str(a.get("id", a["name"])) for a in RATIO)
        return Study(name, RATIO_PART, title, rows, audits, {"none": "none"}, ids)

    def hardened_alike(self, name: str) -> Study:
        """The study of its targets hardened in one way."""
        title = f"{self.regime.title}, {name}, seed {self.seed}"
        targets = {fold: self.hardened(name, fold) for fold in TARGETS}
        return self._study(f"{self.regime.name}-{name}-seed{self.seed}", PART, title, targets, (NONE,))

    def _study(self, name: str, part: str, title: str, targets: Mapping[str, Cell], defenses: Sequence[Table]) -> Study:
        attacks = (*PLAIN, *LEARNED)
        audits = {
            fold: self.recipes.audit(name, target, fold, self.patch, defenses, attacks, self.beside)
            for fold, target in targets.items()
        }
        chains = [Chain.parse(table) for table in defenses]
        ids = tuple(str(a.get("id", a["name"])) for a in attacks)
        rows = rows_beside_loss(name, audits, self.recipes.resamples)
        return Study(name, part, title, rows, audits, {c.id: c.describe() for c in chains}, ids)

    def _network(self, representation: str) -> Cell:
        settings = {
            "training": self.recipes.attack | {"representation": representation, "seed": self.seed},
            "defense": NONE,
            "exchange": {fold: EXCHANGE[fold] for fold in ATTACKERS},
        }
        return Cell("network", f"{representation}-{self.name}", settings, self.models)

    def _combiner(self, name: str, attacks: Sequence[Table], defense: Table, **files: Cell) -> Cell:
        settings = {
            "attacks": list(attacks),
            "defense": defense,
            "exchange": {fold: EXCHANGE[fold] for fold in ATTACKERS},
        }
        return Cell("combiner", f"{name}-{self.name}", settings, {**self.models, **files})


def _needs(**cells: Cell | None) -> dict[str, Cell]:
    return {part: cell for part, cell in cells.items() if cell is not None}


def well_trained(regime: Regime, start: Cell) -> Regime:
    """The same architecture, trained so that it does not overfit; its distilled targets too."""
    name = regime.name.replace("overfitted", "well-trained")
    how = regime.how | AFTER_SCENES
    hardened = {k: replace(h, how=how, start=start) if h.taught else h for k, h in regime.hardened.items()}
    title = regime.title.replace("overfitted", "well trained")
    return replace(regime, name=name, title=title, label=name, how=how, hardened=hardened, start=start)
