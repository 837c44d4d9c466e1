"""Holds every map to the deletion test.

    python -m benchmarks.pixel_truth.deletion --data CAMVID --out FOLDER

Where a map says that the evidence is, leaving it out should cost an attack more of its AUC than leaving out random
regions of the same class mix. Regions are left out of members and non-members alike. Trains what is missing in FOLDER
and keeps FOLDER/deletion-NAME-every-N.json and a figure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np
import torch

from benchmarks.experiments.cells import Workshop
from benchmarks.experiments.folds import Fold, image_set, split
from benchmarks.experiments.run import MAKERS
from benchmarks.experiments.train import CHECKPOINT, SCHEME
from benchmarks.pixel_truth.asking import parser_of
from benchmarks.pixel_truth.deleted import SHARES, Array, Chosen, Regions, block_means, merged
from benchmarks.pixel_truth.deletion_figure import draw
from benchmarks.pixel_truth.known import Seen, seen_images
from benchmarks.pixel_truth.measure import maps_of
from benchmarks.pixel_truth.offered import offered
from benchmarks.pixel_truth.plan import (
    SHADOW_FOLDS,
    TARGET_FOLD,
    UNSEEN_FOLD,
    Parameters,
    half_supervised,
    thinned,
)
from benchmarks.pixel_truth.resampled import Draws, estimate
from benchmarks.tables import Cell, Table, keep, show
from benchmarks.timing import environment
from core.attacks.base import Attack, AttackContext, Scorer
from core.attacks.baselines.loss import GlobalLoss
from core.attacks.blocks import BLOCK
from core.attacks.patch import PatchAttack
from core.attacks.reference.difference import LossDifference
from core.attacks.reference.rmia import RMIA
from core.audit.device import pick_device
from core.data.scheme import load_scheme
from core.grid import Grid
from core.targets.open import open_target
from core.training.half import Truth

ATTACKS: Mapping[str, Attack] = {"loss": GlobalLoss(), "rmia": RMIA(), "patch": PatchAttack(network="slm")}
"""The image scores."""

DRAWS = {"loss": 3, "rmia": 3, "patch": 1}
"""Random draws for each image; a network takes ten times as long as the others."""

ORACLE = "what taught"
"""Not a map: the blocks that taught a member; of a non-member those that would have."""

FOR_PATCH = (
    *(ORACLE, "loss: loss", "network slm: evidence_corrected", "network slm-sharp: evidence_corrected"),
    *(f"{name}, {BLOCK}: {key}" for name, key in (("rmia", RMIA.maps[0]), ("loss-difference", LossDifference.maps[0]))),
)
"""The maps that are held against the network's score too."""

SHARE_COLUMNS = ("top", "random", "drop", "low", "high", "members' top", "members' drop", "low", "high")
COLUMNS = (
    *("map", "attack", "whole", "faster", "low", "high", "members faster", "low", "high"),
    *(f"{what} {share:.0%}" for share in SHARES for what in SHARE_COLUMNS),
)
Started = Mapping[str, tuple[Attack, Scorer]]


def main() -> None:
    """Train what is missing, measure, print, draw and keep."""
    args = parser_of("deletion", __doc__).parse_args()
    torch.set_num_threads(args.threads)
    parameters, device = Parameters(every=args.every), pick_device(args.device)
    folds = thinned(split(args.data, parameters.block, parameters.gap), parameters.every)
    shop = Workshop(args.out, args.data, folds, MAKERS, device)
    others = Fold(folds[UNSEEN_FOLD].frames[:: args.every], f"{folds[UNSEEN_FOLD].digest}-{args.every}")
    for name in args.architecture:
        cells = half_supervised(folds, parameters, name)
        for cell in cells.values():
            shop.finish(cell)
        paths = [shop.path(cells[fold], CHECKPOINT) for fold in (TARGET_FOLD, *SHADOW_FOLDS)]
        target, *references = (open_target(path, device=device) for path in paths)
        judges = Judges.of(Truth.of(paths[0]), len(references))
        sides = []
        for fold in (folds[TARGET_FOLD], others):
            images = image_set(fold, args.data, args.out / "folds")
            sides.append([judges.measured(s) for s in seen_images(target, references, images, load_scheme(SCHEME))])
        table = table_of(name, *sides)
        show(table)
        keep([table], environment(device), args.out / f"deletion-{name}-every-{args.every}.json")
        draw(table, args.out / f"deletion-{name}-every-{args.every}.png")


@dataclass(frozen=True)
class Deleted:
    """Image scores of one image with regions left out.

    Attributes
    ----------
    scores
        By "map/attack", `(shares, 1 + draws)`, the first without the map's top.
    whole
        By attack, with nothing left out.
    unlike
        By map, the mean of `Deletion.unlike`.
    group
        The block of frames.
    """

    scores: Mapping[str, Array]
    whole: Mapping[str, float]
    unlike: Mapping[str, float]
    group: str


@dataclass(frozen=True)
class Judges:
    """The maps and the attacks of the test, loaded."""

    truth: Truth
    maps: Started
    attacks: Started

    @classmethod
    def of(cls, truth: Truth, references: int) -> "Judges":
        """Load them."""
        context = AttackContext()
        drawn, judges = (
            {name: (attack, attack.start(context)) for name, attack in kind.items()}
            for kind in (offered((BLOCK,), references=references), ATTACKS)
        )
        return cls(truth, drawn, judges)

    def measured(self, seen: Seen) -> Deleted:
        """Leave regions out of one image, for every map."""
        observation = seen.observation
        blocks = self.truth.blocks(observation.image_sha256, Grid.of(seen.size))
        regions = Regions.of(blocks.number, observation)
        maps = {name: block_means(values, blocks.number) for name, values in maps_of(self.maps, observation).items()}
        maps[ORACLE] = blocks.trained.astype(np.float64)

        @cache
        def score(attack: str, out: Chosen) -> float:
            return self.attacks[attack][1]([regions.without(observation, out)])[0].score

        found: dict[str, Array] = {}
        unlike: dict[str, float] = {}
        for name, means in maps.items():
            made = [regions.deletion(means, share, max(DRAWS.values()), observation.image_sha256) for share in SHARES]
            unlike[name] = float(np.mean([deletion.unlike for deletion in made]))
            for attack in self.attacks:
                if attack == "patch" and name not in FOR_PATCH:
                    continue
                rows = [[score(attack, out) for out in (d.top, *d.matched[: DRAWS[attack]])] for d in made]
                found[f"{name}/{attack}"] = np.array(rows)
        whole = {attack: score(attack, ()) for attack in self.attacks}
        return Deleted(found, whole, unlike, seen.sample.group or seen.sample.key)


def table_of(title: str, members: Sequence[Deleted], others: Sequence[Deleted]) -> Table:
    """A row for each map and attack, the maps that cost most first."""
    draws = Draws.of([m.group for m in members], [o.group for o in others])
    inside, outside = (merged([image.scores for image in side]) for side in (members, others))
    rows: list[tuple[Cell, ...]] = []
    for key in inside:
        name, attack = key.rsplit("/", 1)
        whole = draws.aucs(*(np.array([image.whole[attack] for image in side]) for side in (members, others)))
        rows.append((name, attack, float(whole[0]), *_row(inside[key], outside[key], draws.aucs)))
    rows.sort(key=lambda row: (row[1], -float(row[3])))
    unlike = np.mean([list(image.unlike.values()) for image in (*members, *others)])
    notes = (
        f"AUC of an attack over {len(members)} members and {len(others)} non-members with a share of each image's "
        "blocks left out: those where the map is highest, or random ones of the nearest class mix "
        f"({max(DRAWS.values())} draws for each image, one for patch; on average {unlike:.0%} of the mix differs). "
        "Drop: random less top.",
        "Members': members without the map's top, non-members without random blocks. There a map of what an attack "
        "goes by costs that attack something by its making, whatever was learned.",
        "Faster: mean of the drops. 95 % intervals, blocks of frames resampled, members and non-members each.",
        f"{ORACLE}: no map but the truth, of members; of non-members the blocks that would have taught.",
    )
    return Table(f"Deletion, {title}", COLUMNS, rows, notes)


def _row(inside: Array, outside: Array, aucs: Callable[[Array, Array], Array]) -> tuple[float, ...]:
    """From scores `(images, shares, 1 + draws)`: how much faster the AUC falls, then the numbers of each share."""
    shares, draws = range(len(SHARES)), range(1, inside.shape[2])
    top = [aucs(inside[:, s, 0], outside[:, s, 0]) for s in shares]
    random = [np.mean([aucs(inside[:, s, d], outside[:, s, d]) for d in draws], axis=0) for s in shares]
    members = [np.mean([aucs(inside[:, s, 0], outside[:, s, d]) for d in draws], axis=0) for s in shares]
    drops, own = ([r - t for t, r in zip(kind, random, strict=True)] for kind in (top, members))
    each = (
        (float(top[s][0]), float(random[s][0]), *estimate(drops[s]), float(members[s][0]), *estimate(own[s]))
        for s in shares
    )
    return (*estimate(np.mean(drops, axis=0)), *estimate(np.mean(own, axis=0)), *chain(*each))


if __name__ == "__main__":
    main()
