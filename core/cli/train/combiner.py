"""`main.py train combiner`."""

import argparse
from pathlib import Path

from core.attacks.all import ATTACKS
from core.audit.device import pick_device
from core.cli.defenses import FORM as DEFENSE
from core.cli.defenses import read_chain
from core.cli.flags import add_flags, read_choice, read_flags
from core.cli.models import add_reference_flags
from core.cli.screen import Screen
from core.cli.train.attack import (
    add_shadow_flags,
    open_given_references,
    open_shadows,
    print_held_out,
)
from core.cli.train.common import add_run_flags
from core.training.settings import CombinerTraining

USAGE = """\
%(prog)s --shadows FOLDER --images PATH --attack NAME --attack NAME --out FILE [options]"""


def add_parser(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this kind of training."""
    parser = kinds.add_parser("combiner", usage=USAGE, help="fit how much several attacks weigh together, on shadows")
    parser.add_argument(
        "--attack",
        action="append",
        required=True,
        metavar="NAME[:key=value,...]",
        help="an attack to combine; repeat it",
    )
    add_reference_flags(
        parser, "a reference model that is no shadow; may be repeated. The shadows serve each other as references"
    )
    parser.add_argument(
        "--defense",
        action="append",
        default=[],
        metavar=DEFENSE,
        help="fit on outputs under this defense, or chain joined by '+'; repeated: under each (default none)",
    )
    add_shadow_flags(parser)
    parser.add_argument("--out", type=json_file, required=True, metavar="FILE", help="combiner (.json)")
    add_run_flags(parser)
    add_flags(parser, CombinerTraining, "training")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Fit a combiner; print its weights and how it does on held-out shadow images."""
    from core.training.combiner import train_combiner

    kinds = {kind.name: kind for kind in ATTACKS}
    result = train_combiner(
        open_shadows(args, screen),
        [ATTACKS.make(read_choice(text, kinds)) for text in args.attack],
        read_flags(args, CombinerTraining) or CombinerTraining(),
        args.out,
        pick_device(args.device),
        references=open_given_references(args),
        defenses=[read_chain(text) for text in args.defense],
        progress=screen.progress,
    )
    screen.close()
    weights = zip(args.attack, result.card.weights, strict=True)
    screen.print(f"{result.path}: " + ", ".join(f"{name} {weight:+.2f}" for name, weight in weights))
    print_held_out(result.held_out, screen)
    return 0


def json_file(text: str) -> Path:
    """Where to write a combiner, or a table."""
    if not text.endswith(".json"):
        raise argparse.ArgumentTypeError(f"{text} does not end in .json")
    return Path(text)
