"""Makers of models (targets and shadows) and of attack networks."""

from dataclasses import asdict
from typing import Any

from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.folds import image_set
from core.attacks.base import ATTACKS
from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.data.scenes import write_scenes
from core.data.scheme import load_scheme
from core.defenses.chain import Chain
from core.targets.open import open_target
from core.training.attack import train_attack
from core.training.combiner import train_combiner
from core.training.hardening import HARDENINGS
from core.training.settings import AttackTraining, CombinerTraining, TargetTraining
from core.training.shadows import ShadowData
from core.training.target import train_target

SCHEME = "camvid11"
CHECKPOINT = ".safetensors"
ENDINGS = {"combiner": ".combiner.json"}
"""Kind of a cell -> ending of its file, where it is no checkpoint."""


def images_of(fold: str, shop: Workshop) -> ImageSet:
    """The images of a fold."""
    return image_set(shop.folds[fold], shop.data, shop.folder / "folds")


def make_model(cell: Cell, shop: Workshop) -> dict[str, Any]:
    """Train a target or a shadow on a fold, or on procedural scenes."""
    wanted = cell.settings
    settings = TargetTraining.from_mapping(wanted["training"] | _paths(cell, shop, ("start",)))
    hardening = HARDENINGS.make(wanted["hardening"] | _paths(cell, shop, ("teacher",)))
    references = wanted.get("references")
    result = train_target(
        [_scenes(wanted["scenes"], shop) if "scenes" in wanted else images_of(wanted["fold"], shop)],
        load_scheme(SCHEME),
        settings,
        shop.path(cell, CHECKPOINT),
        shop.device,
        progress=shop.progress,
        hardening=hardening,
        references=[images_of(references["fold"], shop)] if references else (),
    )
    return {"miou_at_training_size": result.miou, "last_loss": result.losses[-1], "report": dict(result.report)}


def _paths(cell: Cell, shop: Workshop, parts: tuple[str, ...]) -> dict[str, str]:
    return {part: str(shop.path(cell.needs[part], CHECKPOINT)) for part in parts if part in cell.needs}


def _scenes(wanted: dict[str, Any], shop: Workshop) -> ImageSet:
    count, seed, size = wanted["count"], wanted["seed"], tuple(wanted["size"])
    folder = shop.folder / "scenes" / f"{count}-from-{seed}-{size[0]}x{size[1]}"
    return open_images(write_scenes(folder, count, seed, size, "camvid", progress=shop.progress), "camvid")


def make_network(cell: Cell, shop: Workshop) -> dict[str, Any]:
    """Train an attack network on pairs of shadows, each of which has the other's members for non-members."""
    result = train_attack(
        _shadows(cell, shop),
        AttackTraining.from_mapping(cell.settings["training"]),
        shop.path(cell, CHECKPOINT),
        shop.device,
        progress=shop.progress,
        defense=Chain.parse(cell.settings["defense"]),
    )
    return {"held_out": asdict(result.held_out), "last_loss": result.losses[-1]}


def make_combiner(cell: Cell, shop: Workshop) -> dict[str, Any]:
    """Fit a combiner of attacks on the same shadows as a network's."""
    result = train_combiner(
        _shadows(cell, shop),
        [ATTACKS.make(_with_file(table, cell, shop)) for table in cell.settings["attacks"]],
        CombinerTraining(),
        shop.path(cell, ENDINGS["combiner"]),
        shop.device,
        defenses=[Chain.parse(cell.settings["defense"])],
        progress=shop.progress,
    )
    return {"held_out": asdict(result.held_out), "weights": list(result.card.weights)}


def _with_file(attack: dict[str, Any], cell: Cell, shop: Workshop) -> dict[str, Any]:
    """A table of `learned-ratio` is named by the part it plays."""
    return attack | ({"table": str(shop.path(cell.needs[attack["table"]], ".json"))} if "table" in attack else {})


def _shadows(cell: Cell, shop: Workshop) -> list[ShadowData]:
    return [
        ShadowData(
            open_target(shop.path(cell.needs[fold], CHECKPOINT), device=shop.device),
            images_of(fold, shop),
            images_of(other, shop),
            load_scheme(SCHEME),
        )
        for fold, other in cell.settings["exchange"].items()
    ]
