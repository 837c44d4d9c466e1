"""How well the attack tells members from non-members: ROC curves with bands, the table of numbers, histograms."""

import numpy as np

from core.data.samples import Role
from core.defenses.chain import Chain
from core.metrics.bands import roc_band
from core.metrics.roc import roc_curve
from core.snapshot import words
from core.snapshot.blocks import Block, Curve, FigureRow, HistogramFigure, RocFigure, Table, Text
from core.snapshot.content import Content, FloatArray
from core.snapshot.record import Record

PER_FIGURE = 5
"""Curves of one figure: more cannot be told apart in black and white."""
RESAMPLES = 500
BINS = 24
ON_A_PAGE, HEIGHT, LOWER = 3, 205.0, 150.0
"""Rows of histograms that fill a page, and how high they are; lower where there are more of them."""


def curves(content: Content, record: Record) -> list[Block]:
    """ROC curves on both scales, and the numbers of every attack and defense."""
    usable = [chain for chain in content.chains if _both(content, chain)]
    if not usable:
        return [Text("There are no known members and non-members with scores, so nothing can be measured (n/m).")]
    blocks: list[Block] = []
    for start in range(0, len(usable), PER_FIGURE):
        blocks += roc_row(content, usable[start : start + PER_FIGURE], start)
    fewest = min(len(content.side(chain.id, Role.NON_MEMBER)[0]) for chain in usable)
    note = (
        f"Primary attack: {content.spec.primary.words}. Bands: {words.level(content)} at each false positive rate by "
        f"itself, images resampled {RESAMPLES} times, groups as a whole. Right: the same curves with logarithmic "
        f"axes. With {fewest} non-members nothing below a false positive rate of {words.share(1 / fewest)} can be "
        "measured (n/m)."
    )
    return [*blocks, Text(note, "small"), *numbers_table(content)]


def roc_row(content: Content, chains: "tuple[Chain, ...] | list[Chain]", start: int = 0) -> list[Block]:
    """ROC curves of some defenses, linear and log-log; `start` is the place of the first among all."""
    made = [_curve(content, chain, start + i) for i, chain in enumerate(chains) if _both(content, chain)]
    if not made:
        return []
    least = 1 / max(2, *(len(content.side(chain.id, Role.NON_MEMBER)[0]) for chain in chains))
    return [FigureRow((RocFigure(tuple(made)), RocFigure(tuple(made), log=True, least=least)), height=215)]


def _both(content: Content, chain: Chain) -> bool:
    return all(len(content.side(chain.id, role)[0]) for role in (Role.MEMBER, Role.NON_MEMBER))


def _curve(content: Content, chain: Chain, place: int) -> Curve:
    (inside, inside_groups), (outside, outside_groups) = (
        content.side(chain.id, role) for role in (Role.MEMBER, Role.NON_MEMBER)
    )
    roc = roc_curve(inside, outside).corners()
    found = roc_band(
        inside,
        outside,
        inside_groups,
        outside_groups,
        resamples=RESAMPLES,
        seed=content.spec.seed,
        level=content.spec.run.level,
    )
    band = () if found is None else tuple(map(tuple, np.column_stack([found.fpr, found.low, found.high]).tolist()))
    auc = content.result(chain.id)["metrics"]["auc"]
    name = f"{content.name_of(chain)}, AUC {words.number(auc)}"
    points = tuple(zip(roc.fpr.tolist(), roc.tpr.tolist(), strict=True))
    return Curve(name, points, place, band)


def numbers_table(content: Content) -> list[Block]:
    """AUC and TPR of every defense and attack."""
    levels = ("10\u00a0%", "1\u00a0%", "0.1\u00a0%")
    head = (
        "Defense",
        "Attack",
        "AUC",
        f"{words.level(content)} interval",
        *(f"TPR at {level} FPR" for level in levels),
    )
    rows = []
    for chain in content.chains:
        for attack in content.spec.attacks:
            result = content.result(chain.id, attack.id)
            metrics = result["metrics"]
            mark = f"{attack.words} ({'exploratory' if result['exploratory'] else 'primary'})"
            tpr = [_tpr(t) for t in metrics["tpr_at"]] or ["-"] * len(levels)
            row = (content.name_of(chain), mark, words.number(metrics["auc"]), words.interval(metrics["auc_interval"]))
            rows.append((*row, *tpr))
    align = ("left", "left", *["right"] * 5)
    return [Table(head, tuple(rows), (2.2, 2.4, 0.9, 1.6, 1.6, 1.6, 1.6), align)]  # type: ignore[arg-type]


def _tpr(found: "dict[str, object]") -> str:
    value, at = found["value"], found["interval"]
    if value is None:
        return "n/m"
    return f"{words.number(value)}\n{words.interval(at)}" if at else words.number(value)  # type: ignore[arg-type]


def histograms(content: Content, record: Record) -> list[Block]:
    """Scores of members and non-members in the same bins, suspects as ticks."""
    made = [figure for chain in content.chains if (figure := _histogram(content, chain)) is not None]
    if not made:
        return []
    height = HEIGHT if len(made) <= 2 * ON_A_PAGE else LOWER
    rows: list[Block] = [FigureRow(tuple(made[i : i + 2]), height) for i in range(0, len(made), 2)]
    note = "Shares of images per bin: members filled, non-members outlined and hatched, suspects as ticks."
    return [*rows, Text(note, "small")]


def _histogram(content: Content, chain: Chain) -> HistogramFigure | None:
    inside, outside, unknown = (content.side(chain.id, role)[0] for role in Role)
    known = np.concatenate([inside, outside])
    if not known.size:
        return None
    edges = np.histogram_bin_edges(np.concatenate([known, unknown]), BINS)
    return HistogramFigure(
        content.name_of(chain),
        tuple(edges.tolist()),
        _shares(inside, edges),
        _shares(outside, edges),
        tuple(unknown.tolist()),
    )


def _shares(scores: FloatArray, edges: FloatArray) -> tuple[float, ...]:
    counts, _ = np.histogram(scores, edges)
    return tuple((counts / max(1, scores.size)).tolist())
