"""What the tests of the new-audit page and of its parts share."""

from dataclasses import replace

import numpy as np
from PIL import Image

from core.audit.spec import ImagesEntry
from core.data.samples import Role
from core.defenses.chain import Chain
from core.engine.jobs import CheckedTarget
from core.targets.preprocessing import Preprocessing
from gui.wizard.draft import (
    empty,
)

FACTS = {
    "format": "checkpoint",
    "architecture": "smp:Unet",
    "classes": 7,
    "gives": "posteriors",
    "sha256": "ab" * 32,
    "preprocessing": Preprocessing(multiple=32).to_mapping(),
    "notes": ["Sides are padded."],
}

SOUND = CheckedTarget(FACTS)


def image_folder(folder, count=2):
    folder.mkdir()
    for i in range(count):
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / f"{i}.png")
    return folder


def full_draft(tmp_path):
    draft = empty({"batch": 2})
    spec = replace(
        draft.spec,
        name="one",
        seed=5,
        target=replace(draft.spec.target, path=str(tmp_path / "models" / "m.pt"), trust="cd" * 32),
        images=(ImagesEntry(Role.MEMBER, str(tmp_path / "here" / "members"), limit=3), ImagesEntry(Role.SUSPECT, "/x")),
        defenses=(Chain(), Chain.parse({"name": "hardened", "path": str(tmp_path / "here" / "h.pth"), "label": "H"})),
    )
    return replace(draft, spec=spec, place=tmp_path / "here")


def card(**changes):
    return {"representation": "slm", "patch": 90, "classes": None, "defense": "none", "extra": {}} | changes
