"""The sections of a snapshot, in order."""

from core.progress import Progress
from core.snapshot.blocks import Block, PageBreak, Signature
from core.snapshot.content import Content
from core.snapshot.record import Record
from core.snapshot.replacing import mapped
from core.snapshot.sections import cover, curves, decided, images, provenance, texts, utility
from core.snapshot.sections.base import Section

SECTIONS = (
    Section("cover", cover.cover),
    Section("suspects", images.suspects, new_page="always"),
    Section("images", images.pages, new_page="always"),
    Section("curves", curves.curves, new_page="always"),
    Section("histograms", curves.histograms),
    Section("classes", utility.classes, new_page="always"),
    Section("utility", utility.utility),
    Section("checks", decided.checks, new_page="always"),
    Section("review", decided.review),
    Section("method", texts.method, new_page="if needed"),
    Section("provenance", provenance.provenance, new_page="always"),
    Section("limits", texts.limits, new_page="if needed"),
    Section("glossary", texts.glossary, new_page="if needed"),
)


def blocks_of(content: Content, record: Record, progress: Progress) -> list[Block]:
    """All blocks of the sections that are asked for; every text has gone through `content.names`."""
    wanted = [section for section in SECTIONS if section.name in content.choices.sections]
    made: list[Block] = []
    for section in progress.over("Gathering the snapshot", wanted, len(wanted)):
        blocks = section.blocks(content, record)
        alone = bool(made) and isinstance(made[-1], Signature) and bool(blocks) and not isinstance(blocks[0], PageBreak)
        made += [PageBreak(), *blocks] if alone else blocks
    return [mapped(block, content.names.text) for block in made] if content.names.redacted else made
