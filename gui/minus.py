"""The minus of numbers: a true one on the screen, a hyphen for spreadsheets. Knows nothing of Qt."""

MINUS = "\N{MINUS SIGN}"


def shown(number: str) -> str:
    """A formatted number as it is shown."""
    return number.replace("-", MINUS)


def plain(text: str) -> str:
    """What was shown, as programs read numbers."""
    return text.replace(MINUS, "-")
