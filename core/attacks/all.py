"""Every attack. Importing this module fills `ATTACKS`; none of it imports torch."""

from core.attacks import baselines, combination, image_level, label_only, patch, reference
from core.attacks.base import ATTACKS

__all__ = ["ATTACKS", "baselines", "combination", "image_level", "label_only", "patch", "reference"]
