"""What is attached to a snapshot so that a machine can check it: audit.json and scores.csv."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from core.attacks.base import Attack
from core.audit.export import audit_document, scores_table
from core.audit.networks import NETWORK, file_of
from core.audit.place import image_path, label_path
from core.audit.store import SPEC_NAME
from core.defenses.hardened import Hardened
from core.errors import SegLeakError
from core.files import sha256_of_bytes, sha256_of_file
from core.snapshot import left_out
from core.snapshot.choices import described
from core.snapshot.content import Content
from core.snapshot.redaction import Redacted
from core.snapshot.replacing import mapped

FORMAT = 1
JSON_NAME, CSV_NAME = "audit.json", "scores.csv"


@dataclass(frozen=True)
class Manifest:
    """The SHA-256 of a list of hashes: one line per file, its hash and role, sorted."""

    name: str
    files: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """The attachments. The same audit and choices give the same bytes.

    Attributes
    ----------
    document, scores
        The bytes of audit.json and scores.csv.
    sha256
        Of audit.json; printed on the first page.
    manifests
        Hashes over the lists of images and label maps.
    """

    document: bytes
    scores: bytes
    sha256: str
    manifests: tuple[Manifest, ...]


def record_of(content: Content) -> Record:
    """Make the attachments of a snapshot."""
    names = content.names
    manifests = (_manifest(content, "images"), _manifest(content, "label maps"))
    plain = audit_document(content.store, content.spec)
    table: dict[str, Any] = (
        mapped(left_out.document(names, plain), names.text) if isinstance(names, Redacted) else plain
    )
    table |= {
        "format": FORMAT,
        "redacted": names.redacted,
        "folder": None if names.redacted else str(content.folder.absolute()),
        "choices": mapped(_choices(content), names.text),
        "manifests": [vars(m) for m in manifests],
        "files": list(files_of(content)),
    }
    document = (json.dumps(table, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8", "replace")
    return Record(document, _scores(content).encode("utf-8", "replace"), sha256_of_bytes(document), manifests)


def _choices(content: Content) -> dict[str, Any]:
    """The choices, without where the logo lies."""
    found = described(content.choices)
    found["heading"].pop("logo", None)
    if "notes" in found["heading"]:
        found["heading"]["notes"] = content.names.written(found["heading"]["notes"])
    return found


def _scores(content: Content) -> str:
    """The table of all scores; in a redacted snapshot with stand-ins and keyed hashes."""
    text = scores_table(content.store, content.spec)
    names = content.names
    if not isinstance(names, Redacted):
        return text
    lines = list(csv.reader(io.StringIO(text)))
    places = {name: place for place, name in enumerate(lines[0])}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(lines[0])
    for line in lines[1:]:
        row = content.rows[int(line[places["id"]])]
        cells = [names.told(cell) for cell in line]
        cells[places["image"]], cells[places["group"]] = names.of(row.id), names.group(row.group) or ""
        for key in ("sha256", "label_sha256"):
            cells[places[key]] = names.hash(line[places[key]] or None) or ""
        writer.writerow(cells)
    return buffer.getvalue()


# ---------------------------------------------------------------- files and their hashes


def files_of(content: Content) -> Iterator[dict[str, Any]]:
    """Every file the results depend on, with its hash; where it lies, unless paths are left out."""
    names = content.names
    for what, path, sha256 in models_of(content):
        yield {"what": what, "sha256": sha256, "path": None if names.redacted else path}
    for row in content.rows.values():
        label = label_path(row, content.spec)
        yield _image_file("image", content, row.id, str(image_path(row, content.spec)), row.sha256)
        if label is not None and row.label_sha256 is not None:
            yield _image_file("label map", content, row.id, str(label), row.label_sha256)


def _image_file(what: str, content: Content, image: int, path: str, sha256: str | None) -> dict[str, Any]:
    names = content.names
    where = None if names.redacted else path
    return {"what": what, "image": image, "name": names.of(image), "sha256": names.hash(sha256), "path": where}


def models_of(content: Content) -> Iterator[tuple[str, str, str]]:
    """Name, path and SHA-256 of the target, hardened targets, attack networks and the spec."""
    spec, facts = content.spec, content.facts
    yield "target", str(spec.resolve(spec.target.path)), facts.get("target", {}).get("sha256", "")
    used = facts.get("used", {})
    number = 0
    for chain in spec.defenses:
        source = chain.source
        if isinstance(source, Hardened):
            number += 1
            sha256 = used.get(type(chain)((source,)).id, "")
            yield f"hardened target {chain.label or number}", str(spec.resolve(source.path)), sha256
    for attack in spec.attacks:
        network = facts.get("attack_networks", {}).get(attack.id)
        if network:
            kind, place = _attack_file(content, attack.attack)
            yield f"{kind} of {attack.id}", place, network["sha256"]
    path = content.folder / SPEC_NAME
    yield "spec", str(path.absolute()), sha256_of_file(path)


def _attack_file(content: Content, attack: Attack) -> tuple[str, str]:
    try:
        kind, path = file_of(attack, content.spec) or ("file", "")
        return kind, str(path)
    except SegLeakError:
        return NETWORK, ""


def _manifest(content: Content, name: str) -> Manifest:
    hashed = content.names.hash
    pairs = ((r.role, r.sha256 if name == "images" else r.label_sha256) for r in content.rows.values())
    return manifest(name, ((str(role), str(hashed(sha))) for role, sha in pairs if sha))


def manifest(name: str, pairs: Iterable[tuple[str, str]]) -> Manifest:
    """The manifest of (role, hash) pairs."""
    lines = sorted(f"{sha256} {role}\n" for role, sha256 in pairs)
    return Manifest(name, len(lines), sha256_of_bytes("".join(lines).encode()))
