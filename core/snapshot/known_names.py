"""The paths and names of an audit that a redacted snapshot must not print, with what stands in their place."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from core.audit.spec import AuditSpec
from core.audit.store import ImageRow

LEFT_OUT = "(path left out)"
NAME_LEFT_OUT = "(name left out)"
COMMON = frozenset(
    {"audit", "audits", "data", "home", "image", "images", "label", "labels", "mask", "masks", "media", "member"}
    | {"members", "mnt", "model", "models", "non-member", "non-members", "opt", "root", "srv", "suspect", "suspects"}
    | {"target", "targets", "test", "tmp", "train", "training", "user", "users", "val", "var", "work"}
)
"""Names of folders that are on every other disk: they tell nothing, and texts are made of them."""


def numbered(rows: Sequence[ImageRow]) -> dict[int, str]:
    """Role and number of each image, by its id."""
    counts: dict[str, int] = {}
    names = {}
    for row in rows:
        counts[row.role] = counts.get(row.role, 0) + 1
        names[row.id] = f"{row.role} {counts[row.role]}"
    return names


def paths_of(spec: AuditSpec) -> list[str]:
    """Every path of a spec, as it is written there, once."""
    found: list[str] = []

    def keep(path: str) -> str:
        if path:
            found.append(path)
        return path

    spec.with_paths(keep)
    return list(dict.fromkeys(found))


class KnownNames:
    """What must not be printed, and what stands in its place.

    Attributes
    ----------
    files
        Paths, and names of files with their endings: nothing else that is printed looks like them.
    words
        Names of all kinds and lengths, parts of paths and groups too: some look like ordinary words, so they are
        looked for only in what people wrote.
    """

    def __init__(
        self, rows: Sequence[ImageRow], spec: AuditSpec, names: Mapping[int, str], more: Iterable[str]
    ) -> None:
        self.files: dict[str, str] = {}
        self.words: dict[str, str] = {}
        for row in rows:
            for path in filter(None, (row.key, row.path, row.label_path)):
                self._add(path, names[row.id])
                self._word(Path(path).stem, names[row.id])
            self._word(row.group or "", NAME_LEFT_OUT)
        for path in paths_of(spec):
            self._add(path, LEFT_OUT)
            self._add(str(spec.resolve(path)), LEFT_OUT)
            self._word(Path(path).stem, NAME_LEFT_OUT)
        for path in filter(None, (str(spec.folder.absolute()), *more)):
            self._add(path, LEFT_OUT)
            self._word(Path(path).stem, NAME_LEFT_OUT)
        for word in COMMON & self.words.keys():
            del self.words[word]

    def _add(self, path: str, name: str) -> None:
        """A path with all above it, and its parts; an ambiguous name stands for none of those it could be."""
        whole = Path(path)
        for text in (path, whole.name):
            if "/" in text or "\\" in text or _is_file(text):
                _put(self.files, text, name)
        self._word(whole.name, name)
        for above in whole.parents:
            if len(above.parts) > 1:
                self.files.setdefault(str(above), LEFT_OUT)
            self._word(above.name, NAME_LEFT_OUT)

    def _word(self, word: str, name: str) -> None:
        if word.strip("./\\"):
            _put(self.words, word, name)


def _put(known: dict[str, str], text: str, name: str) -> None:
    if known.setdefault(text, name) != name:
        known[text] = NAME_LEFT_OUT


def _is_file(name: str) -> bool:
    """Whether a name has the ending of a file, so that it cannot be a word."""
    ending = Path(name).suffix
    return len(ending) > 2 and any(letter.isalpha() for letter in ending)
