"""A written audit that leaks in one part of its images only."""

import numpy as np
from PIL import Image

from core.attacks.base import AttackResult
from core.audit.spec import parse_spec, write_spec
from core.audit.store import SPEC_NAME, AuditStore, ImageResult, ImageRow
from core.data.samples import Role

SIZE = (32, 48)


def leaky_audit(folder, count=20):
    """Members have a low loss on cars (the right half) and the same loss as others elsewhere."""
    rng = np.random.default_rng(4)
    table = {
        "scheme": "cityscapes7",
        "target": {"path": "target.safetensors"},
        "images": [{"role": str(r), "path": f"{r}s", "encoding": "train-id"} for r in (Role.MEMBER, Role.NON_MEMBER)],
        "attacks": [{"name": "loss"}, {"name": "confidence"}],
        "run": {"resamples": 100},
    }
    spec, label = parse_spec(table, folder), np.zeros(SIZE, np.uint8)
    label[:, 24:] = 6
    with AuditStore.create(folder) as store:
        write_spec(spec, folder / SPEC_NAME)
        store.set_fact("classes", {"scheme": "cityscapes7", "names": [f"class {i}" for i in range(7)]})
        for entry, role in enumerate((Role.MEMBER, Role.NON_MEMBER)):
            images = folder / f"{role}s"
            images.mkdir()
            for number in range(count):
                path, mask = images / f"{number:02d}.png", images / f"{number:02d}_mask.png"
                Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(path)
                Image.fromarray(label).save(mask)
                row = ImageRow(count * entry + number, role, entry, path.name, str(path), str(mask))
                store.add_images([row])
                loss = rng.gamma(2, 1, SIZE).astype(np.float32)
                loss[:, 24:] -= 0.3 * (role is Role.MEMBER)
                result = {("none", "loss"): AttackResult(-float(loss.mean()), {"loss": loss})}
                store.write(ImageResult(row.id, "0" * 64, None, 1, result))
    return folder
