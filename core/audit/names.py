"""File names made of ids, short enough for every file system."""

from core.files import sha256_of_bytes

LONGEST = 120
"""Characters; file systems take 255 bytes, and what is put before and after needs room too."""


def file_name(text: str) -> str:
    """The text itself, or its beginning and a hash of all of it where it is long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 17]}-{sha256_of_bytes(text.encode())[:16]}"
