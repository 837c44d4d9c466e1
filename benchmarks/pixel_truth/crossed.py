"""Looks for a map that beats those on offer: variants, combinations, a learned ratio, a third reference.

    python -m benchmarks.pixel_truth.crossed --data CAMVID --out FOLDER

Everything is chosen and fitted on half-supervised shadows. These are thinned as the target is, and two targets are
judged, on P and on Q; or, with `--shadows whole`, the models of the main benchmark do, and its one target. Trains what
is missing in FOLDER and keeps FOLDER/crossed-NAME-KIND-shadows.json.
"""

import argparse
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from benchmarks.experiments.cells import Workshop
from benchmarks.experiments.folds import NAMES, split
from benchmarks.experiments.run import MAKERS
from benchmarks.experiments.train import CHECKPOINT, SCHEME, images_of
from benchmarks.pixel_truth.asking import parser_of
from benchmarks.pixel_truth.combined import Array, BlockTable, fit
from benchmarks.pixel_truth.deleted import block_means
from benchmarks.pixel_truth.known import Known, known_images
from benchmarks.pixel_truth.measure import maps_of
from benchmarks.pixel_truth.offered import offered
from benchmarks.pixel_truth.plan import Crossed, Judged, Parameters, crossed, on_hand, thinned
from benchmarks.pixel_truth.resampled import Draws, estimate
from benchmarks.pixel_truth.variants import VARIANTS
from benchmarks.tables import Cell, Table, keep, show
from benchmarks.timing import environment
from core.attacks.base import VOID, AttackContext
from core.audit.device import pick_device
from core.data.scheme import load_scheme
from core.targets.open import open_target
from core.training.half import Truth
from core.training.ratio import KNOTS, PENALTIES, fitted, held_out
from core.training.taught import Taught, block_cells

SIDES = (11,)
SHADOWS = {"thinned": crossed, "whole": on_hand}
LOSS, RMIA = "loss: loss", "rmia, 11: probability_ratio"
COLUMNS = ("map", "shadows", "targets", "low", "high", "gain on loss", "low", "high", "gain on rmia", "low", "high")
ON_OFFER, EVERYTHING = "combination, maps on offer", "combination, variants too"
TABLE = "learned ratio, fitted to the shadows"
THIRD = "rmia, a third reference"
Column = tuple[float, Array]
"""What a map has within the images of the shadows, and within each image of a target."""


def main() -> None:
    """Train what is missing, choose on shadows, report on targets, print and keep."""
    args = _parser().parse_args()
    torch.set_num_threads(args.threads)
    parameters, device = Parameters(every=args.every), pick_device(args.device)
    folds = split(args.data, parameters.block, parameters.gap)
    shop = Workshop(args.out, args.data, folds, MAKERS, device)
    few = Workshop(args.out, args.data, thinned(folds, args.every, NAMES), MAKERS, device)
    for name in args.architecture:
        bench = Bench(shop, few)
        columns, groups, notes = [], [], []
        for fold, plan in SHADOWS[args.shadows](folds, parameters, name).items():
            found, note, group = bench.judged(plan)
            columns.append(found)
            groups += group
            notes.append(f"Target {fold}: {note}")
        table = table_of(name, columns, groups, notes)
        show(table)
        keep([table], environment(device), args.out / f"crossed-{name}-{args.shadows}-shadows.json")


class Bench:
    """Opens models and draws maps.

    Parameters
    ----------
    shop, few
        With whole folds and with thinned ones.
    """

    def __init__(self, shop: Workshop, few: Workshop) -> None:
        self._shop, self._few = shop, few
        context = AttackContext()
        attacks = offered(SIDES, references=1)  # what needs more, a shadow with one reference cannot be asked
        self._started = {name: (attack, attack.start(context)) for name, attack in attacks.items()}

    def judged(self, plan: Crossed) -> tuple[dict[str, Column], str, list[str]]:
        """Of every map the two numbers; what was chosen, in words; the block of frames of each image."""
        shadows = [self._known(shadow) for shadow in plan.shadows]
        target = self._known(plan.target)
        names, tables = self._tables([*shadows, target])
        one, other, judged = tables
        found: dict[str, Column] = {
            name: (_alone((one, other), i), judged.within(judged.means[..., i])) for i, name in enumerate(names)
        }
        plain = [i for i, name in enumerate(names) if name not in VARIANTS]
        for title, places in ((ON_OFFER, plain), (EVERYTHING, range(len(names)))):
            weights = fit(one.only(places), other.only(places))
            found[title] = (weights.held_out, judged.within(weights.of(judged.only(places).means)))
        found[TABLE] = _by_table(shadows[0], shadows[1], target)
        chosen = max((name for name in VARIANTS), key=lambda name: found[name][0])
        found["the best variant on the shadows"] = found[chosen]
        if plan.beside:
            third = self._tables([self._known(plan.beside)])[1][0]
            found[THIRD] = (float("nan"), third.within(third.means[..., names.index(RMIA)]))
        return found, f"'{chosen}' was the best variant on the shadows.", list(judged.groups)

    def _known(self, judged: Judged) -> list[Known]:
        """A model on its own images, trained where it is not."""
        own = self._few if judged.thin else self._shop
        own.finish(judged.cell)
        for cell in judged.references:
            self._shop.finish(cell)
        target = own.path(judged.cell, CHECKPOINT)
        models = [self._shop.path(cell, CHECKPOINT) for cell in judged.references]
        opened = [open_target(path, device=self._shop.device) for path in (target, *models)]
        images = images_of(judged.fold, own)
        return list(known_images(opened[0], opened[1:], Truth.of(target), images, load_scheme(SCHEME)))

    def _tables(self, models: Sequence[Sequence[Known]]) -> tuple[list[str], list[BlockTable]]:
        """Names of the maps, and of each model every map's means over the blocks."""
        found: list[BlockTable] = []
        names: list[str] = []
        for model in models:
            drawn = [self._drawn(image) for image in model]
            assert not names or names == list(drawn[0])
            names = list(drawn[0])
            means = np.stack([np.stack(list(columns.values()), axis=-1) for columns in drawn])
            trained = np.stack([image.blocks.trained for image in model])
            found.append(BlockTable(means, trained, tuple(image.group for image in model)))
        return names, found

    def _drawn(self, image: Known) -> dict[str, Array]:
        """Every map's mean over each block; void pixels, which teach nothing, are left out."""
        seen = image.observation
        maps: dict[str, Array] = {name: np.asarray(v) for name, v in maps_of(self._started, seen).items()}
        maps |= {name: make(seen) for name, make in VARIANTS.items()}
        void = seen.label == VOID
        return {name: block_means(np.where(void, np.nan, v), image.blocks.number) for name, v in maps.items()}


def _by_table(one: Sequence[Known], other: Sequence[Known], target: Sequence[Known]) -> Column:
    """A table fitted to both shadows, its penalty chosen on images of theirs that were kept from the fit."""
    examples, judged = ([_taught(image) for image in images] for images in ((*one, *other), target))
    penalty = max(PENALTIES, key=lambda p: held_out(examples, p, 0))
    values = fitted(examples, penalty)
    return held_out(examples, penalty, 0), np.array([image.within(values) for image in judged])


def _taught(image: Known) -> Taught:
    sha256 = image.observation.image_sha256
    return Taught(
        block_cells(image.observation, image.blocks, KNOTS), image.blocks.trained, image.group or sha256, sha256
    )


def _alone(shadows: Sequence[BlockTable], place: int) -> float:
    """AUC within the images of shadows of one map, averaged over all images."""
    return float(np.nanmean(np.concatenate([table.within(table.means[..., place]) for table in shadows])))


def table_of(title: str, targets: Sequence[Mapping[str, Column]], groups: Sequence[str], notes: Sequence[str]) -> Table:
    """A row for each map over the images of all targets, the highest on the shadows first."""
    draws = Draws.of(groups)
    within = {name: np.concatenate([found[name][1] for found in targets]) for name in targets[0]}
    rows: list[tuple[Cell, ...]] = []
    for name, values in within.items():
        shadows = float(np.mean([found[name][0] for found in targets]))
        gains = (estimate(draws.means(values - within[held])) for held in (LOSS, RMIA))
        rows.append((name, shadows, *estimate(draws.means(values)), *(x for gain in gains for x in gain)))
    rows.sort(key=lambda row: -np.nan_to_num(float(row[1])))
    notes = (
        "AUC within an image of telling blocks that taught from others. Shadows: on these everything was chosen; of a "
        "combination, of the shadow it was not fitted to. 95 % intervals, blocks of frames resampled.",
        *notes,
    )
    return Table(
        f"Variants and combinations, {title}, {len(groups)} images, targets: {len(targets)}", COLUMNS, rows, notes
    )


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("crossed", __doc__, thinned="targets and shadows: every Nth frame")
    parser.add_argument("--shadows", default="thinned", choices=tuple(SHADOWS), help="how shadows were trained")
    return parser


if __name__ == "__main__":
    main()
