"""Finding a command from a few letters of its name. Knows nothing of Qt."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

WORD_START, RUN, INSIDE = 8, 4, 1
"""What a letter is worth at the beginning of a word, right after the letter before it, and elsewhere."""

BEFORE = -2
"""The place of no letter; not right before the first one."""


def rank(query: str, text: str) -> int | None:
    """How well a text answers to a query; None where the query's letters do not all occur in it, in order.

    Letters at word beginnings and in a run count for more, so that "oa" finds "Open audit" before "Reload".
    """
    letters = re.sub(r"\s+", "", query.casefold())
    folded = text.casefold()
    starts = {match.start() for match in re.finditer(r"\w+", folded)}
    ranks: dict[int, int] = {BEFORE: 0}
    for letter in letters:
        ranks = _extended(ranks, letter, folded, starts)
        if not ranks:
            return None
    return max(ranks.values())


def _extended(ranks: dict[int, int], letter: str, text: str, starts: set[int]) -> dict[int, int]:
    """The best rank of each place at which the next letter can be found, from those of the letter before."""
    found: dict[int, int] = {}
    for place in (i for i, sign in enumerate(text) if sign == letter):
        before = [value + (RUN if last == place - 1 else 0) for last, value in ranks.items() if last < place]
        if before:
            found[place] = max(before) + (WORD_START if place in starts else INSIDE)
    return found


def found(query: str, items: Iterable[T], text_of: Callable[[T], str]) -> list[T]:
    """The items that answer to a query, the best first; equal ones, and all for an empty query, in their order."""
    ranked = [(value, item) for item in items if (value := rank(query, text_of(item))) is not None]
    return [item for _, item in sorted(ranked, key=lambda pair: -pair[0])]
