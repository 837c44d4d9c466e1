"""Checking a snapshot: whether its attachments are whole, and the files on disk still those that it was made from."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import StoreError
from core.files import sha256_of_bytes, sha256_of_path
from core.progress import Progress
from core.snapshot.record import FORMAT, JSON_NAME, Manifest, manifest
from core.snapshot.redaction import read_key
from core.snapshot.since import since

LARGEST = 1 << 30
"""Bytes of a snapshot that is opened: far more than any has."""


class State(StrEnum):
    """What became of a file."""

    MATCHES = "matches"
    MOVED = "matches, in another place"
    EXTENDED = "matches, extended since"
    CHANGED = "changed"
    MISSING = "missing"
    UNKNOWN = "not checked"


@dataclass(frozen=True)
class Checked:
    """One file or hash of a snapshot, and what became of it.

    `path` is where it was found, or looked for; `told` says in a sentence what one must know of it.
    """

    what: str
    state: State
    path: str = ""
    told: str = ""


@dataclass(frozen=True)
class Snapshot:
    """What is attached to a snapshot.

    Attributes
    ----------
    document
        audit.json.
    sha256
        Of its bytes.
    printed
        Whether the first page prints that hash.
    """

    document: Mapping[str, Any]
    sha256: str
    printed: bool

    @property
    def redacted(self) -> bool:
        """Whether hashes are keyed and paths left out."""
        return bool(self.document.get("redacted"))


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot's attachments. Raises `StoreError` where it is no PDF, damaged, or no snapshot of SegLeak."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    remedy = "Give a PDF written by `snapshot`."
    try:
        if path.stat().st_size > LARGEST:
            raise StoreError(f"{path}: is too large for a snapshot.", remedy)
        reader = PdfReader(path)
        attached = reader.attachments.get(JSON_NAME)
        text = reader.pages[0].extract_text() if attached else ""
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}).", remedy) from error
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise StoreError(f"{path}: is no PDF, or damaged ({error}).", remedy) from error
    if not attached:
        raise StoreError(f"{path}: has no {JSON_NAME} attached.", remedy)
    data = bytes(attached[0])
    sha256 = sha256_of_bytes(data)
    return Snapshot(_document(data, path), sha256, sha256 in re.sub(r"\s", "", text))


def _document(data: bytes, path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path}: its {JSON_NAME} is damaged ({error}).", "Ask for the file again.") from error
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise StoreError(f"{path}: its {JSON_NAME} is not of a snapshot.", "Give a PDF written by `snapshot`.")
    if document.get("format", 0) > FORMAT:
        raise StoreError(f"{path}: was made by a newer SegLeak.", "Update SegLeak to check it.")
    return document


class Verifier:
    """Compares a snapshot with the files on disk.

    Parameters
    ----------
    snapshot
        What is to be checked.
    audit
        The audit folder: needed where paths were left out, for them and the key; else it may have moved.
    images
        A folder in which moved files are looked for by their hashes.
    """

    def __init__(self, snapshot: Snapshot, audit: Path | None = None, images: Path | None = None) -> None:
        self._snapshot, self._audit, self._images = snapshot, audit, images
        self._key = read_key(audit) if audit is not None and snapshot.redacted else None
        self._places = _places_in(audit) if audit is not None else {}
        self._found: dict[str, str] = {}
        folder = snapshot.document.get("folder")
        self._since = since(snapshot.document, audit or (Path(folder) if folder else None))

    def check(self, progress: Progress) -> list[Checked]:
        """Every file of the snapshot with what became of it, and the hashes over all of them."""
        files = [f for f in self._snapshot.document["files"] if isinstance(f, dict)]
        if self._images is not None:
            self._found = self._index(self._images, progress)
        printed = State.MATCHES if self._snapshot.printed else State.CHANGED
        checked = [Checked(f"{JSON_NAME}, as printed on the first page", printed, self._snapshot.sha256)]
        checked += [*self._manifests(files), *self._scores()]
        return checked + [self._file(f) for f in progress.over("Checking files", files, len(files))]

    def place_of(self, file: Mapping[str, Any]) -> Path | None:
        """Where the file with the right contents lies now; None where there is none."""
        checked = self._file(file)
        return Path(checked.path) if checked.state in {State.MATCHES, State.MOVED} else None

    def _manifests(self, files: "list[dict[str, Any]]") -> Iterator[Checked]:
        """Whether the lists of hashes in the attachment are those the manifests are of."""
        images = self._snapshot.document.get("images", [])
        for known in self._snapshot.document.get("manifests", []):
            key = "sha256" if known.get("name") == "images" else "label_sha256"
            pairs = [(str(i.get("role")), str(i[key])) for i in images if i.get(key)]
            made = manifest(str(known.get("name")), pairs)
            same = made == Manifest(**known)
            yield Checked(
                f"manifest of {made.files} {made.name}", State.MATCHES if same else State.CHANGED, made.sha256
            )

    def _scores(self) -> Iterator[Checked]:
        """Whether the audit still has the scores of the snapshot, where the audit can be read."""
        if self._since is not None:
            kept, count = self._since.kept, self._since.scores
            told = "" if kept == count else f"The audit has {kept:,} of them."
            yield Checked(
                f"{count:,} scores of the audit", State.MATCHES if kept == count else State.CHANGED, told=told
            )

    def _file(self, file: Mapping[str, Any]) -> Checked:
        what = " ".join(filter(None, (str(file.get("what", "file")), str(file.get("name") or ""))))
        wanted = file.get("sha256")
        path = self._path_of(file)
        if not wanted:
            return Checked(what, State.UNKNOWN, str(path or ""))
        if path is None and wanted not in self._found:
            return Checked(what, State.UNKNOWN if self._images is None else State.MISSING)
        there = path is not None and path.exists()
        if there and path is not None and self._hash(path, keyed="image" in file) == wanted:
            return Checked(what, State.MATCHES, str(path))
        if wanted in self._found:
            return Checked(what, State.MOVED, self._found[wanted])
        taken_in = self._since.taken_in if self._since is not None and file.get("what") == "spec" else ()
        if there and taken_in:
            told = (
                f"The snapshot is of the audit before: {'; '.join(taken_in)}. What it asked before is asked unchanged."
            )
            return Checked(what, State.EXTENDED, str(path), told)
        return Checked(what, State.CHANGED if there else State.MISSING, str(path))

    def _path_of(self, file: Mapping[str, Any]) -> Path | None:
        known = file.get("path") or self._places.get((file.get("what"), file.get("image")))
        if file.get("what") == "spec" and self._audit is not None:
            known = self._places[file["what"], None]
        return Path(known) if known else None

    def _hash(self, path: Path, *, keyed: bool) -> str:
        try:
            plain = sha256_of_path(path)
        except OSError:
            return ""
        if not keyed or not self._snapshot.redacted:
            return plain
        return "" if self._key is None else hmac.new(self._key, plain.encode(), hashlib.sha256).hexdigest()

    def _index(self, folder: Path, progress: Progress) -> dict[str, str]:
        """Files below a folder by their hash, keyed as in the snapshot and plain."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        found: dict[str, str] = {}
        for path in progress.over("Looking for moved files", files, len(files)):
            for keyed in (False, True):
                found.setdefault(self._hash(path, keyed=keyed), str(path))
        found.pop("", None)
        return found


def _places_in(audit: Path) -> dict[tuple[Any, Any], str]:
    """Where an audit folder says that its files lie, by kind and image id. Raises `StoreError` where it is none."""
    from core.snapshot.choices import SnapshotChoices
    from core.snapshot.content import opened
    from core.snapshot.record import files_of

    with opened(audit, SnapshotChoices()) as content:
        return {(file["what"], file.get("image")): file["path"] for file in files_of(content)}
