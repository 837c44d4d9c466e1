"""The tables of an audit without names: each is replaced at its place, whatever it looks like."""

import re
from collections.abc import Mapping
from typing import Any

from core.audit.doubts import Doubt
from core.audit.extension import EXTENDED
from core.audit.review import ReviewEntry
from core.audit.spec import to_mapping
from core.snapshot.known_names import NAME_LEFT_OUT
from core.snapshot.redaction import Names, Redacted

COUNTS = re.compile(
    r"[\d,]+ images?, [\d,]+ with a label map(?:, in [\d,]+ groups?|, [\d,]+ in none|, none with a group)*\.$"
)
"""The end of the sentence about an image set, after what was recognised in its folders."""
PLAIN_OPTIONS = frozenset({"role", "path", "layout", "scheme", "encoding", "limit", "calibration"})
"""Keys of an image set in the spec that name no folder or file of their own."""
Table = dict[str, Any]


def facts(names: Names, found: Mapping[str, Any]) -> Table:
    """What the run recorded."""
    table = dict(found)
    if not isinstance(names, Redacted):
        return table
    for key in ("target", "classes"):
        if table.get(key):
            table[key] = table[key] | {k: NAME_LEFT_OUT for k in ("file", "scheme") if k in table[key]}
    networks = table.get("attack_networks") or {}
    table["attack_networks"] = {k: v | ({"file": NAME_LEFT_OUT} if "file" in v else {}) for k, v in networks.items()}
    table["sets"] = [_image_set(number, entry) for number, entry in enumerate(table.get("sets") or (), start=1)]
    table["independence"] = [names.of_model(sentence) for sentence in table.get("independence") or ()]
    if table.get(EXTENDED):
        table[EXTENDED] = [_taken_in(names, entry) for entry in table[EXTENDED]]
    if table.get("data_check"):
        table["data_check"] = _data_check(names, table["data_check"])
    return table


def _taken_in(names: Redacted, entry: Mapping[str, Any]) -> Table:
    """When which defenses were added, by what they are called here."""
    told = {chain.describe(): names.chain(chain) for chain in names.chains}
    return {**entry, "defenses": [told.get(said, NAME_LEFT_OUT) for said in entry["defenses"]]}


def _image_set(number: int, entry: Mapping[str, Any]) -> Table:
    return {**entry, "path": f"image set {number}", "found": _counts(entry.get("found", ""))}


def _counts(sentence: str) -> str:
    """How many images were found, without how the folders are called."""
    found = COUNTS.search(sentence)
    return found.group() if found else NAME_LEFT_OUT


def _data_check(names: Redacted, report: Mapping[str, Any]) -> Table:
    table = dict(report)
    table["layouts"] = {role: [*map(_counts, told)] for role, told in (table.get("layouts") or {}).items()}
    table["findings"] = [
        {**found, "sentence": names.told(found["sentence"]), "items": [_item(i) for i in found.get("items") or ()]}
        for found in table.get("findings") or ()
    ]
    return table


def _item(item: Mapping[str, Any]) -> Table:
    """What a finding is about: its numbers, and none of its texts, which are files and what is wrong with them."""
    return {key: NAME_LEFT_OUT if isinstance(value, str) else value for key, value in item.items()}


def summary(names: Names, found: Mapping[str, Any]) -> Table:
    """The numbers of the audit."""
    table = dict(found)
    if not isinstance(names, Redacted):
        return table
    table["name"] = NAME_LEFT_OUT
    table["failed"] = [
        {**f, "key": names.of_key(f["role"], f["key"]), "reason": names.told(f["reason"] or "")}
        for f in table["failed"]
    ]
    table["classes"] = facts(names, {"classes": table["classes"]})["classes"]
    table["independence"] = [names.of_model(sentence) for sentence in table["independence"]]
    table["defenses"] = [
        {**told, "title": names.chain(chain), "describe": plain.describe()}
        for told, chain, plain in zip(table["defenses"], names.chains, names.spec.defenses, strict=True)
    ]
    table["results"] = [{**r, "not_scored": _told_keys(names, r["not_scored"])} for r in table["results"]]
    table["verdicts"] = _verdicts(names, table["verdicts"])
    return table


def _told_keys(names: Redacted, counts: Mapping[str, int]) -> dict[str, int]:
    """How many images have no score for which reason."""
    found: dict[str, int] = {}
    for reason, count in counts.items():
        told = names.told(str(reason))
        found[told] = found.get(told, 0) + count
    return found


def _verdicts(names: Redacted, found: Mapping[str, Any]) -> Table:
    table = dict(found)
    table["verdicts"] = [
        {
            **v,
            "key": names.of(v["image"]),
            "group": names.group(v.get("group")),
            "sentence": names.told(v["sentence"]),
        }
        for v in table["verdicts"]
    ]
    table["doubts"] = [_doubt(names, doubt) for doubt in table["doubts"]]
    return table


def _doubt(names: Redacted, found: Mapping[str, Any]) -> Table:
    """A failed check, and who set it aside why."""
    override = found.get("override") and names.decision(found["override"])
    sentence = names.told(found["sentence"])
    doubt = Doubt(found["check"], found["image"], sentence, ReviewEntry(**override) if override else None)
    return {**found, "sentence": sentence, "override": override, "told": doubt.told}


def document(names: Redacted, found: Mapping[str, Any]) -> Table:
    """The whole audit: see `core.audit.export.audit_document`."""
    table = dict(found)
    table["spec"] = _spec(names)
    table["facts"], table["summary"] = facts(names, table["facts"]), summary(names, table["summary"])
    table["images"] = [_image(names, image) for image in table["images"]]
    table["scores"] = [{**s, "reason": s["reason"] and names.told(s["reason"])} for s in table["scores"]]
    table["review"] = [names.decision(entry) for entry in table["review"]]
    return table


def _spec(names: Redacted) -> Table:
    """The spec without its name, its paths and the folders that layouts are told of."""
    table = to_mapping(names.spec) | {"name": NAME_LEFT_OUT}
    table["images"] = [
        {
            key: value if key in PLAIN_OPTIONS or not isinstance(value, str) else NAME_LEFT_OUT
            for key, value in i.items()
        }
        for i in table["images"]
    ]
    return table


def _image(names: Redacted, image: Mapping[str, Any]) -> Table:
    hashes = {key: names.hash(image[key]) for key in ("sha256", "label_sha256")}
    reason = image["reason"] and names.told(image["reason"])
    return {**image, **hashes, "key": names.of(image["id"]), "group": names.group(image["group"]), "reason": reason}
