"""`main.py train target` and `main.py train attack`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.audit.device import pick_device
from core.cli.flags import add_flags, read_choice, read_flags
from core.cli.models import add_device_flag, add_trust_flag, trusted_hashes
from core.cli.screen import Screen
from core.cli.sets import add_reading_flags, add_set_flags, dest, layout_of
from core.data.layouts import open_images
from core.data.samples import ImageSet, Role
from core.data.scheme import ClassScheme, load_scheme
from core.defenses import DEFENSES
from core.defenses.chain import Chain
from core.errors import SpecError
from core.training.settings import AttackTraining, TargetTraining


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand and its two kinds."""
    parser = commands.add_parser("train", help="train a target or shadow, or an attack network on shadows")
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_target(kinds)
    _add_attack(kinds)


def _add_target(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = kinds.add_parser("target", help="train a segmentation model (a target, or a shadow)")
    parser.add_argument("--images", action="append", required=True, metavar="PATH", help="training images")
    parser.add_argument("--validation", action="append", default=[], metavar="PATH", help="images for the mIoU only")
    add_reading_flags(parser.add_argument_group("images"))
    _add_common(parser)
    add_flags(parser, TargetTraining, "training")
    parser.set_defaults(run=run_target)


def _add_attack(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = kinds.add_parser("attack", help="train an attack network on one or more shadows")
    parser.add_argument(
        "--shadow",
        action="append",
        required=True,
        metavar="FILE",
        help="a shadow; repeat it, with as many --members and --non-members in the same order",
    )
    parser.add_argument("--defense", default="none", help="train on outputs under this defense (adaptive attacker)")
    add_set_flags(parser, Role.MEMBER, Role.NON_MEMBER)
    add_trust_flag(parser)
    _add_common(parser)
    add_flags(parser, AttackTraining, "training")
    parser.set_defaults(run=run_attack)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write (.safetensors)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)


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
    from core.targets.open import open_target
    from core.training.attack import train_attack
    from core.training.shadows import ShadowData

    device = pick_device(args.device)
    trusted = trusted_hashes(args)
    members, non_members = (_sets(args, getattr(args, dest(r))) for r in (Role.MEMBER, Role.NON_MEMBER))
    if not len(args.shadow) == len(members) == len(non_members):
        raise SpecError(
            f"{len(args.shadow)} shadows, {len(members)} --members and {len(non_members)} --non-members.",
            "Give one of each per shadow, in the same order.",
        )
    shadows = [
        ShadowData(open_target(Path(path), device=device, trusted=trusted), inside, outside, _scheme(args, [inside]))
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
    if not args.limit:
        return found
    from dataclasses import replace

    return [replace(images, samples=images.samples[: args.limit]) for images in found]


def _scheme(args: argparse.Namespace, images: Sequence[ImageSet]) -> ClassScheme:
    name = args.scheme or next((i.scheme for i in images if i.scheme), None)
    if name is None:
        raise SpecError("Nothing says which classes the label maps use.", "Give --scheme.")
    return load_scheme(name, Path.cwd())
