"""How panes share a window. Knows nothing of Qt."""


def arrangement(
    count: int, room: tuple[float, float], image: tuple[float, float], words: float = 0.0
) -> tuple[int, int]:
    """Rows and columns of panes that let the image be largest in each; fewer rows where it makes no difference.

    Parameters
    ----------
    count
        Number of panes, at least 1.
    room
        Width and height for all of them.
    image
        Width and height of the image.
    words
        Height that each pane needs besides its image.
    """

    def scale(columns: int) -> float:
        rows = -(-count // columns)
        return min(room[0] / columns / image[0], (room[1] / rows - words) / image[1])

    best = max(range(count, 0, -1), key=scale)
    return -(-count // best), best
