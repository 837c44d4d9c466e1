"""Maps of references that learned from half of the blocks of every image: each block is asked about by itself.

    python -m benchmarks.pixel_truth.knowing --data CAMVID --out FOLDER

Two targets, on every fourth frame of P and of Q; eight references on all of these frames, in pairs that exchange their
halves of each image; beside them the maps of two references on other frames. Trains what is missing in FOLDER, and
keeps FOLDER/knowing-NAME.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from benchmarks.experiments.cells import Workshop
from benchmarks.experiments.folds import NAMES, split
from benchmarks.experiments.run import MAKERS
from benchmarks.pixel_truth.asking import parser_of
from benchmarks.pixel_truth.composites import auc_of
from benchmarks.pixel_truth.knowing_models import Judged, Models
from benchmarks.pixel_truth.plan import EVERYWHERE, KNOWING, TARGET_FOLD, UNSEEN_FOLD, Parameters, everywhere, thinned
from benchmarks.pixel_truth.resampled import Draws, estimate
from benchmarks.tables import Cell, Table, keep, show
from benchmarks.timing import environment
from core.attacks.base import VOID, Attack, AttackContext, Observation, Scorer
from core.attacks.baselines.loss import GlobalLoss
from core.attacks.reference.difference import CorrectnessDifference, LossDifference, ProbabilityDifference
from core.attacks.reference.learned_ratio import LearnedRatio
from core.attacks.reference.lira import LiRA
from core.attacks.reference.log_ratio import LogRatio
from core.attacks.reference.rmia import RMIA
from core.audit.device import pick_device

LOSS = GlobalLoss()
OUTSIDE: Sequence[Attack] = (LogRatio(), RMIA(), LearnedRatio(), LossDifference(), LiRA())
ONLINE: Mapping[str, str] = {"mode": "online"}
INSIDE: Sequence[Attack] = (
    LogRatio(mode="online"),
    RMIA(mode="online", level="pixel"),
    LiRA(mode="online", level="pixel"),
    LossDifference(mode="online"),
    ProbabilityDifference(mode="online"),
    CorrectnessDifference(mode="online"),
)
COUNTS = (2, 4, 8)
"""Of references inside, for the first of these."""

MAPS = ("map", "references", "within image", "low", "high", "gain on loss", "low", "high", "pixels", "low", "high")
SCORES = ("attack", "references", "AUC", "low", "high")
OTHER = "2, other frames"
HALVES = "{}, halves"
ALL_HALVES = HALVES.format(KNOWING)
Key = tuple[str, str]
"""Name of an attack, and which references it asked."""


def main() -> None:
    """Train what is missing, measure, print and keep."""
    args = parser_of("knowing", __doc__, thinned="targets and references: every Nth frame").parse_args()
    torch.set_num_threads(args.threads)
    parameters, device = Parameters(every=args.every), pick_device(args.device)
    folds = split(args.data, parameters.block, parameters.gap)
    few = thinned(folds, args.every, NAMES)
    few |= {EVERYWHERE: everywhere(few)}
    whole, thin = (Workshop(args.out, args.data, each, MAKERS, device) for each in (folds, few))
    for name in args.architecture:
        models = Models(whole, thin, parameters, name)
        both = (TARGET_FOLD, UNSEEN_FOLD)
        asked = {(target, fold): models.asked(target, fold) for target in both for fold in both}
        members = [asked[fold, fold] for fold in both]
        others = [asked[fold, other] for fold, other in zip(both, reversed(both), strict=True)]
        tables = [maps_table(name, [image for side in members for image in side]), scores_table(name, members, others)]
        for table in tables:
            show(table)
        keep(tables, environment(device), args.out / f"knowing-{name}.json")


def _asked(image: Judged) -> list[tuple[Key, Attack, Observation]]:
    """Every attack and what it is shown."""
    inside = image.inside.references
    found = [((attack.name, OTHER), attack, image.outside) for attack in OUTSIDE]
    found += [((attack.name, HALVES.format(len(inside))), attack, image.inside) for attack in INSIDE]
    for count in COUNTS:
        if count < len(inside):
            fewer = replace(image.inside, references=inside[:count])
            found.append(((INSIDE[0].name, HALVES.format(count)), INSIDE[0], fewer))
    return [((LOSS.name, ""), LOSS, image.outside), *found]


class _Results:
    """Scores and maps of every attack."""

    def __init__(self) -> None:
        self._started: dict[Attack, Scorer] = {}

    def of(self, image: Judged) -> dict[Key, tuple[float, np.ndarray]]:
        """Image score and map, where void NaN."""
        found = {}
        for key, attack, seen in _asked(image):
            scorer = self._started.setdefault(attack, attack.start(AttackContext()))
            (result,) = scorer([seen])
            (shown,) = result.maps.values()
            assert seen.label is not None
            found[key] = result.score, np.where(seen.label == VOID, np.nan, (attack.map_sign or 1) * shown)
        return found


def maps_table(title: str, members: Sequence[Judged]) -> Table:
    """Whether every map ranks blocks of members that taught above those that did not."""
    results, draws = _Results(), Draws.of([image.group for image in members])
    columns: dict[Key, list[tuple[float, float]]] = {}
    for image in members:
        for key, (_, shown) in results.of(image).items():
            block = auc_of(image.blocks.means(shown), image.blocks.trained)
            columns.setdefault(key, []).append((block, auc_of(shown, image.blocks.mask)))
    values = {key: np.array(column).T for key, column in columns.items()}
    loss = values[LOSS.name, ""][0]
    rows: list[tuple[Cell, ...]] = [
        (*key, *(x for kind in (block, block - loss, pixel) for x in estimate(draws.means(kind))))
        for key, (block, pixel) in values.items()
    ]
    rows.sort(key=lambda row: -float(row[2]))
    notes = (
        "AUC of telling blocks (then pixels) that taught from others within an image. Halves: references that learned "
        "from half of the blocks of every image, asked online. 95 % intervals, blocks of frames resampled.",
    )
    return Table(f"Blocks of 64 pixels that taught, {title}, {len(members)} images, two targets", MAPS, rows, notes)


def scores_table(title: str, members: Sequence[Sequence[Judged]], others: Sequence[Sequence[Judged]]) -> Table:
    """Whether the same references tell members, of which half the blocks taught, from non-members; target by target."""
    results = _Results()

    def scored(images: Sequence[Judged]) -> dict[Key, np.ndarray]:
        each = [results.of(image) for image in images]
        return {key: np.array([found[key][0] for found in each]) for key in each[0]}

    sides = [(scored(own), scored(other)) for own, other in zip(members, others, strict=True)]
    draws = Draws.of(*([image.group for image in own] for own in members))
    # The second target's members are the first one's non-members: a block of frames is drawn for both at once.
    turned = [draws, Draws(tuple(reversed(draws.counts)))]
    rows: list[tuple[Cell, ...]] = []
    for key in sides[0][0]:
        aucs = [each.aucs(own[key], other[key]) for each, (own, other) in zip(turned, sides, strict=True)]
        rows.append((*key, *estimate(np.mean(aucs, axis=0))))
    rows.sort(key=lambda row: -float(row[2]))
    notes = ("Image scores, the mean of two targets; each has the other's members for non-members.",)
    counts = f"{sum(map(len, members))} members of two targets"
    return Table(f"Members and non-members, {title}, {counts}", SCORES, rows, notes)


if __name__ == "__main__":
    main()
