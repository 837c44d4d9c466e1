"""Forms for choices that have lists among their parameters: there, a list is a text. Knows nothing of Qt."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.errors import SpecError
from core.parameters import Choice, parameters_of


def with_texts(kind: type[Choice]) -> type[Choice]:
    """The kind with its lists as texts, such as "0.485, 0.456, 0.406", so that a form can ask for them."""
    fields: list[tuple[str, type, Any]] = []
    for field, info in zip(dataclasses.fields(kind), parameters_of(kind), strict=True):
        if info.type is tuple:
            default = _text(info.default or ())
            metadata = dict(field.metadata) | {"help": f"{info.help}; numbers with commas between them"}
            fields.append((info.name, str, dataclasses.field(default=default, metadata=metadata)))
        else:
            fields.append((info.name, info.type, dataclasses.field(default=info.default, metadata=field.metadata)))
    return dataclasses.make_dataclass(
        kind.__name__, fields, bases=(Choice,), namespace={"name": kind.name, "title": kind.title}, frozen=True
    )


def as_texts(kind: type[Choice], values: Mapping[str, Any]) -> Choice:
    """Values of the kind, in the kind that `with_texts` makes of it."""
    return with_texts(kind).from_mapping({k: _text(v) if isinstance(v, list | tuple) else v for k, v in values.items()})


def from_texts(kind: type[Choice], shown: Choice) -> dict[str, Any]:
    """Values of the kind from what a form shows. Raises `SpecError` naming the key that cannot be."""
    values = dict(shown.to_mapping())
    for info in parameters_of(kind):
        if info.type is tuple:
            values[info.name] = _numbers(kind, info.name, str(values[info.name]))
            if not values[info.name]:
                del values[info.name]
    return kind.from_mapping(values).to_mapping()


def _text(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _numbers(kind: type[Choice], name: str, text: str) -> list[float | int]:
    try:
        return [int(part) if part.isdigit() else float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise SpecError(f"{kind.name}: '{name}' cannot be '{text}'.", "It takes numbers with commas between.") from None
