"""All randomness of an audit: counter-based generators keyed by what they are for, never global state.

The key is (seed, SHA-256 of the image, purpose), so an image gets the same draws whatever ran before it and however
often the audit was interrupted.
"""

import hashlib

import numpy as np


def key_for(seed: int, image_sha256: str, purpose: str) -> int:
    """A 128-bit key from the audit's seed, the image and the purpose of the draws."""
    digest = hashlib.sha256(f"{seed}\0{image_sha256}\0{purpose}".encode()).digest()
    return int.from_bytes(digest[:16], "little")


def generator(seed: int, image_sha256: str, purpose: str) -> np.random.Generator:
    """A Philox generator (Salmon et al., SC 2011) for one image and purpose."""
    return np.random.Generator(np.random.Philox(key=key_for(seed, image_sha256, purpose)))
