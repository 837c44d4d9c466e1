"""Replacing words in texts and in whole tables."""

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any, TypeVar

T = TypeVar("T")


def any_of(words: Sequence[str]) -> str:
    """A pattern for any of the sorted words, the longest that fits first; quick for a hundred thousand of them."""
    same = (a == b for a, b in zip(words[0], words[-1], strict=False))
    prefix = words[0][: sum(takewhile(bool, same))]
    rest = [word[len(prefix) :] for word in words]
    branches = "|".join(any_of(list(group)) for _, group in groupby(filter(None, rest), key=lambda word: word[0]))
    ending = f"(?:{branches})" if branches else ""
    return re.escape(prefix) + (f"{ending}?" if ending and "" in rest else ending)


def folded(text: str) -> str:
    """A text in which capital and small letters are alike, each letter at its own place."""
    return "".join(letter if len(small := letter.lower()) != 1 else small for letter in composed(text))


def composed(text: str) -> str:
    """A text with one code for a letter and its accents: disks and keyboards disagree about that."""
    return unicodedata.normalize("NFC", text)


def replacer(stand_ins: Mapping[str, str]) -> Callable[[str], str]:
    """Replaces each of the words where it stands by itself, in capital and small letters alike."""
    known = {folded(word): name for word, name in stand_ins.items() if word}
    if not known:
        return composed
    pattern = re.compile(rf"(?<!\w)(?:{any_of(sorted(known))})(?!\w)")

    def replaced(text: str) -> str:
        text = composed(text)
        parts, end = [], 0
        for found in pattern.finditer(folded(text)):
            parts += [text[end : found.start()], known[found.group()]]
            end = found.end()
        return "".join([*parts, text[end:]])

    return replaced


def mapped(value: T, change: Callable[[str], str]) -> T:
    """The same with every text changed, in tuples, lists, mappings (keys too) and dataclasses; the rest is kept."""
    found: Any = value
    if isinstance(found, str):
        found = change(found)
    elif isinstance(found, tuple):
        found = tuple(mapped(inner, change) for inner in found)
    elif isinstance(found, list):
        found = [mapped(inner, change) for inner in found]
    elif isinstance(found, Mapping):
        found = {mapped(key, change): mapped(inner, change) for key, inner in found.items()}
    elif dataclasses.is_dataclass(found) and not isinstance(found, type):
        values = {f.name: mapped(getattr(found, f.name), change) for f in dataclasses.fields(found) if f.init}
        found = dataclasses.replace(found, **values)
    result: T = found
    return result
