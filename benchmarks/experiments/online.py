"""References that have seen the images under audit: what an auditor can train who has all of them.

The strongest attacks of the field ask, image by image, whether the target behaves as models do that were trained on it
or as models that were not (Carlini et al. 2022, Zarifzadeh et al. 2024). It takes no image but those under audit: each
reference is trained on a random half of members and non-members, whole blocks at a time.
"""

from collections.abc import Iterator, Sequence

from benchmarks.experiments.evidence import ARGMAX, NONE, Regime, model_of, rows_beside_loss, together
from benchmarks.experiments.folds import KNOWING, TARGETS
from benchmarks.experiments.judge import REFERENCE
from benchmarks.experiments.recipes import Recipes, Study, Table
from core.attacks.views import MOST

PART = "online"

RMIA: Table = {"name": "rmia"}
LIRA: Table = {"name": "lira"}
LABELS: Table = {"name": "correctness-difference"}
ONLINE: Table = {"mode": "online"}
PIXEL: Table = {"level": "pixel"}
VIEWS: Table = {"views": MOST}
ATTACKS: Sequence[Table] = (
    {"name": "loss"},
    RMIA | VIEWS | {"id": "rmia-offline-views"},
    RMIA | ONLINE | {"id": "rmia-online"},
    RMIA | ONLINE | VIEWS | {"id": "rmia-online-views"},
    LIRA | ONLINE | VIEWS | {"id": "lira-online-views"},
    LIRA | ONLINE | PIXEL | VIEWS | {"id": "lira-online-pixel-views"},
    {"name": "probability-difference"} | ONLINE | VIEWS | {"id": "probability-online-views"},
    LABELS | VIEWS | {"id": "correctness-offline-views"},
    LABELS | ONLINE | {"id": "correctness-online"},
    LABELS | ONLINE | VIEWS | {"id": "correctness-online-views"},
)


def online(recipes: Recipes, regimes: Sequence[Regime], seeds: int) -> Iterator[Study]:
    """Each seed of each regime, then all seeds together; and where well trained, with the other's references."""
    for regime in regimes:
        yield from _seeds(recipes, regime, regime, seeds)
    well = [regime for regime in regimes if regime.start is not None]
    for regime, other in zip(well, reversed(well), strict=True):
        yield from _seeds(recipes, regime, other, seeds)


def _seeds(recipes: Recipes, regime: Regime, other: Regime, seeds: int) -> Iterator[Study]:
    studies = [_study(recipes, regime, other, seed) for seed in range(seeds)]
    yield from studies
    yield together(studies, recipes.resamples)


def _study(recipes: Recipes, regime: Regime, other: Regime, seed: int) -> Study:
    """Targets of a regime, and references trained as those of another, or of the same."""
    targets = {fold: model_of(recipes, regime, seed, fold) for fold in TARGETS}
    references = {f"{REFERENCE}{fold}": model_of(recipes, other, seed, fold) for fold in KNOWING}
    by = "" if other is regime else f"-by-{other.name}"
    name = f"online-{regime.name}{by}-seed{seed}"
    title = f"{regime.title}, references {other.title}" if by else regime.title
    defenses = (NONE, ARGMAX)
    audits = {f: recipes.audit(name, t, f, None, defenses, ATTACKS, references) for f, t in targets.items()}
    ids = tuple(str(attack.get("id", attack["name"])) for attack in ATTACKS)
    rows = rows_beside_loss(name, audits, recipes.resamples)
    return Study(name, PART, f"{title}, seed {seed}", rows, audits, {"none": "none", "argmax": "argmax"}, ids)
