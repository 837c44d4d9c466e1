"""What the command line shows: progress with time left, tables, notes, errors."""

import sys
import time
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from core.errors import SegLeakError
from core.progress import Progress

LINE_SECONDS = 10
"""Without a terminal a line of progress is printed this often."""


class Screen:
    """Prints to the terminal, or plain lines to a file or pipe. Progress and notes go to standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.out = _console(to_error=False)
        self.err = _console(to_error=True)
        self.quiet = quiet
        self.progress = Progress(None if quiet else self._show)
        self._bars: Bars | None = None
        self._task: int | None = None
        self._stage = ""
        self._last_line = 0.0

    def print(self, what: object = "") -> None:
        """Print a result to standard output. Texts are printed as they are, without markup."""
        self.out.print(what, markup=False) if isinstance(what, str) else self.out.print(what)

    def note(self, text: str) -> None:
        """Print a note to standard error."""
        if not self.quiet:
            self.err.print(text, markup=False, style="dim")

    def warn(self, text: str) -> None:
        """Print a warning to standard error."""
        self.err.print(text, markup=False, style="yellow")

    def error(self, error: SegLeakError) -> None:
        """Print what is wrong and what to do."""
        self.close()
        self.err.print(f"error: {error.message}", markup=False, style="bold red")
        if error.remedy:
            self.err.print(f"  {error.remedy}", markup=False)

    def close(self) -> None:
        """Take the progress bar off the terminal."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = self._task = None

    def _show(self, progress: Progress) -> None:
        if self.err.is_terminal:
            self._show_bar(progress)
        else:
            self._show_line(progress)

    def _show_bar(self, progress: Progress) -> None:
        if self._bars is None:
            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[message]}", markup=False),
                console=self.err,
                transient=True,
            )
            self._bars.start()
        if self._task is None or progress.stage != self._stage:
            if self._task is not None:
                self._bars.remove_task(self._task)  # type: ignore[arg-type]
            self._stage = progress.stage
            self._task = self._bars.add_task(progress.stage, total=progress.total or None, message="")
        self._bars.update(self._task, completed=progress.done, total=progress.total, message=progress.message)  # type: ignore[arg-type]

    def _show_line(self, progress: Progress) -> None:
        now = time.monotonic()
        new, ended = progress.stage != self._stage, progress.done == progress.total
        if not new and not ended and now - self._last_line < LINE_SECONDS:
            return
        self._stage, self._last_line = progress.stage, now
        left = progress.seconds_left
        parts = [f"{progress.stage} {progress.done}/{progress.total}"]
        if left:
            parts.append(f"{left:.0f} s left")
        if progress.message:
            parts.append(progress.message)
        self.err.print(", ".join(parts), markup=False)


def _console(*, to_error: bool) -> Console:
    """A console as wide as the terminal; files and pipes get long lines and wide tables."""
    terminal = (sys.stderr if to_error else sys.stdout).isatty()
    return Console(stderr=to_error, highlight=False, soft_wrap=not terminal, width=None if terminal else 120)


def table(title: str, *columns: str, texts: int = 1) -> Table:
    """An empty table; the first `texts` columns are texts, the others numbers. Only the first may be folded."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
    )
    for number, name in enumerate(columns):
        justify: Literal["left", "right"] = "left" if number < texts else "right"
        width = {"overflow": "fold", "min_width": 12} if number == 0 else {"no_wrap": True, "min_width": len(name)}
        made.add_column(name, justify=justify, **width)
    return made
