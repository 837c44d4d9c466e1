"""Chains put together and taken apart, and which defenses can be tried. Knows nothing of Qt."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.defenses import DEFENSES
from core.defenses.base import Defense, Kind
from core.defenses.chain import Chain
from core.defenses.dropout import CLOSED_FORMATS, Dropout
from core.defenses.hardened import Hardened
from core.defenses.none import NoDefense
from core.errors import SpecError
from core.parameters import parameters_of
from gui.document import AuditDocument
from gui.scale import scale_of
from gui.told import told_shortly

STEP = 10
"""A copy is moved by this part of its parameter's range."""


@dataclass(frozen=True)
class Offer:
    """A defense that can be tried.

    Attributes
    ----------
    kind
        Its class.
    reason
        Why it cannot be tried on this target, or empty.
    """

    kind: type[Defense]
    reason: str = ""

    @property
    def title(self) -> str:
        """Its name on screen."""
        return self.kind.title

    @property
    def help(self) -> str:
        """What it does, in a sentence; or why it cannot be."""
        return self.reason or help_of(self.kind)


def help_of(kind: type[Defense]) -> str:
    """What a defense does, in a sentence."""
    return told_shortly(kind)


def offers(document: AuditDocument | None) -> list[Offer]:
    """The defenses that are made from parameters alone, in the order of their registration."""
    kinds = [kind for kind in DEFENSES if kind.kind is not Kind.HARDENED and kind is not NoDefense]
    return [Offer(kind, no_dropout(document) if issubclass(kind, Dropout) else "") for kind in kinds]


def output_offers() -> list[Offer]:
    """Those that can follow another defense."""
    return [offer for offer in offers(None) if offer.kind.kind is Kind.OUTPUT]


def no_dropout(document: AuditDocument | None) -> str:
    """Why dropout cannot be switched on in an audit's target; empty where nothing speaks against it."""
    told = {} if document is None else document.fact("target", {})
    if told.get("format") not in CLOSED_FORMATS:
        return ""
    return f"A model of the format {told['format']} cannot be changed from outside: dropout needs a torch checkpoint."


def hardened_chain(path: str, stem: str, labels: frozenset[str]) -> Chain:
    """A hardened target by its file, called after it; `labels`: what others are called already."""
    label = next(name for name in _names(stem) if name not in labels)
    return Chain((Hardened(path=path),), label)


def _names(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem} {number}"
        number += 1


# ---------------------------------------------------------------- changing a chain


def with_link(chain: Chain, place: int, link: Defense) -> Chain:
    """With another defense in a place."""
    links = chain.defenses
    return replace(chain, defenses=(*links[:place], link, *links[place + 1 :]))


def longer(chain: Chain, link: Defense) -> Chain:
    """With one more defense at the end."""
    return replace(chain, defenses=(*chain.defenses, link))


def shorter(chain: Chain, place: int) -> Chain:
    """Without the defense in a place."""
    return replace(chain, defenses=(*chain.defenses[:place], *chain.defenses[place + 1 :]))


def moved(chain: Chain, place: int, to: int) -> Chain:
    """With a defense in another place. Raises `SpecError` where the order cannot be, or there is no such place."""
    links = list(chain.defenses)
    if not 0 <= to < len(links):
        raise SpecError("defenses: there is no such place in the chain.")
    links.insert(to, links.pop(place))
    return replace(chain, defenses=tuple(links))


def can_move(chain: Chain, place: int, to: int) -> bool:
    """Whether `moved` gives a chain."""
    try:
        moved(chain, place, to)
    except SpecError:
        return False
    return True


# ---------------------------------------------------------------- copies


def nearby(chain: Chain, taken: frozenset[str]) -> Chain | None:
    """The chain, or one with a number moved a little, whose id is not taken; None where there is none."""
    if chain.id not in taken:
        return chain
    variants = (with_link(chain, place, link) for place, link in _variants(chain))
    return next((variant for variant in variants if variant.id not in taken), None)


def _variants(chain: Chain) -> Iterator[tuple[int, Defense]]:
    """Defenses of the chain with other numbers, by place: the last defense first, near numbers first."""
    for place, link in reversed(list(enumerate(chain.defenses))):
        for info in parameters_of(type(link)):
            scale = scale_of(info)
            if scale is not None:
                here, step = scale.place(getattr(link, info.name)), max(1, scale.last // STEP)
                there = sorted(range(here % step, scale.last + 1, step), key=lambda p: (abs(p - here), -p))
                values = (scale.value(p) for p in there)
                yield from ((place, replace(link, **{info.name: info.type(value)})) for value in values)
