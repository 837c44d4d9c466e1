"""The finding in plain words. Nothing here ever says that an image was not trained on."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.audit.verdicts import Kind
from core.data.samples import Role
from core.snapshot.content import Content

DOES_NOT_PROVE = (
    "A low score is never proof that an image was not trained on: it says that this attack, at this power, found no "
    "sign. A stronger attack may find one. A score is not a probability, and a map shows which regions moved an "
    "image's score, not which pixels, objects or people were in the training data. Scores of different attacks cannot "
    "be compared. What was measured holds for this target, these images and these settings."
)

CITATION = (
    "Y. He, S. Rahimian, B. Schiele, M. Fritz: Segmentations-Leak: Membership Inference Attacks and Defenses in "
    "Semantic Image Segmentation. European Conference on Computer Vision (ECCV), 2020. arXiv 1912.09685."
)


MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Not those of the locale: the pages are in English."""


def counted(number: int, noun: str) -> str:
    """Such as "1 suspect" or "12 suspects"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(iso: str) -> str:
    """A moment as people write it, such as "29 November 2026, 11:37 UTC"; what is none stays as it is."""
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    zone = f" {found.tzname()}" if found.tzinfo is not None else ""
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}, {found:%H:%M}{zone}"


def share(value: float | None) -> str:
    """A share of 0 to 1 in percent, such as "80 %"; "not measurable" for None."""
    return "not measurable" if value is None else f"{100 * value:.3g}\u00a0%"


def number(value: float | None, digits: int = 3) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def interval(found: Mapping[str, Any] | None, digits: int = 2) -> str:
    """Such as "0.97 to 0.99", or why there is none."""
    return "no interval" if found is None else f"{found['low']:.{digits}f} to {found['high']:.{digits}f}"


def level(content: Content) -> str:
    """The level of all intervals, such as "95 %"."""
    return share(content.spec.run.level)


def asked(content: Content) -> str:
    """What was asked."""
    counts = [counted(len(content.of_role(role)), str(role)) for role in Role if content.of_role(role)]
    named = content.facts.get("target", {}).get("file", "")
    target = f" {named}" if named and not content.names.redacted else ""
    attack = content.spec.primary.words
    return (
        f"Does the segmentation model{target} give away which images it was trained on? The attack “{attack}”, named "
        f"before anything was scored, gave a score to each of {_and(counts)}. Members are images known to be trained "
        "on, non-members are known not to be, suspects are unknown."
    )


def found(content: Content) -> str:
    """What was found."""
    metrics = content.result(content.released.id)["metrics"]
    if metrics["needs"]:
        return (
            f"How well the attack works on this model cannot be measured: it {metrics['needs']}. {_suspects(content)}"
        )
    sentences = [
        _answer(metrics),
        f"Shown one known member and one known non-member, {_release(content)}, it gives the member the higher score "
        f"in {share(metrics['auc'])} of all such pairs; guessing gives 50\u00a0%.",
        _at_low_rate(metrics),
        _suspects(content),
        _defended(content),
    ]
    return " ".join(filter(None, sentences))


def sure(content: Content) -> str:
    """How sure it is."""
    metrics = content.result(content.released.id)["metrics"]
    sentences = []
    if metrics.get("auc_interval"):
        level = 100 * metrics["auc_interval"]["level"]
        low, high = (share(metrics["auc_interval"][end]) for end in ("low", "high"))
        unit = metrics["auc_interval"]["unit"]
        sentences.append(
            f"With other {unit}s of the same kind the share of pairs would lie between {low} and {high} "
            f"({level:g}\u00a0% interval, {unit}s resampled)."
        )
    sentences += [f"At a false alarm rate of {share(t['fpr'])}: {t['needs']}." for t in metrics["tpr_at"] if t["needs"]]
    verdicts = content.verdicts
    if verdicts["power"] is not None:
        sentences.append(
            f"By the procedure of the verdicts {share(verdicts['power'])} of the known members would be found "
            f"({_shares(verdicts['power_interval'])})."
        )
    if content.excluded:
        sentences.append(f"{counted(len(content.excluded), 'image')} excluded by the examiner; see the review log.")
    errors = [f for f in (content.facts.get("data_check") or {}).get("findings", ()) if f["severity"] != "note"]
    if errors:
        sentences.append(f"The data check found {counted(len(errors), 'problem')} that can mislead; see there.")
    sentences += [s for s in content.summary["independence"] if s.startswith("Warning") or "cannot be verified" in s][
        :3
    ]
    return " ".join(sentences)


def headline(content: Content) -> tuple[tuple[str, str, str], ...]:
    """The three numbers that matter: value, what it is, how sure."""
    metrics = content.result(content.released.id)["metrics"]
    level = metrics["auc_interval"]
    auc = ("-" if metrics["auc"] is None else f"{metrics['auc']:.2f}"), "AUC: 0.5 is guessing, 1 is certainty"
    first = (*auc, f"{100 * level['level']:g} %: {interval(level)}" if level else metrics["needs"])
    measured = [t for t in metrics["tpr_at"] if t["value"] is not None]
    if measured:
        best = measured[-1]
        sure_of = f"{100 * best['interval']['level']:g} %: {_shares(best['interval'])}" if best["interval"] else ""
        what = f"of members found with at most {share(best['fpr'])} false alarms"
        second = (share(best["value"]), what, sure_of)
    else:
        second = ("-", "of members found at a low false alarm rate", "not measurable")
    return first, second, _third(content)


def _third(content: Content) -> tuple[str, str, str]:
    suspects = content.suspects
    if suspects:
        told = Counter(s.kind for s in suspects)
        unjudged = f"{told[Kind.UNJUDGED]} cannot be judged" if told[Kind.UNJUDGED] else ""
        return f"{told[Kind.EVIDENCE]} of {len(suspects)}", "suspects with evidence of membership", unjudged
    sides = content.summary["segmentation"].get(content.released.id, {})
    members, others = (sides.get(str(role), {}).get("miou") for role in (Role.MEMBER, Role.NON_MEMBER))
    return number(others, 2), "mIoU on non-members", f"on members: {number(members, 2)}"


def _at_low_rate(metrics: Mapping[str, Any]) -> str:
    measured = [t for t in metrics["tpr_at"] if t["value"] is not None]
    if not measured:
        return ""
    best = measured[-1]
    return (
        f"Allowed to flag at most {share(best['fpr'])} of non-members, it finds {share(best['value'])} of the members."
    )


def _suspects(content: Content) -> str:
    if not content.suspects:
        return ""
    told = Counter(s.kind for s in content.suspects)
    counts = _and([f"{count} “{kind}”" for kind, count in told.items()])
    return f"Of {counted(len(content.suspects), 'suspect')}: {counts}."


def _defended(content: Content) -> str:
    parts = []
    for chain in content.chains:
        auc = content.result(chain.id)["metrics"]["auc"]
        if chain.id != content.released.id and auc is not None:
            parts.append((auc, f"{share(auc)} with {content.title_of(chain)}"))
    if not parts:
        return ""
    some = [text for _, text in sorted(parts)[:4]]
    more = f" (the lowest {len(some)} of {len(parts)})" if len(parts) > len(some) else ""
    return (
        f"The same share of pairs under defenses: {_and(some)}{more}. That is what this attack achieves; one that "
        "knows the defense may do better."
    )


def _answer(metrics: Mapping[str, Any]) -> str:
    """The answer to the question in a sentence, as far as this attack can tell."""
    at = metrics["auc_interval"]
    if at is None:
        return "How surely the attack tells members from non-members cannot be said."
    if at["low"] > 0.5:
        return "Yes: this attack tells images that the model was trained on from others better than guessing does."
    return "This attack did not tell images that the model was trained on from others better than guessing does."


def _release(content: Content) -> str:
    """Which output of the model was attacked."""
    return f"under {content.title_of(content.released)}" if content.released.defenses else "without any defense"


def _shares(found: Mapping[str, Any] | None) -> str:
    return "no interval" if found is None else f"{share(found['low'])} to {share(found['high'])}"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
