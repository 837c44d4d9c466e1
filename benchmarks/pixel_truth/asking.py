"""The command line that the benchmarks with half-supervised targets share."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pixel_truth.plan import ARCHITECTURES


def parser_of(
    name: str,
    about: str | None,
    *,
    architectures: Sequence[str] = ("pspnet",),
    every: int = 4,
    thinned: str = "the target learns from every Nth frame",
) -> argparse.ArgumentParser:
    """The parser of `python -m benchmarks.pixel_truth.NAME`, with its defaults; `thinned` says what N is of."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.pixel_truth.{name}", description=about)
    parser.add_argument("--data", type=Path, required=True, help="folder of CamVid")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything made here")
    parser.add_argument("--architecture", nargs="+", default=list(architectures), choices=tuple(ARCHITECTURES))
    parser.add_argument("--every", type=int, default=every, metavar="N", help=thinned)
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda:N")
    parser.add_argument("--threads", type=int, default=1, help="processor threads")
    return parser
