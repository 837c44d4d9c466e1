"""Training references on the images of an audit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.audit.memory import give_back_memory, is_out_of_memory
from core.audit.plan import PlannedSet
from core.data.samples import ImageSet
from core.engine.gate import Lane
from core.engine.jobs.base import Desk, Gentler, Job
from core.engine.jobs.look_at_images import ImagesAsked
from core.errors import DataError, TargetError
from core.training.fleet_progress import FleetProgress
from core.training.membership import shadow_files
from core.training.settings import TargetTraining
from core.training.standing import note_settings, standing

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme
    from core.training.target import TargetResult

SMALLER = "Take a smaller batch or training size, in a new folder."


@dataclass(frozen=True)
class TrainReferences(Job):
    """Train references, each on a random half of all images, or of each, or go on with that; the value is their files.

    The same as `main.py train shadows`: what either has begun, the other goes on with. Audits that are begun meanwhile
    go first. Other jobs that open models draw from the same generators, so that a model with dropout of its own has
    the command line's weights only where none did.

    Attributes
    ----------
    asked
        The images, whatever their role.
    settings
        How each is trained; one number higher, and the seed is one higher.
    count
        References; pairs exchange their halves.
    out
        Their folder.
    exchange
        What these are halves of, as `train_shadows` has it.
    """

    lane: ClassVar[Lane] = Lane.TRAIN
    asked: ImagesAsked
    settings: TargetTraining
    count: int
    out: Path
    exchange: str = "images"

    def run(self, desk: Desk) -> tuple[Path, ...]:
        """Train those that are not there yet."""
        from core.audit.device import pick_device
        from core.training.fleet import train_shadows

        sets, scheme = together(self.asked.planned())
        if not standing(self.out).trained:
            note_settings(self.out, self.settings)
        images = sum(len(one.samples) for one in sets)
        each = images // 2 if self.exchange == "images" else images
        progress = FleetProgress(desk.progress, self.count, self.settings.epochs * each)

        def told(name: str, result: "TargetResult | None") -> None:
            progress.end_shadow()

        device = pick_device(self.device)
        try:
            train_shadows(
                sets,
                scheme,
                [self.settings],
                self.count,
                self.out,
                device,
                progress=progress,
                exchange=self.exchange,
                told=told,
            )
        except (MemoryError, RuntimeError, TargetError) as error:
            if not is_out_of_memory(error):
                raise
            # Not from the error, whose frames hold what ran out, and which would have it tried again in the same way.
            raise self._no_memory() from None
        finally:
            give_back_memory()
        return tuple(shadow_files(self.out))

    def _no_memory(self) -> TargetError:
        height, width = self.settings.size
        return TargetError(
            f"Memory ran out in training with {self.settings.batch} images of {width} x {height} px a step.", SMALLER
        )

    def gentler(self) -> Gentler | None:
        """Nothing: with a smaller batch they would be other references, and on the CPU they might take weeks."""
        return None


def together(planned: Sequence[PlannedSet]) -> tuple[list[ImageSet], "ClassScheme"]:
    """All sets, read as an audit reads them, and their class scheme. Raises `DataError` where they have several."""
    schemes = {one.scheme.name: one.scheme for one in planned if one.scheme is not None}
    if len(schemes) != 1:
        names = " and ".join(f"'{name}'" for name in schemes)
        raise DataError(
            f"The images have label maps of {names}." if schemes else "No image has a label map.",
            "References learn one class scheme: give the same one to all images."
            if schemes
            else "References learn from images with label maps: add those.",
        )
    (scheme,) = schemes.values()
    return [replace(one.images, encoding=one.encoding) for one in planned], scheme
