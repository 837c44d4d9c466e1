"""`main.py check`: look at a target and image sets before an audit."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audit.plan import PlannedSet, find_sets
from core.audit.spec import AuditSpec, RunSettings, TargetEntry, attack_entries, read_spec
from core.audit.store import SPEC_NAME
from core.cli.models import add_device_flag, add_target_flags, open_from_flags, trusted_hashes
from core.cli.screen import Screen
from core.cli.sets import add_set_flags, entries
from core.data.samples import Role
from core.defenses.chain import Chain
from core.errors import SpecError

if TYPE_CHECKING:
    from core.targets.base import Target

STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("check", help="check a target on one image, and image sets against each other")
    parser.add_argument("spec", nargs="?", type=Path, help="audit spec or audit folder")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)
    add_target_flags(parser)
    add_set_flags(parser, *Role)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Check what was given; exit code 1 when an error was found."""
    from core.audit.runner import check_planned

    spec = _spec(args)
    report: dict[str, Any] = {}
    sets: Sequence[PlannedSet] = ()
    target = _target(args, spec)
    if spec is not None and spec.images:
        sets = find_sets(spec, None if target is None else target.info.scheme)
        report["sets"] = [planned.images.sentence for planned in sets]
        limit = spec.run.pixel_limit
        report["data"] = check_planned(sets, limit, screen.progress)
    if target is not None:
        report["target"] = _check_target(target, sets)
    screen.close()
    if args.json:
        screen.print(json.dumps(report, indent=1))
    else:
        _print(report, screen)
    return 1 if any(f["severity"] == "error" for f in report.get("data", {}).get("findings", ())) else 0


def _spec(args: argparse.Namespace) -> AuditSpec | None:
    if args.spec is not None:
        return read_spec(args.spec / SPEC_NAME if args.spec.is_dir() else args.spec)
    images = entries(args, *Role)
    if not images and not args.target:
        raise SpecError("Nothing to check.", "Give a spec, --target, or image folders.")
    attacks = attack_entries([{"name": "loss"}])
    chains = (Chain.parse("none"),)
    target = TargetEntry(args.target or "")
    return AuditSpec("check", target, images, chains, attacks, args.scheme, run=RunSettings(), folder=Path.cwd())


def _target(args: argparse.Namespace, spec: AuditSpec | None) -> "Target | None":
    if args.target:
        return open_from_flags(args)
    if args.spec is None or spec is None:
        return None
    from core.audit.device import pick_device
    from core.targets.open import open_target

    entry = spec.target
    trusted = trusted_hashes(args) | ({entry.trust} if entry.trust else set())
    device = pick_device(args.device)
    return open_target(spec.resolve(entry.path), entry.options, entry.preprocessing, device, frozenset(trusted))


def _check_target(target: "Target", sets: Sequence[PlannedSet]) -> dict[str, Any]:
    """Run the target on the first labelled image that can be read, or describe it without one."""
    from core.audit import provenance
    from core.data.images import read_image
    from core.data.labels import read_label
    from core.targets.check import check_target

    facts = provenance.target_facts(target)
    chosen = next(((p, s) for p in sets for s in p.images.samples if s.label), None)
    chosen = chosen or next(((p, s) for p in sets for s in p.images.samples), None)
    if chosen is None:
        return facts
    planned, sample = chosen
    label = None if sample.label is None else read_label(sample.label, planned.scheme, planned.encoding).train_ids
    found = check_target(target, read_image(sample.image), label, planned.scheme).to_dict()
    return facts | {"image": sample.key, "check": found}


def _print(report: Mapping[str, Any], screen: Screen) -> None:
    for sentence in report.get("sets", ()):
        screen.print(sentence)
    for finding in report.get("data", {}).get("findings", ()):
        screen.out.print(
            f"{finding['severity']}: {finding['sentence']}", style=STYLES[finding["severity"]], markup=False
        )
    target = report.get("target")
    if target:
        _print_target(target, screen)


def _print_target(target: Mapping[str, Any], screen: Screen) -> None:
    screen.print(f"target {target['file']}: {target['format']} {target['architecture']}, {target['classes']} classes")
    screen.print(f"  SHA-256 {target['sha256']}")
    for note in target["notes"]:
        screen.print(f"  {note}")
    if "check" in target:
        screen.print(f"  on {target['image']}:")
        for key, value in target["check"].items():
            if value not in (None, [], "", ()):
                screen.print(f"    {key}: {value}")
