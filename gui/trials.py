"""Chains of defenses that a person tries and the audit does not have. Knows nothing of Qt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from core.defenses.chain import Chain
from core.defenses.none import NoDefense
from core.errors import SpecError

TWICE = "That defense is there already."
REMEDY = "Choose another value."


def title_of(chain: Chain) -> str:
    """What a chain is called on screen."""
    return chain.words


def plain_title_of(chain: Chain) -> str:
    """What a chain is called in files for other programs: as a spec has it."""
    return NoDefense.title if chain.title == NoDefense.name else chain.title


@dataclass(frozen=True)
class Trial:
    """A chain on trial, and the place of its colour among those of all defenses."""

    chain: Chain
    slot: int


@dataclass(frozen=True)
class Trials:
    """The trials of one audit, in order; no chain is there twice, neither among them nor in the audit.

    Attributes
    ----------
    audited
        Ids of the audit's own chains, in order: they have the first colours.
    trials
        The trials.
    """

    audited: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()

    @property
    def chains(self) -> tuple[Chain, ...]:
        """The chains on trial."""
        return tuple(trial.chain for trial in self.trials)

    @property
    def slots(self) -> dict[str, int]:
        """The place of each chain's colour, by id."""
        places = {chain: place for place, chain in enumerate(self.audited)}
        return places | {trial.chain.id: trial.slot for trial in self.trials}

    def __contains__(self, chain: object) -> bool:
        return chain in self.slots

    def added(self, chain: Chain, place: int | None = None) -> Self:
        """With one more trial, by default the last one. Raises `SpecError` where the chain is there already."""
        self._need_new(chain.id)
        slots = set(self.slots.values())
        free = next(slot for slot in range(len(slots) + 1) if slot not in slots)
        trials = list(self.trials)
        trials.insert(len(trials) if place is None else place, Trial(chain, free))
        return replace(self, trials=tuple(trials))

    def dropped(self, chain_id: str) -> Self:
        """Without a trial; the same where there is none of that id."""
        return replace(self, trials=tuple(trial for trial in self.trials if trial.chain.id != chain_id))

    def retuned(self, chain_id: str, chain: Chain) -> Self:
        """With a trial replaced by another chain, in its place and colour.

        Raises `SpecError` where the other chain is there already, `KeyError` where no trial has the id.
        """
        if chain_id not in {trial.chain.id for trial in self.trials}:
            raise KeyError(chain_id)
        if chain.id != chain_id:
            self._need_new(chain.id)
        trials = (replace(t, chain=chain) if t.chain.id == chain_id else t for t in self.trials)
        return replace(self, trials=tuple(trials))

    def _need_new(self, chain_id: str) -> None:
        if chain_id in self:
            raise SpecError(TWICE, REMEDY)


def replaced(chains: Sequence[str], before: str, after: str) -> tuple[str, ...]:
    """The ids with one of them replaced."""
    return tuple(after if chain == before else chain for chain in chains)


def without(chains: Iterable[str], gone: str) -> tuple[str, ...]:
    """The ids without one of them."""
    return tuple(chain for chain in chains if chain != gone)
