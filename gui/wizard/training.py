"""The command that trains reference models on the images of a draft. Knows nothing of Qt."""

import shlex
import subprocess
import sys
from pathlib import Path

from core.audit.spec import AuditSpec
from gui.wizard.draft import Draft
from gui.wizard.looking import Known

MAIN = Path(__file__).resolve().parents[2] / "main.py"
COUNT = 8
"""Four pairs: each image is seen by four and not by four."""

WORDS = (
    "The strongest attack: references trained on the images of this audit, each on a random half of them, in pairs "
    "that exchange their halves. Run this in a terminal, add the folder here, and set the attack's mode to 'online'. "
    "The more alike they are trained to the target (architecture, size, epochs, augmentation), the more they "
    "see. All images need label maps."
)


def command(draft: Draft, known: Known) -> str:
    """What to type in a terminal, with the target's architecture where it is known; empty without images."""
    spec = draft.spec
    if not spec.images:
        return ""
    parts = [sys.executable, str(MAIN), "train", "shadows"]
    for entry in spec.images:
        parts += ["--images", str(spec.resolve(entry.path))]
    parts += [*_layout(spec), *_scheme(spec, known), *_architecture(known), "--count", str(COUNT)]
    parts += ["--out", str(draft.place / f"{spec.name or 'audit'}-references")]
    return subprocess.list2cmdline(parts) if sys.platform == "win32" else shlex.join(parts)


def _layout(spec: AuditSpec) -> list[str]:
    layouts = {entry.layout for entry in spec.images}
    return ["--layout", *layouts] if len(layouts) == 1 and layouts != {"auto"} else []


def _scheme(spec: AuditSpec, known: Known) -> list[str]:
    name = spec.scheme or (None if known.target is None else known.target.scheme)
    return ["--scheme", name] if name else []


def _architecture(known: Known) -> list[str]:
    """Only of families that can be trained here."""
    text = "" if known.target is None else str(known.target.facts["architecture"] or "")
    name, _, encoder = text.partition(" ")
    if not name.startswith(("smp:", "torchvision:")):
        return []
    return ["--architecture", name, *(["--encoder", encoder] if encoder else [])]
