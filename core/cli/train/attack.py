"""`main.py train attack`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.device import pick_device
from core.cli.defenses import FORM as DEFENSE
from core.cli.defenses import read_chain
from core.cli.flags import add_flags, read_flags
from core.cli.models import (
    add_model_flags,
    add_reference_flags,
    add_trust_flag,
    given_references,
    open_from_flags,
    trusted_hashes,
)
from core.cli.screen import Screen
from core.cli.sets import add_set_flags, dest
from core.cli.train.common import add_run_flags, checkpoint, open_sets, scheme_named
from core.data.samples import Role
from core.errors import DataError, SpecError
from core.training.settings import AttackTraining

if TYPE_CHECKING:
    from core.audit.references import AuditedReference
    from core.training.holdout import HeldOut
    from core.training.shadows import ShadowData

PREFIX = "shadow-"
USAGE = """\
%(prog)s --shadows FOLDER --images PATH --out FILE [options]
       %(prog)s --shadow FILE --members PATH --non-members PATH --out FILE [options]"""


def add_parser(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this kind of training."""
    parser = kinds.add_parser("attack", usage=USAGE, help="train an attack network on one or more shadows")
    add_shadow_flags(parser)
    parser.add_argument(
        "--defense",
        action="append",
        default=[],
        metavar=DEFENSE,
        help="train on outputs under this defense, or chain joined by '+', as an attacker who adapts would; "
        "repeated: under each (default none)",
    )
    add_reference_flags(
        parser, "for slm-pair, a reference model that is no shadow; may be repeated. The shadows serve each other"
    )
    parser.add_argument("--out", type=checkpoint, required=True, metavar="FILE", help="checkpoint (.safetensors)")
    add_run_flags(parser)
    add_flags(parser, AttackTraining, "training")
    parser.set_defaults(run=run)


def add_shadow_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that name shadows and their images; see `open_shadows`."""
    parser.add_argument(
        "--shadows",
        action="append",
        default=[],
        metavar="FOLDER",
        help="shadows of `train shadows`; may be repeated, also with other data sets",
    )
    parser.add_argument(
        "--images",
        action="append",
        default=[],
        metavar="PATH",
        help="what --shadows were trained over; their membership tables say who knows what; may be repeated",
    )
    parser.add_argument(
        "--shadow",
        action="append",
        default=[],
        metavar="FILE",
        help="a shadow; repeat it, with as many --members and --non-members in the same order",
    )
    add_set_flags(parser, Role.MEMBER, Role.NON_MEMBER, schemes=True)
    add_trust_flag(parser)
    add_model_flags(parser, PREFIX)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Train an attack network; print how it does on held-out shadow images."""
    from core.training.attack import train_attack

    result = train_attack(
        open_shadows(args, screen),
        read_flags(args, AttackTraining) or AttackTraining(),
        args.out,
        pick_device(args.device),
        progress=screen.progress,
        defense=[read_chain(text) for text in args.defense],
        references=open_given_references(args),
    )
    screen.close()
    screen.print(f"{result.checkpoint}: loss {result.losses[-1]:.4f}")
    print_held_out(result.held_out, screen)
    return 0


def open_shadows(args: argparse.Namespace, screen: Screen) -> "list[ShadowData]":
    """The shadows that the flags of `add_shadow_flags` name, with their members and non-members."""
    return [*_from_folders(args, screen), *_from_files(args)]


def _from_folders(args: argparse.Namespace, screen: Screen) -> "list[ShadowData]":
    """The shadows of --shadows, with those of --images that each of their tables knows."""
    from core.training.fleet import open_fleet, scheme_of, shadow_data

    if not (args.shadows or args.shadow):
        raise SpecError("There is no shadow to learn from.", "Give --shadows and --images.")
    if bool(args.shadows) != bool(args.images):
        raise SpecError("--shadows and --images need each other.", "Give the images the shadows were trained over.")
    device, images = pick_device(args.device), open_sets(args, args.images)
    found = []
    for folder, name in zip(map(Path, args.shadows), _schemes(args), strict=True):
        scheme = scheme_named(name, scheme_of(folder))
        found += shadow_data(open_fleet(folder, images, scheme), device, screen.progress)
    used = {s.image for data in found for side in (data.members, data.non_members) for s in side.samples}
    for path, one in zip(args.images, images, strict=True):
        if used.isdisjoint(s.image for s in one.samples):
            raise DataError(f"{path}: no shadow was trained over these images.", "Leave them out of --images.")
    return found


def _schemes(args: argparse.Namespace) -> Sequence[str | None]:
    """The scheme given for each of --shadows."""
    given = args.scheme or [None]
    if len(given) not in {1, len(args.shadows)}:
        raise SpecError(
            f"{len(given)} --scheme for {len(args.shadows)} --shadows.", "Give one for all, or one for each."
        )
    return given if len(given) == len(args.shadows) else given * len(args.shadows)


def _from_files(args: argparse.Namespace) -> "list[ShadowData]":
    """The shadows of --shadow, each with its --members and --non-members."""
    from core.training.shadows import ShadowData

    members, non_members = (open_sets(args, getattr(args, dest(role))) for role in (Role.MEMBER, Role.NON_MEMBER))
    if not len(args.shadow) == len(members) == len(non_members):
        raise SpecError(
            f"{len(args.shadow)} --shadow, {len(members)} --members and {len(non_members)} --non-members.",
            "Give one of each per shadow, in the same order.",
        )
    given = args.scheme[0] if args.scheme and len(args.scheme) == 1 else None
    targets = [open_from_flags(args, path, PREFIX) for path in args.shadow]
    return [
        ShadowData(target, inside, outside, scheme_named(given, target.info.scheme, inside.scheme))
        for target, inside, outside in zip(targets, members, non_members, strict=True)
    ]


def open_given_references(args: argparse.Namespace) -> "list[AuditedReference]":
    """The reference models that --reference names."""
    from core.audit.references import open_reference

    trusted, device = trusted_hashes(args), pick_device(args.device)
    return [open_reference(entry, device, trusted) for entry in given_references(args)]


def print_held_out(held: "HeldOut", screen: Screen) -> None:
    """Print how something did on held-out shadow images, a line for each chain of defenses."""
    for name, metrics in held.by_defense.items():
        if metrics.auc is None:
            continue
        interval = metrics.auc_interval
        bounds = f" (95 %: {interval.low:.3f} to {interval.high:.3f})" if interval else ""
        rates = "".join(
            f", TPR {at.value:.3f} at {100 * at.fpr:g} % FPR" for at in metrics.tpr_at if at.value is not None
        )
        counts = f"{metrics.members} members, {metrics.non_members} non-members"
        under = "" if len(held.by_defense) == 1 else f" under {name}"
        screen.print(f"AUC {metrics.auc:.3f}{bounds}{rates} on held-out shadow images{under} ({counts})")
