"""The audits that were opened lately: a list in a file, and a thumbnail of each in the cache. Knows nothing of Qt."""

import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import tomli_w

from core.files import sha256_of_bytes, write_text
from core.places import cache_folder, config_folder

MOST = 12


@dataclass(frozen=True)
class RecentAudit:
    """One audit.

    Attributes
    ----------
    folder
        Where it lies; it may be gone.
    title
        Its name.
    line
        What it found, in a line.
    """

    folder: Path
    title: str
    line: str

    @property
    def thumbnail(self) -> Path:
        """Where its picture is, if there is one."""
        key = sha256_of_bytes(str(self.folder).encode("utf-8", "surrogateescape"))
        return cache_folder() / "recent" / f"{key[:32]}.png"


def recent_path() -> Path:
    """Where the list is."""
    return config_folder() / "recent.toml"


def read_recent() -> list[RecentAudit]:
    """The audits opened lately, the last one first; entries that are none are passed over."""
    try:
        entries = tomllib.loads(recent_path().read_text("utf-8")).get("audits", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []  # a list that can be rebuilt by opening audits is not worth a message
    if not isinstance(entries, list):
        return []
    return [recent for entry in entries if (recent := _sound(entry)) is not None]


def _sound(entry: object) -> RecentAudit | None:
    if not isinstance(entry, dict):
        return None
    texts = [value for key in ("folder", "title", "line") if isinstance(value := entry.get(key), str)]
    if len(texts) < 3 or not texts[0]:
        return None
    return RecentAudit(Path(texts[0]), *texts[1:])


def remember(audit: RecentAudit) -> list[RecentAudit]:
    """Put an audit at the head of the list; returns the list. Raises `OSError` where it cannot be written."""
    others = [known for known in read_recent() if known.folder != audit.folder]
    return _write([audit, *others][:MOST])


def forget(folder: Path) -> list[RecentAudit]:
    """Take an audit off the list; the audit stays. Raises `OSError` where the list cannot be written."""
    audits = read_recent()
    for audit in audits:
        if audit.folder == folder:
            audit.thumbnail.unlink(missing_ok=True)
    return _write([audit for audit in audits if audit.folder != folder])


def _write(audits: Sequence[RecentAudit]) -> list[RecentAudit]:
    table = {"audits": [asdict(audit) | {"folder": str(audit.folder)} for audit in audits]}
    write_text(recent_path(), tomli_w.dumps(table))
    return list(audits)
