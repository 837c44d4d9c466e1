"""How far a fleet of shadows is, as one count over all of them. Imports no torch."""

from core.progress import Progress

TRAINING = "training"
"""The stage of a training in which images are learned from; all others are short beside it."""


class FleetProgress(Progress):
    """Tells another progress how far all shadows together are, in images learned from.

    Parameters
    ----------
    outer
        What is told, and asked whether to go on.
    count
        Shadows.
    weight
        How many images each learns from, all its epochs together.
    """

    def __init__(self, outer: Progress, count: int, weight: int) -> None:
        super().__init__()
        self._outer, self._count, self._weight = outer, count, max(1, weight)
        self._ended, self._told, self._said = 0, 0, ""

    def start(self, stage: str, total: int, done: int = 0) -> None:
        """Begin a stage of one shadow, or of all of them before the first."""
        super().start(stage, total, done)
        if self._outer.stage != self._name:
            self._told = self._ended * self._weight
            self._outer.start(self._name, self._count * self._weight, self._told)
        if stage == TRAINING:
            self._outer.begin_pace()
        else:
            self._outer.say(stage)

    def step(self, message: str = "", steps: int = 1) -> None:
        """Report steps of a stage. Many at once are those of an earlier call, from whose state it goes on."""
        super().step(message, steps)
        if self.stage != TRAINING:
            return
        if message.partition(",")[0] != self._said.partition(",")[0]:  # an epoch is told once, not at each step
            self._said = message
        share = self.done / self.total if self.total else 1.0
        self._tell_outer(round((self._ended + share) * self._weight), before=steps > 1)

    def end_shadow(self) -> None:
        """A shadow is trained, by this call or an earlier one."""
        self._ended += 1
        self._said = ""

    def check(self) -> None:
        """As the other: it may be held, and it may raise `Cancelled`."""
        self._outer.check()

    @property
    def cancelled(self) -> bool:
        """Whether the other was asked to stop."""
        return self._outer.cancelled

    @property
    def _name(self) -> str:
        return f"Reference {min(self._ended + 1, self._count)} of {self._count}"

    def _tell_outer(self, images: int, *, before: bool) -> None:
        """Say that so many images of all were learned from; `before`: not just now."""
        more, self._told = images - self._told, images
        if before:
            self._outer.skip(more)
        else:
            self._outer.step(self._said, more)
