"""A chain of defenses: what is asked of which target, then changes to its posteriors."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from core.defenses.base import DEFENSES, Defense, FloatArray, Kind, Noise, OutputDefense
from core.defenses.none import NoDefense
from core.errors import SpecError

FORM = 'Write { name = "gauss", sigma = 0.05 } or { chain = [{ name = "dropout" }, { name = "argmax" }] }.'

BETWEEN = " | "
"""Stands between several chains, as in the card of an attack network that learned under them."""


@dataclass(frozen=True)
class Chain:
    """At most one query-time defense or hardened target, then any number of output defenses.

    Raises `SpecError` where the order is another.

    Attributes
    ----------
    defenses
        In the order in which they act. `NoDefense` is left out, so the empty tuple is "none".
    label
        What to call it on screen, or empty.
    """

    defenses: tuple[Defense, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        acting = tuple(d for d in self.defenses if not isinstance(d, NoDefense))
        object.__setattr__(self, "defenses", acting)
        for defense in acting[1:]:
            if defense.kind is not Kind.OUTPUT:
                raise SpecError(
                    f"defenses: '{defense.name}' cannot follow '{acting[0].name}'.",
                    "A chain begins with at most one of dropout and hardened; output defenses follow.",
                )

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a chain from TOML.

        Parameters
        ----------
        value
            A name; a table with `name` and parameters; a table with `chain`, a list of those; or such a list. Tables
            take an optional `label`.

        Raises
        ------
        SpecError
            Naming the wrong key and what is allowed.
        """
        if isinstance(value, Mapping):
            rest = dict(value)
            label = rest.pop("label", "")
            if not isinstance(label, str):
                raise SpecError(f"defenses: 'label' cannot be {label!r}.", "It takes a text.")
            return cls(_links(rest), label)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return cls(tuple(_defense(link) for link in value))
        return cls((_defense(value),))

    def to_table(self) -> dict[str, Any]:
        """The chain as a TOML table that `parse` reads back."""
        tables = [{"name": d.name, **d.to_mapping()} for d in self.defenses or (NoDefense(),)]
        table = tables[0] if len(tables) == 1 else {"chain": tables}
        return {**table, "label": self.label} if self.label else table

    @property
    def source(self) -> Defense | None:
        """The query-time defense or hardened target that gives the posteriors; None: the audited target."""
        first = self.defenses[0] if self.defenses else None
        return first if first is not None and first.kind is not Kind.OUTPUT else None

    @property
    def outputs(self) -> tuple[OutputDefense, ...]:
        """The output defenses, in order."""
        return tuple(d for d in self.defenses if isinstance(d, OutputDefense))

    @property
    def changes_argmax(self) -> bool:
        """Whether a pixel's predicted class can differ from the audited target's."""
        return any(d.changes_argmax for d in self.defenses)

    @property
    def hard(self) -> bool:
        """Whether the release is label maps only (one-hot posteriors)."""
        hard = False
        for defense in self.outputs:
            # Only noise softens one-hot posteriors again; all else leaves 0 and 1 where they are.
            hard = bool(getattr(defense, "hard", False)) or (hard and not defense.random)
        return hard

    @cached_property
    def id(self) -> str:
        """A name for files and tables, such as "gauss-sigma0.05"; the same for the same parameters, unique to them.

        A hardened target goes by the chain's label, where there is one: its path changes with where the audit lies.
        """
        return "+".join(_id(d, self.label) for d in self.defenses) or "none"

    @property
    def title(self) -> str:
        """What to call it where commands and specs are written."""
        return self.label or self.describe()

    def describe(self) -> str:
        """One line for tables, such as "dropout(p=0.1, passes=1, place=auto) + gauss(sigma=0.05)"."""
        return " + ".join(d.describe() for d in self.defenses) or "none"

    @property
    def words(self) -> str:
        """What to call it where people read, such as "Dropout, p 0.1 + Gauss noise, sigma 0.05"."""
        return self.label or " + ".join(d.words for d in self.defenses or (NoDefense(),))

    def apply(self, posteriors: FloatArray, noise: Noise) -> FloatArray:
        """Apply the output defenses to posteriors `(C, h, w)` float32, whatever gave them."""
        for place, defense in enumerate(self.outputs):
            posteriors = defense.apply(posteriors, noise, f"defense/{place}/{defense.name}")
        return posteriors


def words_of(chains: Iterable[Chain]) -> dict[str, str]:
    """What each of several chains is called where people read, by its id; two called alike are told apart in full."""
    known = tuple(chains)
    times = Counter(chain.words for chain in known)
    return {
        chain.id: chain.words if times[chain.words] == 1 else f"{chain.words} [{chain.describe()}]" for chain in known
    }


def _links(table: dict[str, Any]) -> tuple[Defense, ...]:
    """The defenses of a table with `name` or with `chain`."""
    if "chain" not in table:
        return (_defense(table),)
    links = table.pop("chain")
    if table:
        raise SpecError(f"defenses: '{next(iter(table))}' cannot stand beside 'chain'.", FORM)
    if not isinstance(links, Sequence) or isinstance(links, str):
        raise SpecError(f"defenses: 'chain' cannot be {links!r}.", FORM)
    return tuple(_defense(link) for link in links)


def _defense(value: object) -> Defense:
    """One defense from its name or its table."""
    if isinstance(value, str):
        return DEFENSES.make({"name": value})
    if isinstance(value, Mapping):
        return DEFENSES.make(value)
    raise SpecError(f"defenses: {value!r} is not a defense.", FORM)


def _id(defense: Defense, label: str) -> str:
    """Name and parameters in characters that every file system takes."""
    if label and defense.kind is Kind.HARDENED:
        return f"{defense.name}-{_value_id(label)}"
    pairs = ((key, value) for key, value in defense.to_mapping().items() if value != "")
    return "-".join([defense.name, *(f"{key}{_value_id(value)}" for key, value in pairs)])


def _value_id(value: object) -> str:
    """A value in [a-z0-9._]; a text that does not fit, such as a path, is shortened and gets a hash."""
    # repr is the shortest text that reads back as the same float.
    text = repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
    if not isinstance(value, str) or re.fullmatch(r"[a-z0-9_]{1,24}", text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{re.sub('[^a-z0-9]+', '_', text.lower()).strip('_')[-24:]}_{digest}"
