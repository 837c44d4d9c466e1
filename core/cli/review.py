"""`main.py review`: exclude an image with a reason, note or flag it; print the review log."""

import argparse
from pathlib import Path

from core.audit import review
from core.audit.doubts import Check
from core.audit.runner import open_audit
from core.audit.store import AuditStore, ImageRow
from core.audit.summary import summarise, write_summary
from core.cli.screen import Screen
from core.errors import SpecError, StoreError

ACTIONS = ("exclude", "include", "note", "flag", "unflag", "override", "restore")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "review",
        usage=f"%(prog)s AUDIT [{'|'.join(ACTIONS)}] [IMAGE] [--why TEXT]",
        help="what people decide about an audit: exclusions, notes, flags",
    )
    parser.add_argument("audit", type=Path, help="audit folder")
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        help="all but flag and unflag need --why; override: judge suspects although --check failed; restore: "
        "let it count again; absent: print the log",
    )
    parser.add_argument(
        "image", nargs="?", help="its key, role/key or path; a note or override without one is about the audit"
    )
    parser.add_argument("--check", choices=tuple(Check), help="the failed check that is overridden or restored")
    parser.add_argument(
        "--why", default="", metavar="TEXT", help="the reason or note, printed wherever the numbers are"
    )
    parser.add_argument("--who", default="", metavar="NAME", help="name in the log (default: the user's)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Add a decision, or print all of them."""
    store, spec = open_audit(args.audit)
    with store:
        if args.action is None:
            _print(store, args.audit, screen)
            return 0
        _check(args)
        image = None if args.image is None else _find(store, args.image).id
        entry = review.append(args.audit, args.action, image=image, why=args.why, value=args.check, who=args.who)
        screen.print(_line(store, entry))
        if args.action in review.NEED_REASON:
            write_summary(args.audit, summarise(store, spec))
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse a decision that would say nothing."""
    about_check = args.action in {"override", "restore"}
    if about_check != (args.check is not None):
        raise SpecError("--check goes with override and restore, and they with it.", f"One of: {', '.join(Check)}.")
    if args.image is None and args.action != "note" and not about_check:
        raise SpecError(f"'{args.action}' needs an image.", "Name it after the action, by its key or path.")
    if args.action == "note" and not args.why.strip():
        raise SpecError("The note is empty.", "Give its text with --why.")


def _find(store: AuditStore, key: str) -> ImageRow:
    found = [row for row in store.images() if key in (row.key, row.path, f"{row.role}/{row.key}")]
    if len(found) != 1:
        what = "no image" if not found else f"{len(found)} images"
        raise StoreError(
            f"'{key}': {what} of this audit.", "Give its path, or role and key as in member/city/image.png."
        )
    return found[0]


def _print(store: AuditStore, folder: Path, screen: Screen) -> None:
    for entry in review.read(folder):
        screen.print(_line(store, entry))


def _line(store: AuditStore, entry: review.ReviewEntry) -> str:
    row = next((row for row in store.images() if row.id == entry.image), None)
    subject = "audit" if row is None else f"{row.role}/{row.key}"
    what = f"{entry.action} {entry.value}" if entry.action in {"override", "restore"} else entry.action
    return f"{entry.when}  {entry.who}  {what}  {subject}  {entry.why}"
