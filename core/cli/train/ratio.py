"""`main.py train ratio`."""

import argparse

from core.cli.flags import add_flags, read_flags
from core.cli.models import add_reference_flags
from core.cli.screen import Screen
from core.cli.train.attack import add_shadow_flags, open_given_references, open_shadows
from core.cli.train.combiner import json_file
from core.cli.train.common import add_run_flags
from core.training.settings import RatioTraining

USAGE = """\
%(prog)s --shadows FOLDER --images PATH --out FILE [options]"""


def add_parser(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this kind of training."""
    parser = kinds.add_parser("ratio", usage=USAGE, help="fit the table of 'learned-ratio' to half-supervised shadows")
    add_reference_flags(
        parser, "a reference model that is no shadow; may be repeated. Without any the shadows serve each other"
    )
    add_shadow_flags(parser)
    parser.add_argument("--out", type=json_file, required=True, metavar="FILE", help="table (.json)")
    add_run_flags(parser)
    add_flags(parser, RatioTraining, "training")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Fit a table; print it and how it does on held-out images."""
    from core.training.ratio import train_ratio

    result = train_ratio(
        open_shadows(args, screen),
        read_flags(args, RatioTraining) or RatioTraining(),
        args.out,
        references=open_given_references(args),
        progress=screen.progress,
    )
    screen.close()
    screen.print(f"{result.path}: evidence by log odds of the target (down) and of the references (across)")
    screen.print(" " * 8 + "".join(f"{knot:8.1f}" for knot in result.table.knots))
    for knot, row in zip(result.table.knots, result.table.values, strict=True):
        screen.print(f"{knot:8.1f}" + "".join(f"{value:8.2f}" for value in row))
    screen.print(f"AUC {result.auc:.3f} of telling blocks of held-out images apart")
    return 0
