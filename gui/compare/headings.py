"""What stands above the panes. Knows nothing of widgets."""

from core.defenses.none import NoDefense
from gui.compare.frame import PaneFrame
from gui.compare.pane import Heading
from gui.compare.readout import number
from gui.compare.stage import Stage
from gui.document import AuditDocument
from gui.theme import defense_colours

OTHER_COLOUR = "#808890"
"""Of defenses that are not in the audit, such as one whose slider is being moved."""


def chain_title(document: AuditDocument, chain: str) -> str:
    """What a defense is called above its pane."""
    known = document.chain(chain)
    if known is None:
        return chain
    return NoDefense.title if known.title == NoDefense.name else known.title


def chain_colours(document: AuditDocument, chains: tuple[str, ...]) -> dict[str, str]:
    """The colours of the audit's defenses and of these, by chain id."""
    return dict.fromkeys(chains, OTHER_COLOUR) | defense_colours(chain.id for chain in document.chains)


def heading(document: AuditDocument, stage: Stage, threshold: float | None) -> Heading:
    """What stands above one pane.

    `threshold` is the operating point on the image scores of the pane's defense, None where there is none.
    """
    chain = stage.pane.chain
    title = chain_title(document, chain)
    if stage.curtain is not None:
        other = "image" if stage.other is None else chain_title(document, stage.other.chain)
        title = f"{title}  |  {other}"
    words, tip = score_words(stage.pane, threshold)
    return Heading(title, chain_colours(document, (chain,))[chain], words, tip)


def score_words(pane: PaneFrame, threshold: float | None) -> tuple[str, str]:
    """The image score with its rank, and what that means."""
    standing = pane.standing
    if standing is None:
        return "no score", pane.judged.reason
    sentences = ["Image score: higher = more likely a member."]
    words = f"score {number(standing.score)}"
    if standing.of:
        words += f"   rank {standing.rank} of {standing.of}"
        sentences.append("Rank 1 is the highest score of the audit under this defense.")
    if threshold is not None:
        above = standing.score >= threshold
        words += "   \N{BLACK UP-POINTING TRIANGLE}" if above else ""
        sentences.append(f"{'Above' if above else 'Below'} the operating point, {number(threshold)}.")
    return words, "\n".join(sentences)
