"""Flags and `name:key=value` choices, generated from the parameters of the classes they stand for."""

import argparse
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from core.errors import SpecError
from core.parameters import Choice, ParameterInfo, parameters_of

C = TypeVar("C", bound=Choice)
SETTING_PREFIX = "setting_"


def add_flags(parser: argparse.ArgumentParser, kind: type[Choice], title: str, prefix: str = "") -> None:
    """Add a flag for each parameter of a class, in a group of its own."""
    group = parser.add_argument_group(title)
    for info in parameters_of(kind):
        flag = f"--{prefix}{info.name.replace('_', '-')}"
        unit = f" in {info.unit}" if info.unit else ""
        default = "" if info.default in (None, "", ...) else f" (default {_shown(info.default)})"
        group.add_argument(
            flag,
            dest=_place(prefix, info.name),
            metavar=info.name.upper(),
            default=None,
            help=f"{info.help}{unit}{default}".replace("%", "%%"),
        )


def given_flags(args: argparse.Namespace, kind: type[Choice], prefix: str = "") -> dict[str, Any]:
    """The parameters that were given as flags of `add_flags`, by name."""
    pairs = ((info, getattr(args, _place(prefix, info.name), None)) for info in parameters_of(kind))
    return {info.name: _value(info, text) for info, text in pairs if text is not None}


def read_flags(args: argparse.Namespace, kind: type[C], prefix: str = "") -> C | None:
    """The choice made by the flags of `add_flags`, or None where none was given. Raises `SpecError`."""
    values = given_flags(args, kind, prefix)
    return kind.from_mapping(values) if values else None


def read_choice(text: str, kinds: Mapping[str, type[Choice]]) -> dict[str, Any]:
    """Read "gauss:sigma=0.05,clip=1" as the TOML table {name = "gauss", sigma = 0.05, ...}."""
    name, _, rest = text.partition(":")
    infos = {info.name: info for info in parameters_of(kinds[name])} if name in kinds else {}
    table: dict[str, Any] = {"name": name}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise SpecError(f"'{text}': '{part}' has no '='.", "Write name:key=value,key=value.")
        table[key] = _value(infos[key], value) if key in infos else value
    return table


def _place(prefix: str, name: str) -> str:
    return f"{SETTING_PREFIX}{prefix.replace('-', '_')}{name}"


def _shown(value: object) -> str:
    return " ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def _value(info: ParameterInfo, text: str) -> object:
    """A text of the command line in the parameter's type; wrong ones are left for the class to refuse."""
    try:
        if info.type is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        if info.type in (int, float):
            return info.type(text)
        if info.type is tuple:
            return tuple(json.loads(part) for part in text.replace("x", " ").replace(",", " ").split())
    except (KeyError, ValueError):
        return text
    return text
