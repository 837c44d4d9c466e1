"""Things that can be chosen by name and have typed parameters: defenses, attacks, samplers, layouts, target formats.

A choice is a frozen dataclass whose fields are made with `param`. From it come the TOML table, the command-line flag,
the window's form and the line in the snapshot.
"""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, ClassVar, Generic, TypeVar

from core.errors import SpecError

Number = int | float


@dataclasses.dataclass(frozen=True)
class ParameterInfo:
    """What a form, a flag or a help text needs to know of one parameter."""

    name: str
    type: type
    default: Any
    help: str
    unit: str
    low: Number | None
    high: Number | None
    choices: tuple[str, ...]
    file: str
    """What a dialog for files offers, such as "Pictures (*.png *.jpg)"; "" where the parameter is no file."""
    suggested: tuple[str, ...]
    """What a form offers among other values that can be typed."""
    optional: bool

    @property
    def allowed(self) -> str:
        """The allowed values as words, such as "a number from 0 to 1"."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        words = {
            int: "a whole number",
            float: "a number",
            bool: "true or false",
            str: "a text",
            tuple: "a list",
        }
        kind = words.get(self.type, self.type.__name__)
        if self.low is not None and self.high is not None:
            return f"{kind} from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{kind} of at least {self.low:g}"
        if self.high is not None:
            return f"{kind} of at most {self.high:g}"
        return kind


def param(
    default: Any,
    help: str,
    *,
    unit: str = "",
    low: Number | None = None,
    high: Number | None = None,
    choices: tuple[str, ...] = (),
    file: str = "",
    suggested: tuple[str, ...] = (),
) -> Any:
    """Make a dataclass field that knows its help text, unit and allowed values. `...` as default: must be given."""
    metadata = {"help": help, "unit": unit, "low": low, "high": high, "choices": choices, "file": file}
    metadata["suggested"] = suggested
    if default is ...:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def _plain_type(annotation: Any) -> tuple[type, bool]:
    """The runtime type of an annotation and whether None is allowed."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        inner = [a for a in typing.get_args(annotation) if a is not type(None)]
        return _plain_type(inner[0])[0], True
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return str, False
    return (origin or annotation), False


@dataclasses.dataclass(frozen=True)
class Choice:
    """Base of everything chosen by name. Values are checked at construction; `SpecError` names the key."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for info in parameters_of(type(self)):
            value = getattr(self, info.name)
            object.__setattr__(self, info.name, _checked(info, value, self.name or type(self).__name__))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> typing.Self:
        """Make one from a TOML table. Raises `SpecError` for unknown or missing keys and wrong values."""
        known = {info.name: info for info in parameters_of(cls)}
        label = cls.name or cls.__name__
        for key in values:
            if key not in known:
                allowed = ", ".join(known) or "none"
                raise SpecError(f"{label}: unknown key '{key}'.", f"Allowed keys: {allowed}.")
        for info in known.values():
            if info.default is dataclasses.MISSING and info.name not in values:
                raise SpecError(f"{label}: the key '{info.name}' is missing.", f"It takes {info.allowed}: {info.help}")
        return cls(**values)

    def to_mapping(self) -> dict[str, Any]:
        """Every parameter that is set, as plain TOML values."""
        pairs = ((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))
        return {k: (list(v) if isinstance(v, tuple) else v) for k, v in pairs if v is not None}

    def describe(self) -> str:
        """One line for tables and legends, such as "gauss(sigma=0.05)"."""
        inside = ", ".join(f"{k}={_short(v)}" for k, v in self.to_mapping().items())
        return f"{self.name}({inside})" if inside else self.name

    @property
    def words(self) -> str:
        """What it is called in the window and the snapshot, such as "Gauss noise, sigma 0.05".

        The first parameter is always said, others where they are set and not the default; of a path only the name.
        """
        said = [
            f"{field.name} {_short(value)}" if not isinstance(value, str) else PurePath(value).name
            for place, field in enumerate(dataclasses.fields(self))
            if (value := getattr(self, field.name)) not in (None, "") and (place == 0 or value != field.default)
        ]
        return ", ".join([self.title or self.name, *said])


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def parameters_of(cls: type) -> list[ParameterInfo]:
    """The parameters of a `Choice` class, in order."""
    hints = typing.get_type_hints(cls)
    infos = []
    for field in dataclasses.fields(cls):
        plain, optional = _plain_type(hints[field.name])
        meta = field.metadata
        infos.append(
            ParameterInfo(
                name=field.name,
                type=plain,
                default=field.default,
                help=meta.get("help", ""),
                unit=meta.get("unit", ""),
                low=meta.get("low"),
                high=meta.get("high"),
                choices=meta.get("choices", ()),
                file=meta.get("file", ""),
                suggested=meta.get("suggested", ()),
                optional=optional,
            )
        )
    return infos


def _checked(info: ParameterInfo, value: Any, label: str) -> Any:
    """The value in its type, or a `SpecError` that says what is allowed."""
    if value is None and info.optional:
        return None
    if info.type is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if info.type is tuple and isinstance(value, list):
        value = tuple(value)
    good = isinstance(value, info.type) and not (info.type is not bool and isinstance(value, bool))
    if good and info.choices:
        good = value in info.choices
    if good and isinstance(value, int | float):
        # `not >=` rather than `<`, so that NaN is refused too.
        good = (info.low is None or value >= info.low) and (info.high is None or value <= info.high)
        good = good and value == value  # noqa: PLR0124 - NaN
    if not good:
        raise SpecError(f"{label}: '{info.name}' cannot be {value!r}.", f"It takes {info.allowed}.")
    return value


C = TypeVar("C", bound=Choice)


class Registry(Generic[C]):
    """The choices of one kind, by name.

    Parameters
    ----------
    kind
        The word used in messages, such as "defense".
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._classes: dict[str, type[C]] = {}

    def register(self, cls: type[C]) -> type[C]:
        """Class decorator. The class needs a `name` of its own."""
        if not cls.name or cls.name in self._classes:
            raise ValueError(f"{cls.__name__}: the name {cls.name!r} is empty or taken")
        self._classes[cls.name] = cls
        return cls

    def __iter__(self) -> Iterator[type[C]]:
        return iter(self._classes.values())

    def names(self) -> list[str]:
        """All names, in the order of registration."""
        return list(self._classes)

    def get(self, name: str) -> type[C]:
        """The class of that name. Raises `SpecError` listing the names there are."""
        try:
            return self._classes[name]
        except KeyError:
            raise SpecError(
                f"There is no {self.kind} '{name}'.", f"Choose one of: {', '.join(self._classes)}."
            ) from None

    def make(self, values: Mapping[str, Any]) -> C:
        """Make a choice from a table with a `name` key and its parameters."""
        rest = dict(values)
        name = rest.pop("name", None)
        if not isinstance(name, str):
            raise SpecError(f"A {self.kind} needs a 'name'.", f"Choose one of: {', '.join(self._classes)}.")
        return self.get(name).from_mapping(rest)
