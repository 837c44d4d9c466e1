"""Holds every map to planted canaries.

    python -m benchmarks.pixel_truth.canaries --data CAMVID --out FOLDER

Pastes an odd object with a wrong label into every image of a target, trains it, and asks whether a map is higher on
the object than elsewhere in the image, and than on the same object in an image that was not trained on. References are
the half-supervised shadows, which saw no canary. Trains what is missing in FOLDER and keeps FOLDER/canaries-NAME.json.
"""

from collections.abc import Mapping
from pathlib import Path

import torch

from benchmarks.experiments.cells import Workshop
from benchmarks.experiments.folds import image_set, split
from benchmarks.experiments.run import MAKERS
from benchmarks.experiments.train import CHECKPOINT, SCHEME
from benchmarks.pixel_truth.asking import parser_of
from benchmarks.pixel_truth.canary_images import Planted, plant_all
from benchmarks.pixel_truth.canary_score import Found, find_canary, table_of
from benchmarks.pixel_truth.known import seen_images
from benchmarks.pixel_truth.measure import maps_of
from benchmarks.pixel_truth.offered import offered
from benchmarks.pixel_truth.plan import (
    SHADOW_FOLDS,
    TARGET_FOLD,
    UNSEEN_FOLD,
    Parameters,
    canary_target,
    half_supervised,
    thinned,
)
from benchmarks.tables import keep, show
from benchmarks.timing import environment
from core.attacks.base import AttackContext
from core.audit.device import pick_device
from core.data.scheme import load_scheme
from core.grid import Grid
from core.targets.base import Target
from core.targets.open import open_target

SIDES = (1, 11, 21)


def main() -> None:
    """Plant, train what is missing, measure, print and keep."""
    args = parser_of("canaries", __doc__).parse_args()
    torch.set_num_threads(args.threads)
    parameters, device = Parameters(every=args.every), pick_device(args.device)
    folds = thinned(split(args.data, parameters.block, parameters.gap), parameters.every)
    members, others = folds[TARGET_FOLD].frames, folds[UNSEEN_FOLD].frames[:: parameters.every]
    classes = load_scheme(SCHEME).classes
    worlds = plant_all(args.data, members, others, classes, args.out / "canaries")
    plain = Workshop(args.out, args.data, folds, MAKERS, device)
    marked = Workshop(args.out, worlds["members"].data, {TARGET_FOLD: worlds["members"].fold}, MAKERS, device)
    for name in args.architecture:
        target = canary_target(marked.folds[TARGET_FOLD], parameters, name)
        shadows = half_supervised(folds, parameters, name)
        jobs = [(marked, target), *((plain, shadows[fold]) for fold in SHADOW_FOLDS)]
        for shop, cell in jobs:
            shop.finish(cell)
        models = [open_target(shop.path(cell, CHECKPOINT), device=device) for shop, cell in jobs]
        found = measured(models[0], models[1:], worlds, args.out / "folds")
        table = table_of(name, found)
        show(table)
        keep([table], environment(device), args.out / f"canaries-{name}.json")


def measured(
    target: Target, references: list[Target], worlds: Mapping[str, Planted], lists: Path
) -> dict[str, dict[str, list[Found]]]:
    """By map and by world, what is found of the canary of each image."""
    context, scheme = AttackContext(), load_scheme(SCHEME)
    attacks = offered(SIDES, references=len(references))
    started = {name: (attack, attack.start(context)) for name, attack in attacks.items()}
    found: dict[str, dict[str, list[Found]]] = {}
    for world, planted in worlds.items():
        images = image_set(planted.fold, planted.data, lists)
        for seen in seen_images(target, references, images, scheme):
            mask = Grid.of(seen.size).take(planted.mask(seen.sample.image.stem)).astype(bool)
            group = seen.sample.group or seen.sample.key
            for name, values in maps_of(started, seen.observation).items():
                result = find_canary(values, mask, group)
                found.setdefault(name, {}).setdefault(world, []).append(result)
    return found


if __name__ == "__main__":
    main()
