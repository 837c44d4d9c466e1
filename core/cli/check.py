"""`main.py check`: look at a target and image sets before an audit."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audit.plan import PlannedSet, find_sets
from core.audit.spec import AuditSpec, RunSettings, TargetEntry, attack_entries, read_spec
from core.cli.models import add_device_flag, add_target_flags, open_from_flags, trusted_hashes
from core.cli.report import STYLES, has_error, print_findings
from core.cli.screen import Screen
from core.cli.sets import add_set_flags, entries, spec_file
from core.data.samples import Role
from core.defenses.chain import Chain
from core.errors import DataError, SpecError

if TYPE_CHECKING:
    from core.targets.base import Target

POOR = 0.2
"""Below this mIoU the lack of a likely cause is said too."""

UNEXPLAINED = (
    "No likely cause was found: other channel orders, means and stds and class orders do not help. "
    "Is the input size that of the training (--input-resize), and is the target trained on such images?"
)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "check",
        usage="%(prog)s SPEC [options], or --target FILE, images, or both",
        help="check a target on one image, and image sets against each other",
    )
    parser.add_argument("spec", nargs="?", metavar="SPEC", type=Path, help="audit spec or audit folder")
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
        report["sets"] = [_sentence(planned) for planned in sets]
        limit = spec.run.pixel_limit
        report["data"] = check_planned(sets, limit, screen.progress)
    if target is not None:
        report["target"] = _check_target(target, sets)
    screen.close()
    if args.json:
        screen.print(json.dumps(report, indent=1))
    else:
        _print(report, screen)
    findings = report.get("data", {}).get("findings", ())
    return 1 if has_error(findings) or not report.get("target", {}).get("fits", True) else 0


def _spec(args: argparse.Namespace) -> AuditSpec | None:
    images = entries(args, *Role)
    if args.spec is not None:
        if images or args.scheme:
            raise SpecError("Images and --scheme cannot be given beside a spec.", "Write them into the spec.")
        return read_spec(spec_file(args.spec))
    if not images and not args.target:
        raise SpecError("Nothing to check.", "Give a spec, --target, or image folders.")
    attacks = attack_entries([{"name": "loss"}])
    chains = (Chain.parse("none"),)
    target = TargetEntry(args.target or "")
    return AuditSpec("check", target, images, chains, attacks, args.scheme, run=RunSettings(), folder=Path.cwd())


def _target(args: argparse.Namespace, spec: AuditSpec | None) -> "Target | None":
    if args.target:
        return open_from_flags(args, args.target)
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
    pairs = [(planned, sample) for planned in sets for sample in planned.images.samples]
    for planned, sample in sorted(pairs, key=lambda pair: pair[1].label is None):
        scheme, label = planned.scheme, None
        try:
            image = read_image(sample.image)
            if sample.label is not None and scheme is not None:
                label = read_label(sample.label, scheme, planned.encoding).train_ids
        except DataError:  # the data check names it
            continue
        check = check_target(target, image, label, scheme).to_dict()
        names = None if scheme is None else [n for i, n in enumerate(scheme.names) if i in check["predicted"]]
        fits = scheme is None or scheme.classes == check["classes"]
        return facts | {"image": sample.key, "check": check, "predicted": names, "fits": fits}
    return facts


def _sentence(planned: PlannedSet) -> str:
    """What was recognised in a set, and how much of it is used."""
    limit = planned.entry.limit
    used = f" The first {len(planned.images.samples)} are used." if limit else ""
    return f"{planned.entry.role}s: {planned.images.sentence}{used}"


def _print(report: Mapping[str, Any], screen: Screen) -> None:
    for sentence in report.get("sets", ()):
        screen.print(sentence)
    print_findings(report.get("data", {}).get("findings", ()), screen)
    target = report.get("target")
    if target:
        _print_target(target, screen)


def _print_target(target: Mapping[str, Any], screen: Screen) -> None:
    check = target.get("check", {})
    kind = " ".join(filter(None, (target["format"], target["architecture"])))
    classes = check.get("classes") or target["classes"]
    screen.print(f"target {target['file']}: {kind}" + (f", {classes} classes" if classes else ""))
    screen.print(f"  SHA-256 {target['sha256']}")
    for note in dict.fromkeys([*target["notes"], *check.get("notes", ())]):
        screen.print(f"  {note}")
    if check:
        screen.print(f"  on {target['image']}:")
        _print_check(check, target["predicted"], screen)


def _print_check(check: Mapping[str, Any], names: Sequence[str] | None, screen: Screen) -> None:
    rows, columns = check["output_size"]
    low, high = check["value_range"]
    predicted = names or [str(train_id) for train_id in check["predicted"]]
    screen.print(f"    output: {rows} rows x {columns} columns of {check['output_kind']}, {low:.4g} to {high:.4g}")
    screen.print(f"    predicted: {', '.join(predicted)}")
    if check["miou"] is not None:
        screen.print(f"    mIoU: {check['miou']:.3f}")
        if check["miou"] < POOR and not check["causes"]:
            screen.print(f"    {UNEXPLAINED}")
    for cause in check["causes"]:
        screen.out.print(f"    likely cause: {cause}", style=STYLES["warning"], markup=False)
