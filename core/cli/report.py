"""Tables of an audit's summary."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from core.audit.store import AuditStore
from core.audit.verdicts import Kind
from core.cli.screen import Screen, table

SHOWN = 20
"""Suspects listed one by one."""

Result = Mapping[str, Any]
"""What was found of one attack under one defense."""
Key = TypeVar("Key", bound=Hashable)

STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def print_findings(findings: Iterable[Mapping[str, Any]], screen: Screen, *, notes: bool = True) -> None:
    """Print what the data check found; without `notes` errors and warnings alone."""
    for finding in findings:
        severity = finding["severity"]
        if notes or severity != "note":
            screen.out.print(f"{severity}: {finding['sentence']}", style=STYLES[severity], markup=False)


def stored_findings(store: AuditStore) -> Sequence[Mapping[str, Any]]:
    """What the data check of an audit found; empty where it was left out."""
    findings: Sequence[Mapping[str, Any]] = (store.fact("data_check") or {}).get("findings", ())
    return findings


def has_error(findings: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the findings makes results wrong."""
    return any(finding["severity"] == "error" for finding in findings)


def print_summary(summary: Mapping[str, Any], screen: Screen) -> None:
    """Print what an audit found."""
    counts = ", ".join(f"{c['done']} {role}s" for role, c in summary["images"].items() if c["images"])
    screen.print(f"{summary['name']}: {counts} audited")
    if summary["excluded"]:
        images = "1 image is" if summary["excluded"] == 1 else f"{summary['excluded']} images are"
        screen.print(f"{images} excluded by the review log")
    _print_membership(summary, screen)
    for note in dict.fromkeys(f"{r['attack']}: {r['note']}" for r in summary["results"] if r.get("note")):
        screen.warn(note)
    _print_segmentation(summary, screen)
    _print_verdicts(summary["verdicts"], screen)
    for sentence in summary["independence"]:
        (screen.warn if sentence.startswith("Warning") else screen.note)(sentence)
    for failure in summary["failed"]:
        screen.warn(f"failed: {failure['key']}: {failure['reason']}")


def _print_membership(summary: Mapping[str, Any], screen: Screen) -> None:
    measured = [r for r in summary["results"] if not r["metrics"]["needs"]]
    if measured:
        columns = ("defense", "attack", "AUC", "interval", "TPR@10%", "@1%", "@0.1%", "advantage")
        made = table("Membership: AUC, and TPR at three FPR", *columns, texts=2)
        titles, shown = _titles(summary), ""
        for result in measured:
            name = "" if result["defense"] == shown else titles[result["defense"]]
            shown = result["defense"]
            made.add_row(name, *_membership_row(result))
        screen.print()
        screen.print(made)
        screen.note(
            "* primary attack on the released output; all else is exploratory, no verdict. n/m: not measurable with so "
            "few non-members."
        )
    for needs, results in _by(summary["results"], lambda r: [r["metrics"]["needs"]] if r["metrics"]["needs"] else []):
        screen.print(f"AUC, TPR and thresholds{_of(results, summary)}: {needs.rstrip('.')}.")
    told = _by(summary["results"], lambda r: [(r["attack"], *pair) for pair in r["not_scored"].items()])
    for (attack, reason, count), results in told:
        screen.note(f"{attack}: {count} images not scored{_under(results, summary)} ({reason})")


def _by(results: Iterable[Result], keys: Callable[[Result], Iterable[Key]]) -> Iterator[tuple[Key, list[Result]]]:
    """Each key with the results that have it, in the order in which they come."""
    found: dict[Key, list[Result]] = {}
    for result in results:
        for key in keys(result):
            found.setdefault(key, []).append(result)
    yield from found.items()


def _of(results: Sequence[Result], summary: Mapping[str, Any]) -> str:
    """Which attacks and defenses these are the results of; empty where they are all."""
    if len(results) == len(summary["results"]):
        return ""
    attacks = dict.fromkeys(r["attack"] + ("" if r["exploratory"] else " *") for r in results)
    return f" of {', '.join(attacks)}{_under(results, summary)}"


def _under(results: Sequence[Result], summary: Mapping[str, Any]) -> str:
    """Under which defenses; empty where it is under all."""
    titles = _titles(summary)
    shown = dict.fromkeys(titles[result["defense"]] for result in results)
    return "" if len(shown) == len(titles) else f" under {', '.join(shown)}"


def _titles(summary: Mapping[str, Any]) -> dict[str, str]:
    """What to call each defense on screen, by its id."""
    return {defense["id"]: defense["title"] for defense in summary["defenses"]}


def _membership_row(result: Mapping[str, Any]) -> list[str]:
    metrics = result["metrics"]
    interval = metrics["auc_interval"]
    return [
        result["attack"] + ("" if result["exploratory"] else " *"),
        f"{metrics['auc']:.3f}",
        f"{interval['low']:.2f}-{interval['high']:.2f}" if interval else "n/m",
        *(_number(t["value"]) for t in metrics["tpr_at"]),
        _number(metrics["advantage"]),
    ]


def _print_verdicts(verdicts: Mapping[str, Any], screen: Screen) -> None:
    """The numbers of verdicts of each kind, the suspects with evidence, and what all that rests on."""
    if not verdicts["verdicts"]:
        return
    found = ", ".join(f"{count} {kind}" for kind, count in verdicts["counts"].items())
    screen.print(f"Suspects: {found}")
    evidence = sorted((v for v in verdicts["verdicts"] if v["kind"] == Kind.EVIDENCE), key=lambda v: v["p"])
    for verdict in evidence[:SHOWN]:
        screen.print(f"  {verdict['key']}: {verdict['sentence']}")
    if len(evidence) > SHOWN:
        screen.print(f"  and {len(evidence) - SHOWN} more; `main.py export` writes them all")
    for reason, count in Counter(v["sentence"] for v in verdicts["verdicts"] if v["kind"] == Kind.UNJUDGED).items():
        screen.print(f"  {count} {'suspect' if count == 1 else 'suspects'}: {reason}")
    for told in dict.fromkeys(doubt["told"] for doubt in verdicts["doubts"] if doubt["override"]):
        screen.warn(told)
    for sentence in verdicts["sentences"]:
        screen.note(sentence)
    screen.print()


def _print_segmentation(summary: Mapping[str, Any], screen: Screen) -> None:
    if not any(summary["segmentation"].values()):
        return
    columns = ("defense", "mIoU members", "non-members", "accuracy members", "non-members")
    made, titles = table("Segmentation, at full label resolution", *columns), _titles(summary)
    for defense, roles in summary["segmentation"].items():
        inside, outside = roles.get("member", {}), roles.get("non-member", {})
        keys = ("miou", "pixel_accuracy")
        made.add_row(titles[defense], *(_number(side.get(key)) for key in keys for side in (inside, outside)))
    screen.print()
    screen.print(made)
    screen.print()


def _number(value: float | None) -> str:
    return "n/m" if value is None else f"{value:.3f}"
