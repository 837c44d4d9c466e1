"""`main.py train`: targets, shadows, attack networks, combiners; a file each."""

import argparse

from core.cli.train import attack, combiner, shadows, target


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand and its kinds."""
    parser = commands.add_parser("train", help="train a target, shadows, or on shadows an attack network or a combiner")
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for module in (target, shadows, attack, combiner):
        module.add_parser(kinds)
