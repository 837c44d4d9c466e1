"""The protocol on the command line: what verdicts are about, and what they are held against."""

import argparse
from dataclasses import replace

from core.audit.spec import AuditSpec, ImagesEntry, Protocol
from core.cli.defenses import read_chain
from core.cli.flags import add_flags, given_flags, read_flags
from core.cli.sets import FORM, layout_of
from core.data.samples import Role
from core.errors import SpecError

PREFIX = "protocol-"
NAMED = ("calibration", "primary", "released")


def add_protocol_flags(parser: argparse.ArgumentParser) -> None:
    """Flags for what is settled before anything is scored."""
    add_flags(parser, Protocol, "protocol", PREFIX)
    parser.add_argument(
        "--calibration",
        action="append",
        default=[],
        metavar="PATH",
        help=f"non-members that calibrate the verdicts and serve nothing else: {FORM}",
    )
    parser.add_argument("--primary", metavar="ID", help="the attack that gives verdicts (default: the first)")
    parser.add_argument("--released", metavar="NAME", help="the defense that verdicts are about (default: the first)")


def given_protocol_flags(args: argparse.Namespace) -> list[str]:
    """The flags of `add_protocol_flags` that were given."""
    settings = [f"--{PREFIX}{name}" for name in given_flags(args, Protocol, PREFIX)]
    return [*(f"--{name}" for name in NAMED if getattr(args, name)), *settings]


def calibration_entries(args: argparse.Namespace) -> tuple[ImagesEntry, ...]:
    """The image sets that only calibrate."""
    layout, options = layout_of(args)
    return tuple(
        ImagesEntry(Role.NON_MEMBER, path, layout, options, None, args.encoding, args.limit, calibration=True)
        for path in args.calibration
    )


def with_protocol(spec: AuditSpec, args: argparse.Namespace) -> AuditSpec:
    """The spec with the protocol of the flags. Raises `SpecError` where one names no attack or defense of it."""
    protocol = read_flags(args, Protocol, PREFIX) or Protocol()
    attacks = spec.attacks
    if args.primary:
        _need(args.primary, [entry.id for entry in attacks], "--primary", "attack")
        attacks = tuple(replace(entry, primary=entry.id == args.primary) for entry in attacks)
    return replace(spec, protocol=protocol, attacks=attacks, released=released_place(spec, args))


def released_place(spec: AuditSpec, args: argparse.Namespace) -> int:
    """Place in the spec's defenses of the one that --released names. Raises `SpecError` where it is none of them."""
    if not args.released:
        return 0
    ids = [chain.id for chain in spec.defenses]
    return ids.index(_need(read_chain(args.released).id, ids, "--released", "defense"))


def _need(name: str, known: list[str], flag: str, what: str) -> str:
    if name not in known:
        raise SpecError(f"{flag} cannot be '{name}': no {what} of this audit.", f"Choose one of: {', '.join(known)}.")
    return name
