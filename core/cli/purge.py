"""`main.py purge`: delete cached posteriors and thumbnails."""

import argparse
import shutil

from core.audit.cache import PosteriorCache
from core.cli.screen import Screen
from core.places import cache_folder


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("purge", help="delete cached posteriors and thumbnails; audits stay")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Delete the cache and say what was freed."""
    freed = PosteriorCache.default(0).purge()
    folder = cache_folder()
    if folder.is_dir():
        freed += sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        shutil.rmtree(folder)
    screen.print(f"{folder}: {freed / 1e6:.1f} MB freed")
    return 0
