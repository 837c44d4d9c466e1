"""Holds every map to targets that learned from half of the blocks of each image.

    python -m benchmarks.pixel_truth.half_supervised --data CAMVID --out FOLDER

Trains what is missing in FOLDER, three models of each architecture, then measures, prints and keeps
FOLDER/half-supervised-NAME-every-N.json.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.folds import split
from benchmarks.experiments.run import MAKERS
from benchmarks.experiments.train import CHECKPOINT, SCHEME, images_of
from benchmarks.pixel_truth.asking import parser_of
from benchmarks.pixel_truth.composites import auc_of
from benchmarks.pixel_truth.known import Known, known_images
from benchmarks.pixel_truth.learned import learn, learned_map
from benchmarks.pixel_truth.measure import maps_of
from benchmarks.pixel_truth.offered import offered
from benchmarks.pixel_truth.plan import ARCHITECTURES, SHADOW_FOLDS, TARGET_FOLD, Parameters, half_supervised, thinned
from benchmarks.tables import Table, keep, show
from benchmarks.timing import environment
from core.attacks.base import VOID, AttackContext, Observation
from core.attacks.blocks import block_mean
from core.attacks.losses import loss_map
from core.attacks.reference.base import log_probability
from core.audit.device import pick_device
from core.data.scheme import load_scheme
from core.targets.open import open_target
from core.training.half import Truth

SIDES = (1, 5, 11, 21, 31)
RESAMPLES = 500
LOSS = "loss, 1"
COLUMNS = ("map", "within image", "low", "high", "gain", "low", "high", "all blocks", "low", "high", "pixels")
Values = npt.NDArray[np.floating]
Map = Callable[[Observation], npt.NDArray[np.float32]]


def main() -> None:
    """Train what is missing, measure, print and keep."""
    args = parser_of("half_supervised", __doc__, architectures=tuple(ARCHITECTURES), every=1).parse_args()
    torch.set_num_threads(args.threads)
    parameters, device = Parameters(every=args.every), pick_device(args.device)
    folds = thinned(split(args.data, parameters.block, parameters.gap), parameters.every)
    shop = Workshop(args.out, args.data, folds, MAKERS, device)
    models = {name: half_supervised(shop.folds, parameters, name) for name in args.architecture}
    for cell in (cell for folds in models.values() for cell in folds.values()):
        shop.finish(cell)
    shadows = {name: _shadows(cells, shop) for name, cells in models.items()}
    networks = {name: learn(known) for name, known in shadows.items()}
    for name, cells in models.items():
        known = _seen(cells, TARGET_FOLD, SHADOW_FOLDS, shop)
        learned = {f"learned on {shadow}": partial(learned_map, network) for shadow, network in networks.items()}
        tables = [measured(name, known, learned), spilled(name, known)]
        for table in tables:
            show(table)
        keep(tables, environment(device), args.out / f"half-supervised-{name}-every-{args.every}.json")


def _shadows(cells: Mapping[str, Cell], shop: Workshop) -> list[Known]:
    """Both shadows on their own images, each with the other for its reference."""
    one, other = SHADOW_FOLDS
    return [*_seen(cells, one, (other,), shop), *_seen(cells, other, (one,), shop)]


def _seen(cells: Mapping[str, Cell], fold: str, references: Sequence[str], shop: Workshop) -> list[Known]:
    """The model of a fold on the images of that fold."""
    target, *others = (shop.path(cells[f], CHECKPOINT) for f in (fold, *references))
    opened = [open_target(path, device=shop.device) for path in others]
    images = images_of(fold, shop)
    truth = Truth.of(target)
    return list(known_images(open_target(target, device=shop.device), opened, truth, images, load_scheme(SCHEME)))


@dataclass(frozen=True)
class _Columns:
    """Of one map, over the images: AUC of blocks and of pixels within each, and the means of its blocks."""

    block: list[float]
    pixel: list[float]
    means: list[npt.NDArray[np.float64]]

    def add(self, image: Known, values: Values) -> None:
        """One more image; void pixels, which teach nothing, are left out."""
        known = np.where(image.observation.label == VOID, np.nan, values)
        means = image.blocks.means(known)
        self.means.append(means)
        self.block.append(auc_of(means, image.blocks.trained))
        self.pixel.append(auc_of(known, image.blocks.mask))


def measured(title: str, known: Sequence[Known], learned: Mapping[str, Map]) -> Table:
    """Every map on every image of a target."""
    context = AttackContext()
    attacks = offered(SIDES, references=2)
    started = {name: (attack, attack.start(context)) for name, attack in attacks.items()}
    found: dict[str, _Columns] = {}
    for image in known:
        maps = {_short(name): values for name, values in maps_of(started, image.observation).items()}
        maps |= {name: make(image.observation) for name, make in learned.items()}
        loss = np.where(image.observation.label == VOID, np.nan, maps.pop("loss"))
        maps |= {f"loss, {side}": block_mean(loss, side) for side in SIDES}
        for name, values in maps.items():
            found.setdefault(name, _Columns([], [], [])).add(image, values)
    taught = [image.blocks.trained for image in known]
    rows: list[tuple[str | float, ...]] = [(name, *_row(column, found[LOSS], taught)) for name, column in found.items()]
    rows.sort(key=lambda row: float(row[1]), reverse=True)
    notes = (
        "AUC of telling blocks that taught from others: within an image, averaged; of all blocks together; of pixels "
        "within an image. Gain: of the first over the raw loss. 95 % intervals, images resampled.",
        "A number behind a map's name: the side of the square it is averaged over, in grid points.",
    )
    return Table(f"Blocks of 64 pixels that taught {title}, {len(known)} images", COLUMNS, rows, notes)


def spilled(title: str, known: Sequence[Known]) -> Table:
    """How much of what is remembered lies in blocks that never taught: the loss that target and references have."""
    target, references, pixels = np.sum([_losses(image) for image in known], axis=0)
    means = target / pixels, references / pixels
    taught, other = means[1] - means[0]
    rows = [
        ("taught", float(means[0][0]), float(means[1][0]), float(taught)),
        ("other", float(means[0][1]), float(means[1][1]), float(other)),
    ]
    notes = (f"Of what the target gains on the references, blocks that never taught show {other / taught:.0%}.",)
    return Table(f"Mean loss in nats, {title}", ("blocks", "target", "references", "gain"), rows, notes)


def _losses(image: Known) -> npt.NDArray[np.float64]:
    """Sums of the target's losses, of the references' and of pixels `(3, 2)`: in blocks that taught, in others."""
    seen = image.observation
    references = np.mean([-log_probability(r) for r in seen.references], axis=0)
    halves = [half & (seen.label != VOID) for half in (image.blocks.mask, ~image.blocks.mask)]
    return np.array(
        [[values[half].sum() for half in halves] for values in (loss_map(seen), references, np.ones(references.shape))]
    )


def _short(name: str) -> str:
    """The attack alone, as in "rmia, 11" for "rmia, 11: probability_ratio"; a network's maps keep their names."""
    attack, _, kind = name.partition(": ")
    return name if attack.startswith("network") else attack if kind else name


def _row(column: _Columns, loss: _Columns, taught: list[npt.NDArray[np.bool_]]) -> tuple[float, ...]:
    block, pixel = np.array(column.block), np.array(column.pixel)
    gain = block - np.array(loss.block)
    draws = np.random.default_rng(0).integers(0, len(block), (RESAMPLES, len(block)))

    def pooled(images: npt.NDArray[np.int64]) -> float:
        return auc_of(np.concatenate([column.means[i] for i in images]), np.concatenate([taught[i] for i in images]))

    def interval(values: Values) -> tuple[float, float, float]:
        low, high = np.nanquantile(np.nanmean(values[draws], axis=1), (0.025, 0.975))
        return float(np.nanmean(values)), float(low), float(high)

    low, high = np.quantile([pooled(images) for images in draws[:200]], (0.025, 0.975))
    return (
        *interval(block),
        *interval(gain),
        pooled(np.arange(len(block))),
        float(low),
        float(high),
        float(np.nanmean(pixel)),
    )


if __name__ == "__main__":
    main()
