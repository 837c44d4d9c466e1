"""What the window says of defenses and attacks."""

import pytest

from core.attacks.all import ATTACKS
from core.defenses import DEFENSES
from gui.told import BULLET, told, told_shortly


class Kind:
    """First sentence with `code`. Raises `SpecError` where the
    path is empty.

    Then a list:

    * one thing;
    * another one.

    It ends here. Raises `ValueError` for 1.5 of them.
    """


def test_a_docstring_becomes_plain_words_without_what_is_for_programmers():
    assert told(Kind).splitlines() == [
        "First sentence with code. Then a list:",
        f"{BULLET}one thing;",
        f"{BULLET}another one.",
        "It ends here.",
    ]
    assert told_shortly(Kind) == "First sentence with code."


@pytest.mark.parametrize("kind", [*ATTACKS, *DEFENSES], ids=lambda kind: kind.name)
def test_nothing_that_a_person_reads_speaks_of_errors_or_has_back_quotes(kind):
    assert told(kind).startswith(told_shortly(kind)[:40])
    assert not {"`", "Raises", "Error"} & set(told(kind).replace("`", " ` ").split())
    assert told(kind).endswith(".")
