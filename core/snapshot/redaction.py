"""Leaving out paths and names: one place through which everything in a redacted snapshot goes."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.audit.decisions import TAKES_BACK
from core.audit.folder import unwritable
from core.audit.review import ReviewEntry
from core.audit.spec import AuditSpec
from core.audit.store import ImageRow
from core.defenses.chain import Chain, words_of
from core.files import write_text
from core.snapshot.known_names import LEFT_OUT, NAME_LEFT_OUT, KnownNames, numbered, paths_of
from core.snapshot.replacing import mapped, replacer

KEY_NAME = "snapshot.key"

ABSOLUTE = re.compile(
    r"(?<![\w.:/])(?:[A-Za-z]:[\\/]|\\\\|~[\\/]|(?:\.\./)+|/)[^\s\\/:*?\"<>|,;)]+(?:[\\/][^\s\\/:*?\"<>|,;)]*)+"
)
"""What still looks like a path after all known ones were replaced."""
FILE = re.compile(
    r"[^\s\\/\"',;()]+\.(?:safetensors|pth?|pt2|ckpt|onnx|png|jpe?g|tiff?|bmp|webp|toml|csv|txt|json)\b", re.I
)
"""What still looks like the name of a file, unless it is attached or belongs to every audit."""
OURS = frozenset({"audit.json", "scores.csv", "audit.toml"})
PARTS = re.compile(r"[^\s\"'“”,;()]*[^\s\"'“”,;()\d][\\/][^\s\"'“”,;()]+")
"""What still looks like a part of a path, in sentences that are not the program's own."""
HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
ABOUT_MODEL = re.compile(r"^(Warning: )?(.+?)(: (?:its|was|shares|no|[\d,]+) )")
"""The beginning of a sentence about the independence of a model, with its name."""


class Names:
    """Texts as they are: nothing is left out.

    Attributes
    ----------
    spec
        The spec as it may be printed.
    """

    redacted = False

    def __init__(self, rows: Sequence[ImageRow], spec: AuditSpec) -> None:
        self._rows = {row.id: row for row in rows}
        self.spec = spec
        self._words = words_of(spec.defenses)

    def of(self, image: int) -> str:
        """What an image is called."""
        return self._rows[image].key

    def group(self, group: str | None) -> str | None:
        """What a group of images is called."""
        return group

    def hash(self, sha256: str | None) -> str | None:
        """The hash of an image or label map."""
        return sha256

    def chain(self, chain: Chain) -> str:
        """What a defense is called in the attached files."""
        return chain.title

    def words(self, chain: Chain) -> str:
        """What a defense is called on the pages, each differently."""
        return self._words.get(chain.id, chain.words)

    def text(self, text: str) -> str:
        """A text that may be printed."""
        return text

    def told(self, sentence: str) -> str:
        """A sentence of the program about files, such as why one failed."""
        return sentence

    def of_model(self, sentence: str) -> str:
        """A sentence of the program that begins with the name of a model's file."""
        return sentence

    def written(self, text: str) -> str:
        """What a person wrote."""
        return text

    def decisions(self, entries: Sequence[ReviewEntry]) -> list[ReviewEntry]:
        """The review log."""
        return list(entries)


class Redacted(Names):
    """No path, no file name, no folder name; images go by role and number, and their hashes are keyed.

    What has a place of its own in the tables (names, paths, groups) is replaced there, whatever it is, so that short
    names and ordinary words are left out too. Sentences are searched for paths and names of files, and what people
    wrote for names of every kind.

    A keyed hash (HMAC-SHA256, RFC 2104) can be checked by who has the key, which stays in the audit folder, but an
    image cannot be looked up by it.

    Attributes
    ----------
    chains
        The defenses, with their paths.
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
        super().__init__(rows, _without_paths(spec))
        self._key, self.chains = key, spec.defenses
        self._people = {who: f"reviewer {n}" for n, who in enumerate(dict.fromkeys(e.who for e in entries), start=1)}
        self._names = numbered(rows)
        groups = dict.fromkeys(row.group for row in rows if row.group)
        self._groups = {group: f"group {n}" for n, group in enumerate(groups, start=1)}
        self._hashes = {sha: self._keyed(sha) for row in rows for sha in (row.sha256, row.label_sha256) if sha}
        self._titles, ids = _hardened(spec)
        known = KnownNames(rows, spec, self._names, more)
        self._replace = replacer(known.files | ids)
        self._replace_words = replacer(known.words | self._groups | self._people)

    def of(self, image: int) -> str:
        """Role and number."""
        return self._names[image]

    def of_key(self, role: str, key: str) -> str:
        """Role and number of the image of that role and key."""
        found = (self._names[row.id] for row in self._rows.values() if (row.role, row.key) == (role, key))
        return next(found, NAME_LEFT_OUT)

    def group(self, group: str | None) -> str | None:
        """A number."""
        return self._groups[group] if group else group

    def hash(self, sha256: str | None) -> str | None:
        """The keyed hash."""
        return None if sha256 is None else self._hashes.get(sha256) or self._keyed(sha256)

    def chain(self, chain: Chain) -> str:
        """Its label, or a title without a path."""
        return chain.label or self._titles.get(chain.id) or chain.title

    def words(self, chain: Chain) -> str:
        """Its label, or its words without a path."""
        title = self._titles.get(chain.id)
        if chain.label or title is None:
            return super().words(chain)
        return " + ".join([title.partition(" + ")[0].capitalize(), *(output.words for output in chain.outputs)])

    def text(self, text: str) -> str:
        """The text without known paths, names of files and image hashes, and whatever else looks like these."""
        text = self._replace(text)
        text = HASH.sub(lambda found: self._hashes.get(found.group(), found.group()), text)
        text = ABSOLUTE.sub(LEFT_OUT, text)
        return FILE.sub(lambda found: found.group() if found.group() in OURS else NAME_LEFT_OUT, text)

    def told(self, sentence: str) -> str:
        """The sentence without parts of paths either."""
        return PARTS.sub(LEFT_OUT, self.text(sentence))

    def of_model(self, sentence: str) -> str:
        """The sentence with "model" in place of the name."""
        return self.told(ABOUT_MODEL.sub(r"\1model\3", sentence))

    def written(self, text: str) -> str:
        """The text without any word that is a name."""
        return PARTS.sub(LEFT_OUT, self._replace_words(self.text(text)))

    def decisions(self, entries: Sequence[ReviewEntry]) -> list[ReviewEntry]:
        """The review log with numbers for people, and without names in what they wrote."""
        return [ReviewEntry(**self.decision(vars(entry))) for entry in entries]

    def decision(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of an entry of the review log."""
        who = self._people.get(entry["who"], "a reviewer")
        return {**entry, "who": who, "why": self.written(entry["why"]), "value": self._value(entry["value"])}

    def _value(self, value: Any) -> Any:
        """A note that takes another one back repeats what was written there; all else was not written by a person."""
        if not isinstance(value, Mapping) or TAKES_BACK not in value:
            return mapped(value, self.text)
        when, why = value[TAKES_BACK]
        return {**value, TAKES_BACK: [when, self.written(why)]}

    def _keyed(self, sha256: str) -> str:
        return hmac.new(self._key, sha256.encode(), hashlib.sha256).hexdigest()


def _without_paths(spec: AuditSpec) -> AuditSpec:
    """The spec with a number in place of each path."""
    places = {path: f"(path {number})" for number, path in enumerate(paths_of(spec), start=1)}
    return spec.with_paths(lambda path: places.get(path, path))


def _hardened(spec: AuditSpec) -> tuple[dict[str, str], dict[str, str]]:
    """Titles of hardened targets without a label, and ids, where these are made of their paths; by their id."""
    titles, ids = {}, {}
    for number, chain in enumerate((c for c in spec.defenses if hasattr(c.source, "path")), start=1):
        rest = "".join(f" + {output.describe()}" for output in chain.outputs)
        ids[type(chain)((chain.source,)).id] = f"hardened-target-{number}"  # type: ignore[arg-type]
        if not chain.label:
            titles[chain.id] = f"hardened target {number}{rest}"
            ids[chain.id] = f"hardened-target-{number}{rest.replace(' ', '')}"
    return titles, ids


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
