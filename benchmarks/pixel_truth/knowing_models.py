"""Targets, references of other frames, and references that learned from half of the blocks of each image: asked."""

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.train import CHECKPOINT, SCHEME, images_of
from benchmarks.pixel_truth.known import Seen, seen_images
from benchmarks.pixel_truth.plan import (
    EVERYWHERE,
    SHADOW_FOLDS,
    TARGET_FOLD,
    UNSEEN_FOLD,
    Parameters,
    knowing,
    thin_and_whole,
)
from core.attacks.base import Observation
from core.audit.references import AuditedReference, audited
from core.data.scheme import load_scheme
from core.grid import Grid
from core.targets.base import Target
from core.targets.open import open_target
from core.training.half import Blocks, Truth


@dataclass(frozen=True)
class Judged:
    """One image: what an attacker with each kind of references sees, and what only we know.

    Attributes
    ----------
    outside
        Beside references of other frames.
    inside
        Beside references that learned from half of its blocks.
    blocks
        Its blocks, and which of them taught the target, if the image did.
    group
        Its block of frames.
    """

    outside: Observation
    inside: Observation
    blocks: Blocks
    group: str


class Models:
    """The models of one architecture; trains those that are missing.

    Parameters
    ----------
    whole
        With all frames: of the references of other frames.
    thin
        With every Nth frame, and the fold `EVERYWHERE`.
    """

    def __init__(self, whole: Workshop, thin: Workshop, parameters: Parameters, architecture: str) -> None:
        few, all_frames = thin_and_whole(whole.folds, parameters, architecture)
        self._thin = thin
        self._targets = {fold: _made(few[fold], thin) for fold in (TARGET_FOLD, UNSEEN_FOLD)}
        self._outside = [_made(all_frames[fold], whole) for fold in SHADOW_FOLDS]
        self._inside = [_made(cell, thin) for cell in knowing(thin.folds[EVERYWHERE], parameters, architecture)]

    def asked(self, target: str, fold: str) -> list[Judged]:
        """What the target of one fold and all references say of the images of one."""
        outside = [self._open(path) for path in self._outside]
        inside = [audited(self._open(path)) for path in self._inside]
        beside = [*outside, *(reference.source.target for reference in inside)]
        images = images_of(fold, self._thin)
        truth = Truth.of(self._targets[target])
        seen = seen_images(self._open(self._targets[target]), beside, images, load_scheme(SCHEME))
        return [_judged(one, inside, truth) for one in seen]

    def _open(self, path: Path) -> Target:
        return open_target(path, device=self._thin.device)


def _made(cell: Cell, shop: Workshop) -> Path:
    shop.finish(cell)
    return shop.path(cell, CHECKPOINT)


def _judged(one: Seen, inside: list[AuditedReference], truth: Truth) -> Judged:
    seen, grid = one.observation, Grid.of(one.size)
    count = len(seen.references) - len(inside)
    taught = tuple(
        replace(said, trained=True, taught=reference.taught(seen.image_sha256, grid))
        for said, reference in zip(seen.references[count:], inside, strict=True)
    )
    return Judged(
        replace(seen, references=seen.references[:count]),
        replace(seen, references=taught),
        truth.blocks(seen.image_sha256, grid),
        one.sample.group or one.sample.key,
    )
