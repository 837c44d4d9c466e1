"""What to try, in this order, where the blocks of a page do not fit on it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.snapshot.blocks import Block, Callout, Facts, FigureRow, PictureRow, Signature, Text, Title

LOW = ((90.0, 0.8), (70.0, 0.7), (50.0, 0.6), (36.0, 0.5))
"""Heights of the pictures on a first page that has little room, and of its figures as a share of the usual."""


def shrunk(run: Sequence[Block]) -> Iterator[list[Block]]:
    """Smaller pictures; on the first page, which is signed and must be one, smaller letters and figures too."""
    signed = isinstance(run[-1], Signature)
    if any(isinstance(block, PictureRow) for block in run):
        for more in (1,) if signed else (1, 2):
            yield _smaller_pictures(run, more)
    if signed:
        dense = [_dense(block) for block in run]
        yield dense
        for height, share in LOW:
            yield [_low(block, height, share) for block in dense]


def _smaller_pictures(run: Sequence[Block], more: int) -> list[Block]:
    return [replace(b, columns=b.columns + more) if isinstance(b, PictureRow) else b for b in run]


def _dense(block: Block) -> Block:
    if isinstance(block, Callout | Facts | Title):
        return replace(block, small=True)
    if isinstance(block, Text):
        return replace(block, style="small")
    return block


def _low(block: Block, height: float, share: float) -> Block:
    if isinstance(block, PictureRow):
        return replace(block, tallest=height)
    return replace(block, height=share * block.height) if isinstance(block, FigureRow) else block
