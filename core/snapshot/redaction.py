"""Leaving out paths and names: one place through which every text of a redacted snapshot goes."""

import dataclasses
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, takewhile
from pathlib import Path
from typing import Any, TypeVar

from core.audit.doubts import Doubt
from core.audit.folder import unwritable
from core.audit.review import ReviewEntry
from core.audit.spec import AuditSpec
from core.audit.store import ImageRow
from core.files import write_text

KEY_NAME = "snapshot.key"
LEFT_OUT = "(path left out)"
SHORTEST = 4
"""Names with fewer characters are part of too many words to be looked for by themselves."""

ABSOLUTE = re.compile(
    r"(?<![\w.:/])(?:[A-Za-z]:[\\/]|\\\\|~[\\/]|(?:\.\./)+|/)[^\s\\/:*?\"<>|,;)]+(?:[\\/][^\s\\/:*?\"<>|,;)]*)+"
)
"""What still looks like a path after all known ones were replaced."""
FILE = re.compile(
    r"[^\s\\/\"',;()]+\.(?:safetensors|pth?|pt2|ckpt|onnx|png|jpe?g|tiff?|bmp|webp|toml|csv|txt|json)\b", re.I
)
"""What still looks like the name of a file, unless it is attached or belongs to every audit."""
OURS = frozenset({"audit.json", "scores.csv", "audit.toml"})
NAME_LEFT_OUT = "(name left out)"
PLAIN = frozenset({"non-members", "non-member"})
"""Names of folders that are words of this program."""
HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

T = TypeVar("T")


class Names:
    """Texts as they are: nothing is left out."""

    redacted = False

    def __init__(self, rows: Sequence[ImageRow]) -> None:
        self._rows = {row.id: row for row in rows}

    def of(self, image: int) -> str:
        """What an image is called."""
        return self._rows[image].key

    def hash(self, sha256: str | None) -> str | None:
        """The hash of an image or label map."""
        return sha256

    def text(self, text: str) -> str:
        """A text that may be printed."""
        return text

    def decided(self, value: T) -> T:
        """What people decided, as entries of the review log or in plain tables, as it may be printed."""
        return value


class Redacted(Names):
    """No path, no file name; images go by role and number, and their hashes are keyed.

    A keyed hash (HMAC-SHA256, RFC 2104) can be checked by who has the key, which stays in the audit folder, but an
    image cannot be looked up by it.
    """

    redacted = True

    def __init__(
        self,
        rows: Sequence[ImageRow],
        spec: AuditSpec,
        key: bytes,
        more: Iterable[str] = (),
        entries: Sequence[ReviewEntry] = (),
    ) -> None:
        super().__init__(rows)
        self._key = key
        self._people = {who: f"reviewer {n}" for n, who in enumerate(dict.fromkeys(e.who for e in entries), start=1)}
        self._names = _numbered(rows)
        self._hashes = {sha: self._keyed(sha) for row in rows for sha in (row.sha256, row.label_sha256) if sha}
        known = {text: LEFT_OUT for text in more if text} | _secrets(rows, self._names, spec)
        self._stand_ins = {s: n for s, n in known.items() if len(s) >= SHORTEST}
        self._replace = replacer(self._stand_ins)
        stems = {Path(row.key).stem: self._names[row.id] for row in rows}
        in_words = {s: n for s, n in (stems | self._people).items() if len(s) >= SHORTEST and s not in PLAIN}
        self._replace_words = replacer(in_words)

    def of(self, image: int) -> str:
        """Role and number."""
        return self._names[image]

    def hash(self, sha256: str | None) -> str | None:
        """The keyed hash."""
        return None if sha256 is None else self._hashes.get(sha256) or self._keyed(sha256)

    def text(self, text: str) -> str:
        """The text with every known path, name and image hash replaced, and whatever else looks like a path."""
        text = self._replace(text)
        text = HASH.sub(lambda found: self._hashes.get(found.group(), found.group()), text)
        text = ABSOLUTE.sub(LEFT_OUT, text)
        return FILE.sub(lambda found: found.group() if found.group() in OURS else NAME_LEFT_OUT, text)

    def decided(self, value: T) -> T:
        """Reviewers go by numbers, and names of images are left out of what they wrote, ordinary words too."""
        found: Any = value
        if isinstance(found, list):
            found = [self.decided(inner) for inner in found]
        elif isinstance(found, ReviewEntry):
            found = ReviewEntry(**self._decision(vars(found)))
        elif isinstance(found, Mapping):
            found = {key: self.decided(inner) for key, inner in found.items()}
            if {"who", "why"} <= found.keys():
                found = self._decision(found)
            elif found.get("override"):
                doubt = Doubt(found["check"], found["image"], found["sentence"], ReviewEntry(**found["override"]))
                found["told"] = doubt.told
        result: T = found
        return result

    def _decision(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of an entry of the review log."""
        value = entry["value"] if isinstance(entry["value"], str) else mapped(entry["value"], self._written)
        who = self._people.get(entry["who"], "a reviewer")
        return {**entry, "who": who, "why": self._written(entry["why"]), "value": value}

    def _written(self, text: str) -> str:
        """What a person wrote."""
        return self._replace_words(self.text(text))

    def _keyed(self, sha256: str) -> str:
        return hmac.new(self._key, sha256.encode(), hashlib.sha256).hexdigest()


def _numbered(rows: Sequence[ImageRow]) -> dict[int, str]:
    counts: dict[str, int] = {}
    names = {}
    for row in rows:
        counts[row.role] = counts.get(row.role, 0) + 1
        names[row.id] = f"{row.role} {counts[row.role]}"
    return names


def _secrets(rows: Sequence[ImageRow], names: Mapping[int, str], spec: AuditSpec) -> dict[str, str]:
    """What must not be printed, with what stands in its place. Files of one name, by chance, are all left out."""
    found: dict[str, str] = {}
    for number, entry in enumerate(spec.images, start=1):
        _add(found, entry.path, f"image set {number}", spec)
        _add(found, entry.scheme or "", "class scheme", spec)
    for row in rows:
        for path in filter(None, (row.path, row.label_path, row.key)):
            _add(found, path, names[row.id])
            _name(found, Path(path).stem, names[row.id])
        if row.group:
            found.setdefault(row.group, "a group")
    _add(found, spec.target.path, "target file", spec)
    for chain in spec.defenses:
        if chain.source is not None and hasattr(chain.source, "path"):
            _add(found, str(chain.source.path), "hardened target", spec)
            _hide_id(found, chain.id, chain.label)
            _hide_id(found, type(chain)((chain.source,)).id, "")
    for attack in spec.attacks:
        _add(found, str(getattr(attack.attack, "network", "")), "attack network", spec)
    for path in paths_of(spec):
        _add(found, path, "file", spec)
    found.setdefault(str(spec.folder.absolute()), "audit folder")
    return found


def paths_of(spec: AuditSpec) -> list[str]:
    """Every path of a spec, as it is written there."""
    found: list[str] = []

    def keep(path: str) -> str:
        found.append(path)
        return path

    spec.with_paths(keep)
    return found


def any_of(words: Sequence[str]) -> str:
    """A pattern for any of the sorted words, the longest that fits first; quick for a hundred thousand of them."""
    same = (a == b for a, b in zip(words[0], words[-1], strict=False))
    prefix = words[0][: sum(takewhile(bool, same))]
    rest = [word[len(prefix) :] for word in words]
    branches = "|".join(any_of(list(group)) for _, group in groupby(filter(None, rest), key=lambda word: word[0]))
    ending = f"(?:{branches})" if branches else ""
    return re.escape(prefix) + (f"{ending}?" if ending and "" in rest else ending)


def replacer(stand_ins: Mapping[str, str]) -> Callable[[str], str]:
    """Replaces each of the words where it stands by itself."""
    if not stand_ins:
        return str
    pattern = re.compile(rf"(?<!\w)(?:{any_of(sorted(stand_ins))})(?!\w)")
    return lambda text: pattern.sub(lambda found: stand_ins[found.group()], text)


def _hide_id(found: dict[str, str], chain: str, label: str) -> None:
    """The id of a hardened target without a label is made of its path."""
    if not label:
        number = sum(name.startswith("hardened-target-") for name in found.values()) + 1
        found.setdefault(chain, f"hardened-target-{number}")


def _add(found: dict[str, str], path: str, name: str, spec: AuditSpec | None = None) -> None:
    """A path as it is written, as it is found on disk, and its last part."""
    if not path or ("/" not in path and "\\" not in path and "." not in path):
        return  # a short name of something that comes with the program
    found.setdefault(path, name)
    _name(found, Path(path).name, name)
    if spec is not None:
        found.setdefault(str(spec.resolve(path)), name)


def _name(found: dict[str, str], text: str, name: str) -> None:
    """A name by itself, unless it is a word that texts are made of: then it tells nothing, and they need it."""
    if text.lower() not in PLAIN and not (text.isascii() and text.isalpha() and text.islower()):
        found.setdefault(text, name)


def read_key(folder: Path) -> bytes | None:
    """The key of an audit's hashes; None where no redacted snapshot was made."""
    try:
        return bytes.fromhex((folder / KEY_NAME).read_text("ascii").strip())
    except (OSError, ValueError):
        return None


def key_of(folder: Path) -> bytes:
    """The key of an audit's hashes, made the first time. Raises `StoreError` where the folder cannot be written to."""
    known = read_key(folder)
    if known is not None:
        return known
    key = secrets.token_bytes(32)
    try:
        write_text(folder / KEY_NAME, key.hex() + "\n")
    except OSError as error:
        raise unwritable(folder, error) from error
    return key


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
