"""What the data check found, and what people decided."""

from collections.abc import Mapping

from core.audit.review import ReviewEntry
from core.snapshot import words
from core.snapshot.blocks import Block, Callout, Table, Text
from core.snapshot.content import Content
from core.snapshot.record import Record


def checks(content: Content, record: Record) -> list[Block]:
    """Findings of the data check, and whether models and images are independent."""
    report = content.facts.get("data_check")
    blocks: list[Block] = []
    if report is None:
        blocks.append(Text("The data check was left out of this audit."))
    elif not report["findings"]:
        blocks.append(Text("The data check found no duplicates, shifts, unreadable files or wrong label values."))
    else:
        blocks += [Callout(found["severity"].capitalize(), found["sentence"]) for found in report["findings"]]
    failed = content.summary["failed"]
    if failed:
        rows = tuple((f["role"], f["key"], f["reason"]) for f in failed)
        blocks.append(Table(("Role", "Image that failed", "Why"), rows, (1, 2.5, 4)))
    return [*blocks, *(Text(sentence, "small") for sentence in content.summary["independence"])]


def review(content: Content, record: Record) -> list[Block]:
    """The review log, and the headline numbers with and without exclusions."""
    if not content.entries:
        return [Text("Nobody excluded, flagged or annotated an image.")]
    rows = tuple(
        (words.moment(e.when), e.who, _action(e), _subject(content, e.image), e.why or "-") for e in content.entries
    )
    table = Table(("When", "Who", "What", "Image", "Why"), rows, (2.9, 1.3, 1.2, 2.4, 3.2))
    return [*_with_and_without(content), table]


def _action(entry: ReviewEntry) -> str:
    """What was done, with the region or the check it was done to."""
    value = entry.value.get("id", "") if isinstance(entry.value, Mapping) else entry.value
    return f"{entry.action} {value}" if isinstance(value, str) and value else entry.action


def _subject(content: Content, image: int | None) -> str:
    if image is None:
        return "the audit"
    return content.names.of(image) if image in content.rows else f"image {image}"


def _with_and_without(content: Content) -> list[Block]:
    everything = content.with_excluded
    if everything is None:
        return [Text("No image is excluded.", "small")]
    counted = content.result(content.released.id)["metrics"]
    plain = everything.to_dict()
    rows = []
    for title, metrics in (("without the excluded images", counted), ("with all images", plain)):
        tpr = [words.number(t["value"]) if t["value"] is not None else "not measurable" for t in metrics["tpr_at"]]
        row = (title, str(metrics["members"]), str(metrics["non_members"]), words.number(metrics["auc"]))
        rows.append((*row, words.interval(metrics["auc_interval"]), *(tpr or ["-"] * 3)))
    head = (
        "Numbers",
        "Members",
        "Non-members",
        "AUC",
        f"{words.level(content)} interval",
        "TPR at 10\u00a0% FPR",
        "at 1\u00a0%",
        "at 0.1\u00a0%",
    )
    excluded = words.counted(len(content.excluded), "image")
    text = f"{excluded} excluded. Under {content.title_of(content.released)}, primary attack:"
    align = ("left", *["right"] * 7)
    return [Text(text), Table(head, tuple(rows), (2.2, 1.3, 1.3, 0.9, 1.6, 1.5, 1.3, 1.3), align)]  # type: ignore[arg-type]
