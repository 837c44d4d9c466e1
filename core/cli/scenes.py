"""`main.py scenes`: write procedural street scenes with their label maps."""

import argparse
from pathlib import Path

from core.cli.screen import Screen
from core.errors import SpecError

LAYOUTS = ("pairs", "list", "cityscapes", "bdd100k", "mapillary", "camvid")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("scenes", help="write procedural street scenes with their label maps")
    parser.add_argument("--out", required=True, type=Path, help="folder; scenes that are there already are kept")
    parser.add_argument("--count", required=True, type=int, help="number of scenes")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first scene; the others follow (default 0)")
    parser.add_argument("--size", default="512x1024", help="height and width in pixels (default 512x1024)")
    parser.add_argument("--layout", choices=LAYOUTS, default="pairs", help="how the files are laid out (default pairs)")
    parser.add_argument("--split", choices=("train", "val", "test"), default="train", help="split (default train)")
    parser.add_argument("--quality", type=int, default=92, help="JPEG quality, 1 to 100 (default 92)")
    parser.add_argument("--png", action="store_true", help="write images as PNG")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Write the scenes and say what opens them."""
    from core.data.layouts import open_images
    from core.data.scenes import write_scenes

    quality = None if args.png else args.quality
    place = write_scenes(
        args.out,
        args.count,
        args.seed,
        _size(args.size),
        args.layout,
        split=args.split,
        jpeg_quality=quality,
        progress=screen.progress,
    )
    screen.close()
    screen.print(f"{place}: {open_images(place, args.layout).sentence}")
    return 0


def _size(text: str) -> tuple[int, int]:
    """Read "512x1024"."""
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise SpecError(f"'{text}' is no size.", "Write height and width in pixels, such as 512x1024.")
    return int(height), int(width)
