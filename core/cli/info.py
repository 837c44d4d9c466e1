"""`main.py info`: versions and devices, an audit's numbers, or what a model file is."""

import argparse
import json
from pathlib import Path
from typing import Any

from core import __version__
from core.audit import provenance
from core.audit.store import RESULTS_NAME
from core.cli.models import add_device_flag, add_trust_flag, trusted_hashes
from core.cli.report import print_summary
from core.cli.screen import Screen
from core.errors import AttackError


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("info", help="what is installed, what an audit found, what a model file is")
    parser.add_argument("path", nargs="?", type=Path, help="an audit folder, a model file or an attack network")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    add_trust_flag(parser)
    add_device_flag(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Print what is known."""
    if args.path is None:
        found: Any = _program()
    elif (args.path / RESULTS_NAME).is_file():
        return _audit(args, screen)
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
    return 0


def _program() -> dict[str, Any]:
    import torch

    from core.attacks.all import ATTACKS
    from core.data.layouts import LAYOUTS
    from core.data.scheme import builtin_schemes
    from core.defenses import DEFENSES
    from core.places import cache_folder, config_folder

    names = (
        [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    )
    return {
        "segleak": __version__,
        **provenance.versions(),
        "devices": ["cpu", *(f"cuda:{i} ({name})" for i, name in enumerate(names))],
        "attacks": ATTACKS.names(),
        "defenses": DEFENSES.names(),
        "layouts": LAYOUTS.names(),
        "class schemes": list(builtin_schemes()),
        "cache": str(cache_folder()),
        "settings": str(config_folder()),
    }


def _model(args: argparse.Namespace) -> dict[str, Any]:
    from core.attacks.networks import read_card
    from core.audit.device import pick_device
    from core.targets.open import open_target
    from core.training.manifest import read_manifest

    try:
        card = read_card(args.path)
        found: dict[str, Any] = {"file": args.path.name, "attack network": json.loads(card.to_json())}
    except AttackError:
        target = open_target(args.path, device=pick_device(args.device), trusted=trusted_hashes(args))
        found = provenance.target_facts(target)
    manifest = read_manifest(args.path)
    known = "unknown" if manifest is None else f"{len(manifest.members)} images, {manifest.created}"
    return found | {"trained on": known}


def _print_mapping(found: dict[str, Any], screen: Screen) -> None:
    for key, value in found.items():
        if isinstance(value, dict):
            screen.print(f"{key}:")
            for inner, text in value.items():
                screen.print(f"  {inner}: {text}")
        else:
            screen.print(f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
