"""`main.py train target`."""

import argparse

from core.audit.device import pick_device
from core.cli.flags import add_flags, read_flags
from core.cli.screen import Screen
from core.cli.train.common import (
    add_hardening_flags,
    add_run_flags,
    add_training_images,
    checkpoint,
    open_sets,
    read_hardening,
    scheme_named,
)
from core.training.settings import TargetTraining


def add_parser(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this kind of training."""
    usage = "%(prog)s --images PATH --out FILE [options]"
    parser = kinds.add_parser("target", usage=usage, help="train a segmentation model (a target, or a shadow)")
    add_training_images(parser)
    parser.add_argument("--validation", action="append", default=[], metavar="PATH", help="images for the mIoU only")
    add_hardening_flags(parser)
    parser.add_argument("--out", type=checkpoint, required=True, metavar="FILE", help="checkpoint (.safetensors)")
    add_run_flags(parser)
    add_flags(parser, TargetTraining, "training")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Train a target; print its loss and mIoU, and what the hardening reports."""
    from core.training.target import train_target

    images = open_sets(args, args.images)
    result = train_target(
        images,
        scheme_named(args.scheme, *(i.scheme for i in images)),
        read_flags(args, TargetTraining) or TargetTraining(),
        args.out,
        pick_device(args.device),
        progress=screen.progress,
        validation=open_sets(args, args.validation),
        hardening=read_hardening(args),
        references=open_sets(args, args.references),
    )
    screen.close()
    screen.print(f"{result.checkpoint}: loss {result.losses[-1]:.4f}, mIoU on its training images {result.miou:.3f}")
    if result.validation_miou is not None:
        screen.print(f"mIoU on the validation images {result.validation_miou:.3f}")
    for name, value in result.report.items():
        screen.print(f"{name}: {value}")
    return 0
