"""`main.py train`: targets, shadows, attack networks; a file each."""

import argparse

from core.cli.train import attack, shadows, target


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand and its kinds."""
    parser = commands.add_parser("train", help="train a target, shadows, or an attack network on shadows")
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for module in (target, shadows, attack):
        module.add_parser(kinds)
