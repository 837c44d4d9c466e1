"""`main.py audit`: run an audit from a spec, from flags, or go on with one."""

import argparse
from dataclasses import replace
from pathlib import Path

from core.attacks.all import ATTACKS
from core.attacks.offered import FOR_POSTERIORS
from core.audit.spec import (
    AttackEntry,
    AuditSpec,
    RunSettings,
    TargetEntry,
    attack_entries,
    parse_spec,
    read_spec,
    to_mapping,
)
from core.audit.store import AuditStore
from core.cli.defenses import read_chain
from core.cli.flags import add_flags, given_flags, read_choice, read_flags
from core.cli.models import (
    REFERENCE,
    add_device_flag,
    add_reference_flags,
    add_target_flags,
    given_references,
    trusted_hashes,
)
from core.cli.offered import with_offered_attacks
from core.cli.protocol import add_protocol_flags, calibration_entries, given_protocol_flags, with_protocol
from core.cli.report import has_error, print_findings, print_summary, stored_findings
from core.cli.screen import Screen
from core.cli.sets import add_set_flags, dest, entries, spec_file
from core.data.samples import Role
from core.defenses import DEFENSES
from core.errors import SpecError
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing

SUFFIX = ".segleak"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "audit",
        usage="%(prog)s SPEC [options], or --target FILE, images, defenses and attacks",
        help="score images, draw membership maps, compare defenses",
        epilog="What a defense, attack or layout is and takes: main.py info NAME, as in main.py info gauss.",
    )
    parser.add_argument(
        "spec", nargs="?", metavar="SPEC", type=Path, help="audit spec (TOML), or an audit folder to go on with"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help=f"audit folder to write (default: the spec's name with {SUFFIX})"
    )
    parser.add_argument("--name", default=None, help="name of the audit")
    parser.add_argument("--seed", type=int, help="seed of all random draws (default 0)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)
    add_target_flags(parser)
    add_set_flags(parser, *Role)
    parser.add_argument(
        "--defense",
        action="append",
        default=[],
        metavar="NAME[:key=value,...]",
        help=f"a defense, or a chain joined by '+'; may be repeated: {', '.join(DEFENSES.names())} (default none)",
    )
    parser.add_argument(
        "--attack",
        action="append",
        default=[],
        metavar="NAME[:key=value,...]",
        help=f"an attack; the first is primary: {', '.join(ATTACKS.names())} (default patch, then loss, or "
        "those made for label maps where nothing else is released)",
    )
    add_reference_flags(
        parser, "a reference model, or a folder of `train shadows`, for attacks that compare with some; may be repeated"
    )
    add_protocol_flags(parser)
    add_flags(parser, RunSettings, "run")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Run the audit and print its summary."""
    from core.audit.runner import RunOptions, run_audit

    spec, folder = _spec_and_folder(args)
    options = RunOptions(device=args.device, trusted=trusted_hashes(args))
    summary = run_audit(spec, folder, options, screen.progress)
    screen.close()
    print_summary(summary, screen)
    with AuditStore.read(folder) as store:
        findings = stored_findings(store)
    print_findings(findings, screen, notes=False)
    screen.note(f"Audit folder: {folder}")
    return 1 if summary["failed"] or has_error(findings) else 0


def _spec_and_folder(args: argparse.Namespace) -> tuple[AuditSpec, Path]:
    if args.spec is None:
        return _from_flags(args)
    path = spec_file(args.spec)
    _refuse_beside_spec(args)
    spec = _with_settings(read_spec(path), args)
    return spec, args.out or (args.spec if args.spec.is_dir() else path.with_suffix(SUFFIX))


def _refuse_beside_spec(args: argparse.Namespace) -> None:
    """A spec says what is asked; flags that say it again would be left out without a word."""
    named = {f"--{role}s": getattr(args, dest(role)) for role in Role}
    named |= {
        f"--{name}": getattr(args, name) for name in ("target", "reference", "defense", "attack", "scheme", "encoding")
    }
    named |= {f"--{name}": getattr(args, name) for name in ("name", "limit")}
    given = [flag for flag, value in named.items() if value]
    given += [] if args.seed is None else ["--seed"]
    given += [] if args.layout == "auto" else ["--layout"]
    given += [f"--target-{name}" for name in given_flags(args, TargetOptions, "target-")]
    given += [f"--{REFERENCE}{name}" for name in given_flags(args, TargetOptions, REFERENCE)]
    given += [f"--input-{name}" for name in given_flags(args, Preprocessing, "input-")]
    given += given_protocol_flags(args)
    if given:
        raise SpecError(f"{', '.join(given)} cannot be given beside a spec.", "Write it into the spec.")


def _with_settings(spec: AuditSpec, args: argparse.Namespace) -> AuditSpec:
    """The spec with the run settings that were given as flags."""
    given = given_flags(args, RunSettings)
    return replace(spec, run=RunSettings.from_mapping(spec.run.to_mapping() | given))


def _from_flags(args: argparse.Namespace) -> tuple[AuditSpec, Path]:
    if not args.target:
        raise SpecError("Nothing to audit.", "Give a spec file, or --target and image folders.")
    images = (*entries(args, *Role), *calibration_entries(args))
    if not images:
        raise SpecError("No images to audit.", "Give --members, --non-members or --suspects.")
    name = args.name or (args.out.stem if args.out else Path(args.target).stem)
    spec = AuditSpec(
        name=name,
        target=TargetEntry(
            args.target,
            read_flags(args, TargetOptions, "target-") or TargetOptions(),
            given_flags(args, Preprocessing, "input-") or None,
        ),
        images=images,
        defenses=tuple(read_chain(text) for text in args.defense or ["none"]),
        attacks=_attacks(args.attack) if args.attack else attack_entries(FOR_POSTERIORS),
        scheme=args.scheme,
        seed=args.seed or 0,
        run=read_flags(args, RunSettings) or RunSettings(),
        references=given_references(args),
    )
    if not args.attack:
        spec = with_offered_attacks(spec, args)
    # Through the file's form, so that flags are checked exactly as a spec file is.
    return parse_spec(to_mapping(with_protocol(spec, args)), Path.cwd()), args.out or Path(f"{name}{SUFFIX}")


def _attacks(texts: list[str]) -> tuple[AttackEntry, ...]:
    """Attack entries from their short forms; the first is the primary one."""
    kinds = {kind.name: kind for kind in ATTACKS}
    tables = [read_choice(text, kinds) for text in texts]
    tables[0]["primary"] = True
    return attack_entries(tables)
