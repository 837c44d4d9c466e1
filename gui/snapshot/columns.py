"""How wide the columns of a table are: as its weights say, and what one does not need goes to those that lack room."""

from functools import lru_cache

from core.snapshot.blocks import Picture, Table
from gui.fonts import font
from gui.snapshot.lines import text_width

PAD = 3.0
"""Room on either side of a cell."""
THUMBNAIL = 38.0
"""Height of a picture in a cell."""
LONGEST = 50.0
"""Width of a column that a long title may ask for."""
SHORT = 30
"""Letters of a title that stands in two lines; a longer one is a name, and broken into as many as it takes."""


def widths(block: Table, width: float) -> list[float]:
    """The width of each column; together they are as wide as the table."""
    weights, count = block.weights, len(block.weights)
    shares = [width * weight / sum(weights) for weight in weights]
    wanted = [_wanted(block, place, shares[place]) for place in range(count)]
    made, open_ones, room = shares[:], set(range(count)), width
    while open_ones:
        unit = room / sum(weights[i] for i in open_ones)
        narrow = {i for i in open_ones if wanted[i] <= weights[i] * unit}
        if narrow == open_ones == set(range(count)):
            return shares
        if not narrow:
            return [weights[i] * unit if i in open_ones else made[i] for i in range(count)]
        for place in narrow:
            made[place] = wanted[place]
            room -= wanted[place]
        open_ones -= narrow
    return [own + room * weight / sum(weights) for own, weight in zip(made, weights, strict=True)]


def _wanted(block: Table, place: int, share: float) -> float:
    """The width at which nothing in a column is broken that need not be; pictures never ask for more than a share."""
    cells = [row[place] for row in block.rows]
    texts = {cell for cell in cells if isinstance(cell, str)}
    pictures = [THUMBNAIL * c.size[1] / max(1, c.size[0]) for c in cells if isinstance(c, Picture)]
    asked = [_title(block.head[place]), min(share - 2 * PAD, max(pictures, default=0.0))]
    return max(*asked, *(_text(text) for text in texts), 0.0) + 2 * PAD


@lru_cache(maxsize=8192)
def _text(text: str) -> float:
    return max((text_width(line, font(8)) for line in text.split("\n")), default=0.0) + 0.5


@lru_cache(maxsize=512)
def _title(text: str) -> float:
    bold = font(8, bold=True)
    if len(text) > SHORT:
        return LONGEST
    words = text.split(" ")
    firsts = [" ".join(words[:count]) for count in range(1, len(words) + 1)]
    rests = [" ".join(words[count:]) for count in range(1, len(words) + 1)]
    return (
        min(max(text_width(first, bold), text_width(rest, bold)) for first, rest in zip(firsts, rests, strict=True))
        + 0.5
    )
