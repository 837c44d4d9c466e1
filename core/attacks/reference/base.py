"""What the reference-calibrated attacks share: an image that is easy for every model is no evidence."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, AttackContext, AttackResult, Needs, Observation, Reference
from core.attacks.baselines.base import Baseline, labelled_pixels
from core.attacks.blocks import BLOCK, BLOCK_HELP, block_mean
from core.attacks.losses import LARGEST_LOSS, label_of, loss_map
from core.attacks.reference.sides import Array, Said, both, mean, unaware
from core.attacks.views import MOST, VIEWS, View
from core.errors import AttackError
from core.parameters import param

OF_THE_IMAGE = "The score is the mean over the image and its enlarged middle; the map is of the image alone."


@dataclass(frozen=True)
class ReferenceAttack(Baseline):
    """The target's answer, set against those of models that have not seen the image."""

    block: int = param(BLOCK, BLOCK_HELP, unit="grid points", low=1, high=1024)
    views: int = param(
        1,
        "1: the image alone; 2, 3: also its middle, enlarged 1.4 and 1.2 times, the scores averaged",
        low=1,
        high=MOST,
    )

    @property
    def remark(self) -> str:
        """That the map does not say all of the score, where views are asked about."""
        return OF_THE_IMAGE if self._views() else ""

    def asked_views(self, context: AttackContext) -> tuple[View, ...]:
        """All but the first, which is the image."""
        return self._views()

    def _views(self) -> tuple[View, ...]:
        return VIEWS[: self.views - 1]

    def requires_references(self, context: AttackContext) -> bool:
        """Always."""
        return True

    def score(self, observation: Observation) -> AttackResult:
        """Score one image.

        Its map is the evidence of each pixel of the image itself, averaged over blocks, NaN where void. Raises
        `AttackError` where the label map, posteriors, references or views it needs are not there.
        """
        return self.judged(observation, self.evidence)

    def judged(self, observation: Observation, evidence_of: Callable[[Observation], Array]) -> AttackResult:
        """As `score`, of the evidence that a function gives."""
        labelled = labelled_pixels(observation)
        if self.needs is Needs.POSTERIORS:
            _refuse_hard(observation)
        evidence = evidence_of(observation)
        shown = block_mean(np.where(labelled, evidence, np.nan), self.block)
        scores = [self._summed_up(observation, labelled, evidence)]
        for view in self._seen_views(observation):
            scores.append(self._summed_up(view, labelled_pixels(view), evidence_of(view)))
        return AttackResult(float(np.mean(scores)), {self.maps[0]: shown})

    def _summed_up(self, observation: Observation, labelled: npt.NDArray[np.bool_], evidence: Array) -> float:
        """The score of an image or a view. Raises `AttackError` where references say nothing of any labelled pixel."""
        known = labelled & ~np.isnan(evidence)
        if not known.any():
            raise AttackError(
                "no labelled pixel has references on both sides.", "Train more of them, in pairs that exchange halves."
            )
        return self.summed_up(observation, known, evidence)

    def _seen_views(self, observation: Observation) -> Iterator[Observation]:
        """What is seen of each view; those that are void everywhere say nothing."""
        for view in self._views():
            seen = observation.views.get(view.id)
            if seen is None:
                raise AttackError("nobody was asked about enlarged views.", "Run the audit with this attack.")
            if (label_of(seen) != VOID).any():
                yield seen

    @abstractmethod
    def evidence(self, observation: Observation) -> Array:
        """The evidence of each pixel `(h, w)`; higher = more likely a member. What void pixels hold is not used."""

    def summed_up(self, observation: Observation, known: npt.NDArray[np.bool_], evidence: Array) -> float:
        """The image score: the mean over the pixels `(h, w)` that are labelled and of which there is evidence."""
        return float(evidence[known].mean())


@dataclass(frozen=True)
class ModedAttack(ReferenceAttack):
    """Asks references that have not seen the image, or also those that have."""

    mode: str = param(
        "offline",
        "offline: references that have not seen the image; online: also those that have",
        choices=("offline", "online"),
    )

    def sides(self, observation: Observation, said: Said) -> tuple[Array, Array]:
        """What references inside `(n, h, w)`, none where offline, and outside say of each pixel.

        NaN where a reference that learned from part of the image is on the other side. Raises `AttackError` where there
        are none to ask.
        """
        if self.mode == "online":
            return both(observation, said)
        found = np.asarray([said(reference) for reference in unaware(observation)], np.float64)
        return np.empty((0, *found.shape[1:])), found

    def expected(self, observation: Observation, said: Said) -> Array:
        """What references say on average `(h, w)`; online, halfway between those inside and those outside."""
        return np.asarray(np.mean([mean(side) for side in self.sides(observation, said) if len(side)], axis=0))


@dataclass(frozen=True)
class LeveledAttack(ModedAttack):
    """A likelihood ratio of the whole image, or the mean of those of its pixels."""

    level: str = param("image", "what one likelihood is of", choices=("image", "pixel"))

    @abstractmethod
    def values(self, log_probability: Array) -> Array:
        """What is compared, from log p[true class]."""

    @abstractmethod
    def ratio(self, target: Array, inside: Array, outside: Array) -> Array:
        """Evidence from the target's values `(...)` and those of the references, `(n, ...)` inside and outside."""

    def evidence(self, observation: Observation) -> Array:
        """The ratio of each pixel."""
        return self.ratio(*self._given(observation))

    def summed_up(self, observation: Observation, known: npt.NDArray[np.bool_], evidence: Array) -> float:
        """The mean of the pixels' ratios, or the ratio of the means over these pixels."""
        if self.level == "pixel":
            return super().summed_up(observation, known, evidence)
        target, *sides = self._given(observation)
        if any(np.isnan(side).any() for side in sides):
            sides = [self.together(side)[None] for side in sides]
        target, inside, outside = (values[..., known].mean(axis=-1) for values in (target, *sides))
        return float(self.ratio(target, inside, outside))

    def together(self, side: Array) -> Array:
        """One value for each pixel of a side `(n, h, w)` whose references know other pixels each."""
        return mean(side)

    def _given(self, observation: Observation) -> tuple[Array, Array, Array]:
        """Values of the target `(h, w)`, of references inside and of references outside, `(n, h, w)`."""
        target = self.values(-loss_map(observation).astype(np.float64))
        inside, outside = self.sides(observation, lambda reference: self.values(log_probability(reference)))
        return target, inside, outside


def log_probability(reference: Reference) -> Array:
    """A reference's log p[true class] `(h, w)`, from -69.08 to 0; 0 where void."""
    assert reference.true_log_probability is not None  # the label map is there, so it was recorded
    return np.clip(reference.true_log_probability.astype(np.float64), -LARGEST_LOSS, 0)


def correct(posteriors: npt.NDArray[np.floating], observation: Observation) -> npt.NDArray[np.bool_]:
    """Where posteriors or their logarithms `(C, h, w)` predict the label map's class; False where void."""
    label = label_of(observation)
    right: npt.NDArray[np.bool_] = (posteriors.argmax(axis=0) == label) & (label != VOID)
    return right


def _refuse_hard(observation: Observation) -> None:
    if observation.hard:
        raise AttackError("it needs posteriors, and only label maps are released.", "Use a label-only attack.")
    if any(reference.hard for reference in observation.references):
        raise AttackError("it needs posteriors, and a reference gives label maps only.", "Use a label-only attack.")
