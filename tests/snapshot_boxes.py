"""Where the letters of a PDF lie, as pdfium sees it: what leaves the page, and what lies on top of what."""

import numpy as np

from gui.snapshot.style import SIDE

EDGE = 24.0
"""Points at the top and the foot of a page where nothing is."""
TOUCH = 2.0
"""Letters may touch by so many points: slanted ones, and those of scripts that join."""


def boxes(page):
    """Left, low, right and high of each run of letters, from the left."""
    text = page.get_textpage()
    return text, sorted(text.get_rect(number) for number in range(text.count_rects()))


def outside(page):
    """Texts that are not between the margins."""
    width, height = page.get_size()
    text, found = boxes(page)
    return [
        text.get_text_bounded(left, low, right, high)
        for left, low, right, high in found
        if left < SIDE - 1 or right > width - SIDE + 1 or low < EDGE or high > height - EDGE
    ]


def overlapping(page):
    """Pairs of texts that lie on each other: one has left its column, its line or its cell."""
    text, known = boxes(page)
    found = []
    for place, box in enumerate(known):
        for other in known[place + 1 :]:
            if other[0] > box[2] - TOUCH:
                break
            if min(box[3], other[3]) - max(box[1], other[1]) > TOUCH:
                found.append((text.get_text_bounded(*box), text.get_text_bounded(*other)))
    return found


def painted_margins(page):
    """Whether anything at all, such as a picture or a line, is left or right of the margins."""
    picture = np.asarray(page.render(scale=1).to_pil().convert("L"))
    side = int(SIDE) - 2
    return bool(min(picture[:, :side].min(), picture[:, -side:].min()) < 200)
