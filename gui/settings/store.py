"""Settings on disk: `settings.toml` in the settings folder, with every key explained. Knows nothing of Qt."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from core.errors import SegLeakError, SpecError, StoreError
from core.files import write_text
from core.parameters import Choice, ParameterInfo, parameters_of
from core.places import config_folder
from gui.settings.table import SECTIONS, Preferences, sections_of

NAME = "settings.toml"
HEAD = "# Settings of SegLeak's window. Written by its settings dialog; may be edited while no window is open.\n"


def settings_path() -> Path:
    """Where the settings are."""
    return config_folder() / NAME


def load() -> tuple[Preferences, list[SegLeakError]]:
    """The settings, and what in their file could not be used: that is as if it were not there."""
    path = settings_path()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Preferences(), []
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = SpecError(f"{path}: cannot be read ({error}).", "Mend or delete it; until then nothing is set.")
        return Preferences(), [problem]
    problems: list[SegLeakError] = []
    read = {cls.name: _section(cls, table.get(cls.name, {}), problems) for cls in SECTIONS}
    return Preferences(**read), problems  # type: ignore[arg-type]


def _section(cls: type[Choice], values: Any, problems: list[SegLeakError]) -> Choice:
    """One section, key by key, so that one wrong value costs only itself. Keys of other versions are passed over."""
    good: dict[str, Any] = {}
    given: Mapping[str, Any] = values if isinstance(values, dict) else {}
    for info in parameters_of(cls):
        if info.name in given:
            try:
                cls.from_mapping({info.name: given[info.name]})
                good[info.name] = given[info.name]
            except SpecError as error:
                problems.append(SpecError(f"{settings_path()}: {error.message}", error.remedy))
    return cls.from_mapping(good)


def save(preferences: Preferences) -> None:
    """Write the settings, atomically. Raises `StoreError` where the folder cannot be written to."""
    try:
        write_text(settings_path(), as_toml(preferences))
    except OSError as error:
        raise StoreError(
            f"{settings_path()}: cannot be written to ({error.strerror}).", "Check the rights and the room on the disk."
        ) from error


def as_toml(preferences: Preferences) -> str:
    """The settings as a TOML document that explains itself."""
    return HEAD + "".join(_as_table(section) for section in sections_of(preferences).values())


def _as_table(section: Choice) -> str:
    lines = [f"\n# {section.title}\n[{section.name}]\n"]
    values = section.to_mapping()
    for info in parameters_of(type(section)):
        lines.append(f"# {_explained(info)}\n{tomli_w.dumps({info.name: values[info.name]})}")
    return "".join(lines)


def _explained(info: ParameterInfo) -> str:
    unit = f", in {info.unit}" if info.unit else ""
    return f"{info.help}{unit} ({info.allowed})"
