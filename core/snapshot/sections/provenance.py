"""Where everything comes from: hashes, versions, device, seed, dates, settings."""

from collections.abc import Iterator

from core.audit.extension import EXTENDED
from core.snapshot import words
from core.snapshot.blocks import Block, Facts, Head, Text
from core.snapshot.content import Content
from core.snapshot.record import CSV_NAME, JSON_NAME, Record, models_of
from core.snapshot.sections.texts import settings


def provenance(content: Content, record: Record) -> list[Block]:
    """Hashes that `verify` recomputes, and the circumstances of the run."""
    redacted = (
        "Paths, file names and reviewers' names are left out. Hashes of images are keyed (HMAC-SHA256); the key stays "
        "in the audit."
    )
    return [
        Text(
            f"{JSON_NAME} and {CSV_NAME} are attached to this file. “main.py verify FILE” recomputes the hashes below "
            "from the files on disk and says what matches, what changed and what is missing."
        ),
        *([Text(redacted)] if content.names.redacted else []),
        Head("SHA-256", 2),
        Facts(tuple(_hashes(content, record)), mono=True),
        Head("The run", 2),
        Facts(tuple(_run(content))),
        Head("Settings", 2),
        Facts(tuple(settings(content)), mono=True),
    ]


def _hashes(content: Content, record: Record) -> Iterator[tuple[str, str]]:
    yield JSON_NAME, record.sha256
    for what, path, sha256 in models_of(content):
        shown = sha256 or "not recorded"
        yield what, shown if content.names.redacted else f"{shown}\n{path}"
    yield "spec, as asked", content.facts.get("spec_sha256", "not recorded")
    for manifest in record.manifests:
        yield f"manifest of {manifest.files} {manifest.name}", manifest.sha256


def _run(content: Content) -> Iterator[tuple[str, str]]:
    target = content.facts.get("target", {})
    yield "Target", ", ".join(filter(None, (target.get("architecture"), target.get("format"), target.get("gives"))))
    for found in content.facts.get("sets", ()):
        yield "Image set", f"{found['path']}: {found['found']}"
    yield "Seed", str(content.spec.seed)
    for number, run in enumerate(content.facts.get("runs", ()), start=1):
        yield f"Run {number} began", words.moment(run["started"])
        yield "Device", run["device"]
        yield "Versions", ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    for entry in content.facts.get(EXTENDED) or ():
        yield "Taken in later", f"{words.moment(entry['when'])}: {', '.join(entry['defenses'])}"
    yield "Audit finished", words.moment(str(content.facts.get("finished") or "not finished"))
    yield "Snapshot made", words.moment(content.created)
