"""`python -m docs.tour`: take all pictures of the window anew."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from docs.tour.guide import Guide, guided, save
from docs.tour.home import bring_demo, own_home
from docs.tour.stops import STOPS

PICTURES = Path(__file__).resolve().parents[1] / "images" / "tour"
SIZES = {(1280, 800): 74, (2560, 1440): 32}
"""Of the window, with the quality of its pictures: the many pixels of a large one hide what a few would show."""
THEMES = ("light", "dark")


def main() -> None:
    """Go to every stop in a window of each size, and take a picture in each theme."""
    args = _parser().parse_args()
    with own_home() as home:
        bring_demo(home, args.audit)
        for size, quality in SIZES.items():
            with guided(size) as guide:
                for name in args.only or STOPS:
                    _take(guide, name, args.out, quality)


def _take(guide: Guide, name: str, out: Path, quality: int) -> None:
    """Take a stop's picture in each theme."""
    with STOPS[name](guide) as dialog:
        for theme in THEMES:
            place = out / f"{name}-{theme}-{guide.window.width()}.webp"
            save(guide.picture(theme, dialog), place, quality)
            print(place.name, f"{place.stat().st_size / 1000:.0f} kB", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m docs.tour", description=__doc__)
    parser.add_argument("--audit", type=Path, metavar="FOLDER", help="a finished demo audit; without one it is run")
    parser.add_argument("--only", action="append", choices=STOPS, metavar="NAME", help=f"one of {', '.join(STOPS)}")
    parser.add_argument("--out", type=Path, default=PICTURES, metavar="FOLDER", help="where the pictures go")
    return parser


if __name__ == "__main__":
    main()
