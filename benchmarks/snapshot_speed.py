"""Export time and size of a snapshot with many image pages: `python -m benchmarks.snapshot_speed demo.segleak`.

Times are seconds of a processor, so that they do not depend on what else the machine does.
"""

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

from core.audit.runner import open_audit
from core.progress import Progress
from core.snapshot.asking import asked
from core.snapshot.choices import Contents, Form, Privacy, SnapshotChoices
from gui.snapshot.export import Draft, ensure_application

KINDS = {
    "as usual": SnapshotChoices(),
    "lossless": SnapshotChoices(form=Form(lossless=True)),
    "redacted, images omitted": SnapshotChoices(privacy=Privacy(redact=True, pictures="omit")),
}


def measure(audit: Path, choices: SnapshotChoices, out: Path) -> str:
    start = time.process_time()
    with closing(Draft.open(audit, choices)) as draft:
        laid_out = time.process_time()
        known = asked(draft.content, Progress())
        told = time.process_time()
        whole = draft.with_predictions(known, Progress())
        again = time.process_time()
        estimate = whole.estimate()
        estimated = time.process_time()
        whole.write(out, Progress())
        written = time.process_time()
    return (
        f"{len(whole.pages.pages)} pages, {out.stat().st_size / 1e6:.1f} MB (estimated {estimate / 1e6:.1f}); "
        f"laid out in {laid_out - start:.1f} s, target asked in {told - laid_out:.1f} s, "
        f"laid out again in {again - told:.1f} s, estimated in {estimated - again:.1f} s, "
        f"written in {written - estimated:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("audit", type=Path, help="a finished audit")
    parser.add_argument("--pages", type=int, default=50, help="image pages (default 50)")
    args = parser.parse_args()
    application = ensure_application()
    store, _ = open_audit(args.audit)
    with store:
        picked = tuple(row.id for row in store.images() if row.state == "done")[-args.pages :]
    with tempfile.TemporaryDirectory() as folder:
        for name, choices in KINDS.items():
            wanted = SnapshotChoices(
                contents=Contents(top=0, picked=picked), privacy=choices.privacy, form=choices.form
            )
            print(f"{name}: {measure(args.audit, wanted, Path(folder) / 'snapshot.pdf')}")
    del application


if __name__ == "__main__":
    main()
