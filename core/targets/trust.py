"""Who has said that they trust which file. Consent is tied to the bytes of the file: its SHA-256."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import TargetError
from core.files import write_text
from core.places import config_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class TrustEntry:
    """One consent.

    Attributes
    ----------
    sha256
        Of the trusted file, 64 lower-case hex digits.
    when
        Time of consent, ISO 8601 in UTC.
    file
        Name the file had then; for people, it decides nothing.
    """

    sha256: str
    when: str
    file: str


def checked_sha256(text: str) -> str:
    """A SHA-256 as 64 lower-case hex digits. Raises `TargetError` for anything else."""
    digest = text.strip().lower()
    if not _SHA256.fullmatch(digest):
        raise TargetError(f"'{text}' is not a SHA-256.", "It takes the 64 hex digits that the refusal showed.")
    return digest


def default_path() -> Path:
    """Where consents are kept: `trust.json` in the settings folder (see `core.places`)."""
    return config_folder() / "trust.json"


class TrustStore:
    """Consents in a small JSON file, read anew at each question, replaced atomically at each change.

    Parameters
    ----------
    path
        The JSON file; it need not exist. None: `default_path()`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()

    def entries(self) -> list[TrustEntry]:
        """All consents, oldest first. Raises `TargetError` where the file cannot be read: nothing is trusted then."""
        try:
            raw = json.loads(self.path.read_text(encoding="utf-8"))
            return [TrustEntry(checked_sha256(e["sha256"]), str(e["when"]), str(e["file"])) for e in raw["trusted"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, TargetError) as error:
            raise TargetError(
                f"{self.path}: the list of trusted files cannot be read ({error}).",
                "Delete it and consent again where needed.",
            ) from error

    def is_trusted(self, sha256: str) -> bool:
        """Whether there is a consent for this SHA-256."""
        return any(entry.sha256 == sha256.lower() for entry in self.entries())

    def trust(self, sha256: str, file: str) -> None:
        """Record a consent. Repeating one changes nothing."""
        digest = checked_sha256(sha256)
        entries = self.entries()
        if not any(entry.sha256 == digest for entry in entries):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._write([*entries, TrustEntry(digest, now, file)])

    def revoke(self, sha256: str) -> bool:
        """Take a consent back; returns whether there was one."""
        digest = checked_sha256(sha256)
        entries = self.entries()
        kept = [entry for entry in entries if entry.sha256 != digest]
        if len(kept) < len(entries):
            self._write(kept)
        return len(kept) < len(entries)

    def _write(self, entries: list[TrustEntry]) -> None:
        text = json.dumps({"trusted": [asdict(entry) for entry in entries]}, indent=2, ensure_ascii=False)
        try:
            write_text(self.path, text + "\n")
        except OSError as error:
            raise TargetError(
                f"{self.path}: the consent cannot be kept ({error.strerror}).",
                "Name the SHA-256 at each run instead (`--trust`), or set SEGLEAK_HOME to a folder you may write to.",
            ) from error
