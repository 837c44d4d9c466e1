"""Wrong use of the command line: one sentence, the nearest flag, and where the help is."""

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose errors fit on two lines. Its subcommands are of the same kind."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and say where the help is."""
        self.exit(2, f"error: {message}\n  See {self.prog} --help.\n")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As in the base class, but what is unknown is refused here, where the command's own flags are known."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"{' '.join(unknown)}: {self._meant(unknown[0])}")
        return found, unknown

    def _meant(self, word: str) -> str:
        if not word.startswith("-"):
            return "nothing takes this; several values are given by the flag again, or with commas between them."
        flags = [flag for action in self._actions for flag in action.option_strings]
        near = get_close_matches(word.partition("=")[0], flags, n=1)
        return f"there is no such flag; did you mean {near[0]}?" if near else "there is no such flag."


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return number
