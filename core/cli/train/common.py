"""What the kinds of training share: images, class scheme, hardening, where to write."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.flags import read_choice
from core.cli.models import add_device_flag
from core.cli.sets import FORM, add_reading_flags, layout_of
from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.data.scheme import load_scheme
from core.errors import SpecError
from core.training.hardening import HARDENINGS, Hardening

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme


def checkpoint(text: str) -> Path:
    """Where to write a checkpoint. With another ending, what reads it would take it for another format."""
    if not text.endswith(".safetensors"):
        raise argparse.ArgumentTypeError(f"{text} does not end in .safetensors")
    return Path(text)


def add_training_images(parser: argparse.ArgumentParser) -> None:
    """Flags --images, and how they are read."""
    parser.add_argument("--images", action="append", required=True, metavar="PATH", help=FORM)
    add_reading_flags(parser.add_argument_group("images"))


def add_hardening_flags(parser: argparse.ArgumentParser) -> None:
    """Flags --hardening and --references."""
    parser.add_argument(
        "--hardening",
        default="none",
        metavar="NAME[:key=value,...]",
        help=f"train so that less is remembered: {', '.join(HARDENINGS.names())} (default none)",
    )
    parser.add_argument(
        "--references",
        action="append",
        default=[],
        metavar="PATH",
        help="images that are no members, for hardenings that take some; may be repeated",
    )


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Flags --quiet and --device."""
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)


def read_hardening(args: argparse.Namespace) -> Hardening:
    """The hardening that --hardening names. Raises `SpecError`."""
    return HARDENINGS.make(read_choice(args.hardening, {kind.name: kind for kind in HARDENINGS}))


def open_sets(args: argparse.Namespace, paths: Sequence[str]) -> list[ImageSet]:
    """The image sets at some paths, read as the flags say."""
    layout, options = layout_of(args)
    found = [open_images(Path(path), layout, options) for path in paths]
    return [
        replace(images, samples=images.samples[: args.limit], encoding=args.encoding or images.encoding)
        for images in found
    ]


def scheme_named(*names: str | None) -> "ClassScheme":
    """The class scheme of the first name that is given. Raises `SpecError` where none is."""
    name = next(filter(None, names), None)
    if name is None:
        raise SpecError("Nothing says which classes the label maps use.", "Give --scheme.")
    return load_scheme(name, Path.cwd())
