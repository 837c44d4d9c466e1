"""Knowledge distillation: the target learns from another model's answers in place of the members' labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.errors import SpecError
from core.parameters import param
from core.training.hardening.base import HARDENINGS, Hardening

if TYPE_CHECKING:
    from core.training.fit import Fit
    from core.training.method import Method
    from core.training.settings import TargetTraining


@HARDENINGS.register
@dataclass(frozen=True)
class Distillation(Hardening):
    """A student learns the posteriors of a teacher that was trained on the members (Hinton et al. 2015).

    With reference images the student sees nothing else, and not their label maps either: what it knows of the
    members it has from the teacher's answers to other images (Shejwalkar and Houmansadr 2021, "DMP"). Its loss is
    T^2 KL(softmax(t / T) || softmax(s / T)), the mean over all pixels, for logits t of the teacher, s of the student
    and the temperature T. (DMP writes no T^2; it only keeps the size of the gradients when T changes.)

    Without references it learns on the members: weight times that loss plus (1 - weight) times the cross-entropy.
    """

    name: ClassVar[str] = "distillation"
    title: ClassVar[str] = "Knowledge distillation"
    references: ClassVar[str] = "optional"
    teacher: str = param(..., "checkpoint of the teacher, trained here on the same images")
    temperature: float = param(4.0, "softens the posteriors; 1: as they are", low=0.1, high=100)
    weight: float = param(0.9, "of the teacher against the label maps; without references only", low=0.0, high=1.0)

    def check(self, settings: "TargetTraining") -> None:
        """Raise `SpecError` where there is no such teacher, or it sees images otherwise than the student."""
        from core.targets.checkpoint import read_card

        card = read_card(self.path)
        if card is None:
            raise SpecError(
                f"{self.name}: the teacher '{self.teacher}' is no target checkpoint of SegLeak.",
                "Train it on the same images first, plainly.",
            )
        if card.preprocessing != settings.preprocessing:
            raise SpecError(
                f"{self.name}: the teacher sees images with {card.preprocessing.describe()}, the student with "
                f"{settings.preprocessing.describe()}.",
                "Train both at one size.",
            )

    @property
    def path(self) -> Path:
        """The teacher's checkpoint."""
        return Path(self.teacher)

    def files(self) -> tuple[Path, ...]:
        """The teacher."""
        return (self.path,)

    def method(self, fit: "Fit") -> "Method":
        """Training on the teacher's answers."""
        from core.training.hardening.distillation_method import DistillationMethod

        return DistillationMethod(fit, self)
