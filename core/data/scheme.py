"""Class schemes: which label ids there are, which classes they train, and their colours.

A scheme is a small TOML file, or the same keys in JSON::

    name = "yards"
    title = "Back yards, 2 classes"
    classes = [
        { name = "grass", id = 1, train_id = 0, colour = [0, 128, 0] },
        { name = "moss", id = 4, train_id = 0, colour = [0, 96, 0] },
        { name = "path", id = 2, train_id = 1, colour = [128, 128, 128] },
        { name = "cat", id = 3, colour = [255, 0, 0] },
    ]

`id` (0 to 65535) is the value in label maps, `train_id` the target's output channel; without one (or with 255 or
-1) the label is void. Train ids count from 0 without gaps, at most 255 of them. Where several labels share a train
id, the first gives the class its name and colour. `title` may be left out.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tomli_w

from core.errors import DataError, SpecError
from core.files import write_text

VOID = 255
"""The train id of pixels that belong to no class."""

ID_COUNT = 1 << 16
MAX_CLASSES = 255
MAX_FILE_BYTES = 4 << 20

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class ClassEntry:
    """One label of a scheme; `train_id` None means void."""

    name: str
    id: int
    train_id: int | None
    colour: Colour


@dataclass(frozen=True)
class ClassScheme:
    """A checked set of labels.

    Attributes
    ----------
    name
        Short name, as given in an audit's spec.
    title
        Name for a person.
    entries
        The labels, in the order of the file.
    """

    name: str
    title: str
    entries: tuple[ClassEntry, ...]

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def _leaders(self) -> tuple[ClassEntry, ...]:
        """The entry that names each class, in the order of train ids."""
        first: dict[int, ClassEntry] = {}
        for entry in self.entries:
            if entry.train_id is not None:
                first.setdefault(entry.train_id, entry)
        return tuple(first[train_id] for train_id in sorted(first))

    @property
    def classes(self) -> int:
        """Number of classes C."""
        return len(self._leaders)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of train ids."""
        return tuple(entry.name for entry in self._leaders)

    @cached_property
    def colours(self) -> npt.NDArray[np.uint8]:
        """Class colours `(C, 3)` uint8 RGB in the order of train ids."""
        return np.array([entry.colour for entry in self._leaders], dtype=np.uint8)

    @cached_property
    def from_ids(self) -> npt.NDArray[np.uint8]:
        """Train id of every label id, `(65536,)` uint8; 255 for void and for ids outside the scheme."""
        table = np.full(ID_COUNT, VOID, dtype=np.uint8)
        for entry in self.entries:
            if entry.train_id is not None:
                table[entry.id] = entry.train_id
        return table

    @cached_property
    def known_ids(self) -> npt.NDArray[np.bool_]:
        """Which values may stand in a map of label ids, `(65536,)`: the scheme's ids, and 255 (void by custom)."""
        known = np.zeros(ID_COUNT, dtype=bool)
        known[[entry.id for entry in self.entries]] = True
        known[VOID] = True
        return known

    @cached_property
    def known_train_ids(self) -> npt.NDArray[np.bool_]:
        """Which values may stand in a map of train ids, `(65536,)`: 0 to C - 1, and 255."""
        known = np.zeros(ID_COUNT, dtype=bool)
        known[: self.classes] = True
        known[VOID] = True
        return known


def builtin_schemes() -> tuple[str, ...]:
    """Names of the schemes that come with SegLeak."""
    folder = resources.files("resources") / "schemes"
    return tuple(sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".toml")))


def load_scheme(name_or_path: str | Path, folder: Path = Path()) -> ClassScheme:
    """A built-in scheme by name, or a user's TOML or JSON file.

    Parameters
    ----------
    name_or_path
        "cityscapes19", for example, or a file's path.
    folder
        Where relative paths begin.

    Raises `SpecError` when there is neither such a name nor such a file, `DataError` naming file and key when
    the file is wrong.
    """
    if str(name_or_path) in builtin_schemes():
        return _builtin(str(name_or_path))
    path = folder / name_or_path
    if not path.is_file():
        what = "class scheme file" if path.suffix.lower() in {".toml", ".json"} else "class scheme"
        raise SpecError(
            f"There is no {what} '{name_or_path}'.",
            f"Give a TOML or JSON file, or one of: {', '.join(builtin_schemes())}.",
        )
    return _from_mapping(_parsed(path), str(path))


def save_scheme(scheme: ClassScheme, path: Path) -> None:
    """Write a scheme as TOML, atomically."""
    classes = []
    for entry in scheme.entries:
        train = {} if entry.train_id is None else {"train_id": entry.train_id}
        classes.append({"name": entry.name, "id": entry.id, **train, "colour": list(entry.colour)})
    write_text(path, tomli_w.dumps({"name": scheme.name, "title": scheme.title, "classes": classes}))


@lru_cache
def _builtin(name: str) -> ClassScheme:
    file = resources.files("resources") / "schemes" / f"{name}.toml"
    return _from_mapping(tomllib.loads(file.read_text("utf-8")), name)


def _parsed(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{path} is too large for a class scheme.", "Name a TOML or JSON class scheme.")
        text = path.read_text("utf-8-sig")
        return json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path} cannot be read as a class scheme: {error}.", "It must be valid TOML or JSON."
        ) from error


def _from_mapping(values: Any, source: str) -> ClassScheme:
    table = _table(values, source, ("name", "title", "classes"))
    name = _text(table, "name", source)
    rows = table.get("classes")
    if not isinstance(rows, list) or not rows:
        raise DataError(f"{source}: 'classes' is missing or empty.", "List at least one class.")
    entries = tuple(_entry(row, f"{source}: classes[{index}]") for index, row in enumerate(rows))
    title = _text(table, "title", source) if "title" in table else name
    try:
        return ClassScheme(name, title, entries)
    except DataError as error:
        raise DataError(f"{source}: {error.message}", error.remedy) from error


def _table(values: Any, where: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(values, dict):
        raise DataError(f"{where} is not a table.", f"It takes the keys {', '.join(keys)}.")
    for key in values:
        if key not in keys:
            raise DataError(f"{where}: unknown key '{key}'.", f"Allowed keys: {', '.join(keys)}.")
    return values


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise DataError(f"{where}: '{key}' cannot be {value!r}.", "It takes a text in one line.")
    return value


def _entry(values: Any, where: str) -> ClassEntry:
    table = _table(values, where, ("name", "id", "train_id", "colour"))
    train_id = table.get("train_id")
    if train_id in (VOID, -1):
        train_id = None
    colour = table.get("colour")
    if not isinstance(colour, list) or len(colour) != 3 or not all(_whole(v, 0, 255) for v in colour):
        raise DataError(f"{where}: 'colour' cannot be {colour!r}.", "It takes three whole numbers 0 to 255.")
    if not _whole(table.get("id"), 0, ID_COUNT - 1):
        raise DataError(f"{where}: 'id' cannot be {table.get('id')!r}.", "It takes a whole number 0 to 65535.")
    if train_id is not None and not _whole(train_id, 0, MAX_CLASSES - 1):
        raise DataError(
            f"{where}: 'train_id' cannot be {train_id!r}.", "It takes 0 to 254, or nothing for a void label."
        )
    return ClassEntry(_text(table, "name", where), table["id"], train_id, (colour[0], colour[1], colour[2]))


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _check(scheme: ClassScheme) -> None:
    """What holds between the entries. Raises `DataError`."""
    seen: set[int] = set()
    for entry in scheme.entries:
        if entry.id in seen:
            raise DataError(f"the id {entry.id} ('{entry.name}') occurs twice.", "Give every label its own id.")
        seen.add(entry.id)
    train_ids = {entry.train_id for entry in scheme.entries if entry.train_id is not None}
    if not train_ids:
        raise DataError("no label has a train_id.", "At least one label must belong to a class.")
    if gaps := set(range(max(train_ids) + 1)) - train_ids:
        raise DataError(f"no label has the train_id {min(gaps)}.", "Train ids count from 0 without gaps.")
