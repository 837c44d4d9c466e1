"""Every attack. Importing this module fills `ATTACKS`; none of it imports torch."""

from core.attacks import baselines, image_level, patch
from core.attacks.base import ATTACKS

__all__ = ["ATTACKS", "baselines", "image_level", "patch"]
