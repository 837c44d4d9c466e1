"""`main.py info`: versions and devices, an audit's numbers, or what a model file is."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import __version__
from core.audit import provenance
from core.audit.store import RESULTS_NAME
from core.cli.flags import explained
from core.cli.models import add_device_flag, add_model_flags, add_trust_flag, open_from_flags
from core.cli.report import print_findings, print_summary, stored_findings
from core.cli.screen import Screen
from core.errors import AttackError
from core.parameters import Choice, parameters_of
from core.versions import versions


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "info",
        usage="%(prog)s [WHAT] [options]",
        help="what is installed, what an audit found, what a model file is, what a defense takes",
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="WHAT",
        type=Path,
        help="an audit folder, a model file, an attack network (those that come along by name), or the name of "
        "a defense, hardening, attack or layout; absent: what is installed",
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    add_trust_flag(parser)
    add_device_flag(parser)
    add_model_flags(parser, "target-")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Print what is known."""
    if args.path is None:
        found: Any = _program()
    elif (args.path / RESULTS_NAME).is_file():
        return _audit(args, screen)
    elif kind := _named(args.path):
        found = _choice(kind)
    else:
        found = _model(args)
    if args.json:
        screen.print(json.dumps(found, indent=1))
    else:
        _print_mapping(found, screen)
    return 0


def _audit(args: argparse.Namespace, screen: Screen) -> int:
    from core.audit.runner import open_audit
    from core.audit.summary import summarise

    store, spec = open_audit(args.path)
    with store:
        summary = summarise(store, spec)
        if args.json:
            screen.print(json.dumps({"summary": summary, "facts": store.facts()}, indent=1))
        else:
            print_summary(summary, screen)
            print_findings(stored_findings(store), screen, notes=False)
    return 0


def _program() -> dict[str, Any]:
    import torch

    from core.attacks.all import ATTACKS
    from core.data.layouts import LAYOUTS
    from core.data.scheme import builtin_schemes
    from core.defenses import DEFENSES
    from core.places import cache_folder, config_folder
    from core.training.hardening import HARDENINGS

    names = (
        [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    )
    return {
        "segleak": __version__,
        **versions(),
        "devices": ["cpu", *(f"cuda:{i} ({name})" for i, name in enumerate(names))],
        "attacks": ATTACKS.names(),
        "defenses": DEFENSES.names(),
        "hardenings": HARDENINGS.names(),
        "layouts": LAYOUTS.names(),
        "class schemes": list(builtin_schemes()),
        "cache": str(cache_folder()),
        "settings": str(config_folder()),
    }


def _named(path: Path) -> type[Choice] | None:
    """The defense, hardening, attack or layout of that name, unless there is such a file."""
    from core.attacks.all import ATTACKS
    from core.data.layouts import LAYOUTS
    from core.defenses import DEFENSES
    from core.training.hardening import HARDENINGS

    # "none" is a hardening and a defense; the defense is told of, being what an audit takes.
    kinds = {kind.name: kind for registry in (HARDENINGS, DEFENSES, ATTACKS, LAYOUTS) for kind in registry}
    return None if path.exists() else kinds.get(str(path))


def _choice(kind: type[Choice]) -> dict[str, Any]:
    """What a defense, hardening, attack or layout is, and each parameter with its allowed values."""
    takes = {info.name: f"{explained(info)}: {info.allowed}" for info in parameters_of(kind)}
    return {kind.name: " ".join((kind.__doc__ or "").split()), "parameters": takes or "none"}


def _model(args: argparse.Namespace) -> dict[str, Any]:
    from core.attacks.networks import read_card
    from core.training.manifest import read_manifest

    path = _shipped(args.path)
    try:
        card = read_card(path)
        found: dict[str, Any] = {"file": path.name, "attack network": json.loads(card.to_json())}
    except AttackError:
        found = provenance.target_facts(open_from_flags(args, path))
    manifest = read_manifest(path)
    known = "unknown" if manifest is None else f"{len(manifest.members)} images, {manifest.created}"
    return found | {"trained on": known}


def _shipped(path: Path) -> Path:
    """The file of an attack network that comes with the program, where its short name is given; else the path."""
    from core.attacks.shipped import network_path, shipped_networks

    return network_path(str(path), Path()) if str(path) in shipped_networks() and not path.exists() else path


def _print_mapping(found: Mapping[str, Any], screen: Screen, indent: str = "") -> None:
    for key, value in found.items():
        if isinstance(value, dict):
            screen.print(f"{indent}{key}:")
            _print_mapping(value, screen, f"{indent}  ")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            screen.print(f"{indent}{key}:")
            for one in value:
                screen.print(f"{indent}  {', '.join(f'{name} {text}' for name, text in one.items())}")
        else:
            screen.print(f"{indent}{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
