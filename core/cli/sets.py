"""Image sets on the command line."""

import argparse
from pathlib import Path
from typing import Any

from core.audit.spec import ImagesEntry
from core.audit.store import SPEC_NAME
from core.cli.flags import read_choice
from core.cli.usage import positive
from core.data.labels import ENCODINGS
from core.data.layouts import LAYOUTS
from core.data.samples import Role
from core.errors import SpecError

FORM = "a folder, image or list file; may be repeated"


def add_set_flags(parser: argparse.ArgumentParser, *roles: Role, schemes: bool = False) -> None:
    """Flags --members, --non-members and --suspects, and how their folders are read (see `add_reading_flags`)."""
    group = parser.add_argument_group("images")
    for role in roles:
        group.add_argument(f"--{role}s", dest=dest(role), action="append", default=[], metavar="PATH", help=FORM)
    add_reading_flags(group, schemes=schemes)


def add_reading_flags(group: Any, *, schemes: bool = False) -> None:
    """Flags that say how folders are read. `schemes`: --scheme may be repeated and gives a list."""
    what = "class scheme: a built-in name or a TOML/JSON file"
    group.add_argument(
        "--scheme",
        action="append" if schemes else "store",
        metavar="NAME",
        help=f"{what}; once, or once for each of --shadows (default: as the shadows say)" if schemes else what,
    )
    group.add_argument(
        "--layout",
        default="auto",
        metavar="NAME[:key=value,...]",
        help=f"how the folders are laid out: auto, {', '.join(LAYOUTS.names())}",
    )
    group.add_argument("--encoding", choices=ENCODINGS, help="how label maps are stored (default auto: recognised)")
    group.add_argument("--limit", type=positive, metavar="N", help="only the first N images of each set")


def dest(role: Role) -> str:
    """Where argparse keeps the paths of a role."""
    return f"{role}s".replace("-", "_")


def spec_file(path: Path) -> Path:
    """The spec itself, or the one in an audit folder. Raises `SpecError` for another folder."""
    if not path.is_dir():
        return path
    if not (path / SPEC_NAME).is_file():
        raise SpecError(
            f"{path} is a folder without an audit.",
            "Folders of images are given with --members, --non-members or --suspects.",
        )
    return path / SPEC_NAME


def entries(args: argparse.Namespace, *roles: Role) -> tuple[ImagesEntry, ...]:
    """The image sets named by the flags."""
    layout, options = layout_of(args)
    return tuple(
        ImagesEntry(role, path, layout, options, None, args.encoding, args.limit)
        for role in roles
        for path in getattr(args, dest(role))
    )


def layout_of(args: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """The layout's name and options."""
    table = read_choice(args.layout, {kind.name: kind for kind in LAYOUTS})
    return table.pop("name"), table
