"""`main.py train`: targets, shadows, attack networks, combiners, tables; a file each."""

import argparse

from core.cli.train import attack, combiner, ratio, shadows, target


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand and its kinds."""
    parser = commands.add_parser(
        "train", help="train a target, shadows, or on shadows an attack network, a combiner or a table"
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for module in (target, shadows, attack, combiner, ratio):
        module.add_parser(kinds)
