"""`main.py train shadows`."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.device import pick_device
from core.cli.flags import add_flags, given_flags, read_flags
from core.cli.screen import Screen
from core.cli.train.common import (
    add_hardening_flags,
    add_run_flags,
    add_training_images,
    open_sets,
    read_hardening,
    scheme_named,
)
from core.cli.usage import positive
from core.errors import SpecError
from core.training.settings import EXCHANGES, TargetTraining

if TYPE_CHECKING:
    from core.training.target import TargetResult


def add_parser(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this kind of training."""
    parser = kinds.add_parser(
        "shadows",
        usage="%(prog)s --images PATH --count N --out FOLDER [options]",
        help="train several shadows, each on about half of the images",
    )
    add_training_images(parser)
    parser.add_argument("--count", type=positive, metavar="N", help="shadows; each two exchange their halves")
    parser.add_argument("--split", type=Path, metavar="FILE", help="membership.csv to follow in place of random halves")
    parser.add_argument(
        "--exchange",
        default="images",
        choices=EXCHANGES,
        help="what each two shadows have halves of: the images, or the blocks of every image (half-supervised), for "
        "references whose maps tell what of an image was learned",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="ARCHITECTURE[/ENCODER]",
        help="such as smp:PSPNet/resnet18, in place of --architecture and --encoder; repeated: pairs of shadows take "
        "them in turn",
    )
    add_hardening_flags(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder for the shadows and membership.csv"
    )
    add_run_flags(parser)
    add_flags(parser, TargetTraining, "training")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Train shadows; print a line for each."""
    from core.training.fleet import train_shadows

    def told(name: str, result: "TargetResult | None") -> None:
        screen.close()
        screen.print(f"{args.out / name}: {_outcome(result)}")

    images = open_sets(args, args.images)
    train_shadows(
        images,
        scheme_named(args.scheme, *(i.scheme for i in images)),
        _settings(args),
        _count(args),
        args.out,
        pick_device(args.device),
        progress=screen.progress,
        split=args.split,
        exchange=args.exchange,
        hardening=read_hardening(args),
        references=open_sets(args, args.references),
        told=told,
    )
    return 0


def _outcome(result: "TargetResult | None") -> str:
    if result is None:
        return "kept from an earlier call"
    outside = "" if result.validation_miou is None else f", on its non-members {result.validation_miou:.3f}"
    facts = "".join(f", {name} {value}" for name, value in result.report.items())
    return f"loss {result.losses[-1]:.4f}, mIoU on its members {result.miou:.3f}{outside}{facts}"


def _count(args: argparse.Namespace) -> int:
    """As given, or as many as the split has."""
    from core.training.membership import read_membership

    if args.count is not None:
        return int(args.count)
    if args.split is None:
        raise SpecError("Nothing says how many shadows to train.", "Give --count, or a --split.")
    return len(read_membership(args.split).shadows)


def _settings(args: argparse.Namespace) -> list[TargetTraining]:
    """One setting for each model. Raises `SpecError`."""
    settings = read_flags(args, TargetTraining) or TargetTraining()
    doubled = given_flags(args, TargetTraining).keys() & {"architecture", "encoder"}
    if args.model and doubled:
        raise SpecError(f"--{min(doubled)} cannot be given beside --model.", "Write --model ARCHITECTURE/ENCODER.")
    return [_of_model(settings, model) for model in args.model] or [settings]


def _of_model(settings: TargetTraining, model: str) -> TargetTraining:
    architecture, _, encoder = model.partition("/")
    return replace(settings, architecture=architecture, encoder=encoder or settings.encoder)
