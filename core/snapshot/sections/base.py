"""A section of the snapshot: from the content to blocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.snapshot.blocks import Block, Head, PageBreak
from core.snapshot.choices import SECTIONS
from core.snapshot.content import Content
from core.snapshot.record import Record

Make = Callable[[Content, Record], Sequence[Block]]


@dataclass(frozen=True)
class Section:
    """One section; `make` gives its blocks, none where there is nothing to say.

    `new_page`: whether it begins a page, or does so where it would be torn apart.
    """

    name: str
    make: Make
    new_page: Literal["", "always", "if needed"] = ""

    def blocks(self, content: Content, record: Record) -> list[Block]:
        """The blocks under the section's title."""
        made = list(self.make(content, record))
        if not made or self.name == "cover":
            return made
        head: list[Block] = [PageBreak(self.new_page == "if needed")] if self.new_page else []
        return [*head, Head(SECTIONS[self.name]), *made]
