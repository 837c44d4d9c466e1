"""`main.py train target` and `main.py train attack`."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.audit.device import pick_device
from core.cli.flags import add_flags, read_choice, read_flags
from core.cli.models import add_device_flag, add_model_flags, add_trust_flag, open_from_flags
from core.cli.screen import Screen
from core.cli.sets import FORM, add_reading_flags, add_set_flags, dest, layout_of
from core.data.layouts import open_images
from core.data.samples import ImageSet, Role
from core.data.scheme import ClassScheme, load_scheme
from core.defenses import DEFENSES
from core.defenses.chain import Chain
from core.errors import SpecError
from core.training.settings import AttackTraining, TargetTraining

SHADOW = "shadow-"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand and its two kinds."""
    parser = commands.add_parser("train", help="train a target or shadow, or an attack network on shadows")
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_target(kinds)
    _add_attack(kinds)


def _add_target(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    usage = "%(prog)s --images PATH --out FILE [options]"
    parser = kinds.add_parser("target", usage=usage, help="train a segmentation model (a target, or a shadow)")
    parser.add_argument("--images", action="append", required=True, metavar="PATH", help=FORM)
    parser.add_argument("--validation", action="append", default=[], metavar="PATH", help="images for the mIoU only")
    add_reading_flags(parser.add_argument_group("images"))
    _add_common(parser)
    add_flags(parser, TargetTraining, "training")
    parser.set_defaults(run=run_target)


def _add_attack(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    usage = "%(prog)s --shadow FILE --members PATH --non-members PATH --out FILE [options]"
    parser = kinds.add_parser("attack", usage=usage, help="train an attack network on one or more shadows")
    parser.add_argument(
        "--shadow",
        action="append",
        required=True,
        metavar="FILE",
        help="a shadow; repeat it, with as many --members and --non-members in the same order",
    )
    parser.add_argument(
        "--defense",
        default="none",
        metavar="NAME[:key=value,...]",
        help="train on outputs under this defense, as an attacker who adapts would (default none)",
    )
    add_set_flags(parser, Role.MEMBER, Role.NON_MEMBER)
    add_trust_flag(parser)
    _add_common(parser)
    add_flags(parser, AttackTraining, "training")
    add_model_flags(parser, SHADOW)
    parser.set_defaults(run=run_attack)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=_checkpoint, required=True, metavar="FILE", help="checkpoint (.safetensors)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)


def _checkpoint(text: str) -> Path:
    """Where to write a checkpoint. With another ending, what reads it would take it for another format."""
    if not text.endswith(".safetensors"):
        raise argparse.ArgumentTypeError(f"{text} does not end in .safetensors")
    return Path(text)


def run_target(args: argparse.Namespace, screen: Screen) -> int:
    """Train a target."""
    from core.training.target import train_target

    images = _sets(args, args.images)
    scheme = _scheme(args, images)
    settings = read_flags(args, TargetTraining) or TargetTraining()
    held = _sets(args, args.validation)
    device = pick_device(args.device)
    result = train_target(images, scheme, settings, args.out, device, progress=screen.progress, validation=held)
    screen.close()
    screen.print(f"{result.checkpoint}: loss {result.losses[-1]:.4f}, mIoU on its training images {result.miou:.3f}")
    if result.validation_miou is not None:
        screen.print(f"mIoU on the validation images {result.validation_miou:.3f}")
    return 0


def run_attack(args: argparse.Namespace, screen: Screen) -> int:
    """Train an attack network."""
    from core.training.attack import train_attack
    from core.training.shadows import ShadowData

    device = pick_device(args.device)
    members, non_members = (_sets(args, getattr(args, dest(r))) for r in (Role.MEMBER, Role.NON_MEMBER))
    if not len(args.shadow) == len(members) == len(non_members):
        raise SpecError(
            f"{len(args.shadow)} shadows, {len(members)} --members and {len(non_members)} --non-members.",
            "Give one of each per shadow, in the same order.",
        )
    shadows = [
        ShadowData(open_from_flags(args, path, SHADOW), inside, outside, _scheme(args, [inside]))
        for path, inside, outside in zip(args.shadow, members, non_members, strict=True)
    ]
    settings = read_flags(args, AttackTraining) or AttackTraining()
    kinds = {kind.name: kind for kind in DEFENSES}
    chain = Chain.parse([read_choice(part, kinds) for part in args.defense.split("+")])
    result = train_attack(shadows, settings, args.out, device, progress=screen.progress, defense=chain)
    screen.close()
    screen.print(f"{result.checkpoint}: loss {result.losses[-1]:.4f}")
    held = result.held_out
    if held.auc is not None:
        screen.print(
            f"AUC {held.auc:.3f} on held-out shadow images ({held.members} members, {held.non_members} non-members)"
        )
    return 0


def _sets(args: argparse.Namespace, paths: Sequence[str]) -> list[ImageSet]:
    layout, options = layout_of(args)
    found = [open_images(Path(path), layout, options) for path in paths]
    return [
        replace(images, samples=images.samples[: args.limit], encoding=args.encoding or images.encoding)
        for images in found
    ]


def _scheme(args: argparse.Namespace, images: Sequence[ImageSet]) -> ClassScheme:
    name = args.scheme or next((i.scheme for i in images if i.scheme), None)
    if name is None:
        raise SpecError("Nothing says which classes the label maps use.", "Give --scheme.")
    return load_scheme(name, Path.cwd())
