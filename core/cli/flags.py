"""Flags and `name:key=value` choices, generated from the parameters of the classes they stand for."""

import argparse
import dataclasses
import re
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
        group.add_argument(
            f"--{prefix}{info.name.replace('_', '-')}",
            dest=_place(prefix, info.name),
            metavar=_metavar(info),
            default=None,
            help=explained(info).replace("%", "%%"),
        )


def explained(info: ParameterInfo) -> str:
    """A parameter's help text with its unit and default."""
    unset = info.default in (None, "", dataclasses.MISSING)
    unit = "" if info.help.startswith(info.unit) else info.unit
    remarks = [unit, "" if unset else f"default {_shown(info.default)}"]
    remark = ", ".join(filter(None, remarks))
    return f"{info.help} ({remark})" if remark else info.help


def _metavar(info: ParameterInfo) -> str:
    """What stands behind the flag in the help: the choices, the form of a list, or the kind of value."""
    if info.choices:
        return "{" + ",".join(info.choices) + "}"
    if info.type is tuple:
        return ",".join("N" * len(info.default)) if info.default else "X,X" if info.default == () else "N,N"
    return {bool: "{true,false}", int: "N", float: "X"}.get(info.type, info.name.upper())


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
    # A comma inside a value, as in a regular expression, is not followed by another key.
    for part in filter(None, re.split(r",(?=\w+=|$)", rest)):
        key, equals, value = part.partition("=")
        if not equals:
            raise SpecError(f"'{text}': '{part}' has no '='.", "Write name:key=value,key=value.")
        table[key] = _value(infos[key], value) if key in infos else value
    return table


def _place(prefix: str, name: str) -> str:
    return f"{SETTING_PREFIX}{prefix.replace('-', '_')}{name}"


def _shown(value: object) -> str:
    """A value as it would be written behind the flag."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(map(_shown, value)) if isinstance(value, tuple) else str(value)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def _number_or_word(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _value(info: ParameterInfo, text: str) -> object:
    """A text of the command line in the parameter's type; wrong ones are left for the class to refuse."""
    try:
        if info.type is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        if info.type in (int, float):
            return info.type(text)
        if info.type is tuple and info.default == ():
            return tuple(_number_or_word(part.strip()) for part in text.split(",") if part.strip())
        if info.type is tuple:
            return tuple(_number(part) for part in text.replace("x", " ").replace(",", " ").split())
    except (KeyError, ValueError):
        if info.type is tuple:
            raise SpecError(
                f"'{info.name}' cannot be '{text}'.", f"Write numbers with commas: {_metavar(info)}."
            ) from None
        return text
    return text
