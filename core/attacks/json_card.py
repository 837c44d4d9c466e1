"""What is learned and small enough to be a JSON file: combiners and ratio tables. Written and read in one way."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from core.errors import AttackError
from core.files import write_text

Card = TypeVar("Card")


def card_text(kind: str, card: Any) -> str:
    """A dataclass of plain values as JSON text that says its kind."""
    return json.dumps({"kind": kind, **dataclasses.asdict(card)}, indent=1, allow_nan=False)


def write_card(path: Path, text: str) -> None:
    """Write what `card_text` made, atomically."""
    write_text(path, text + "\n")


def read_card(path: Path, kind: str, train: str, make: Callable[[Mapping[str, Any]], Card]) -> Card:
    """Read a file of a kind.

    Parameters
    ----------
    kind
        What the file must say of itself, such as "segleak combiner".
    train
        The command that makes one.
    make
        Makes the card of the file's values; what it raises says that they are damaged.

    Raises `AttackError` naming the file.
    """
    noun = kind.removeprefix("segleak ")
    again, new = "Train it again.", f"Make one with `{train}`."
    try:
        values = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise AttackError(f"{path}: cannot be read ({error.strerror}).", f"Check the path of the {noun}.") from error
    except (ValueError, RecursionError) as error:
        raise AttackError(f"{path.name}: is no {noun} ({error}).", new) from error
    if not isinstance(values, dict) or values.pop("kind", None) != kind:
        raise AttackError(f"{path.name}: is no {noun}.", new)
    try:
        return make(values)
    except AttackError as error:
        raise AttackError(f"{path.name}: {error.message}", error.remedy) from error
    except (KeyError, TypeError, ValueError) as error:
        raise AttackError(f"{path.name}: the {noun} is damaged ({error}).", again) from error


def is_number(value: object) -> bool:
    """Whether it is a number of a sane size; a comparison, because huge whole numbers are no floats."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300
