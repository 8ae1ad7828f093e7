"""Finish an update that was interrupted: every step of it is written down before the first one is done.

This runs from a service whose files are half of the old version and half of the new one, so it needs nothing but the
standard library and itself. A later version must read what this one wrote: `plan.json` in a folder of .allium/updates,
with the lists `deletions`, `aside` (to be moved into the folder `aside`) and `writes` (to be moved out of `new`). To do
again a step that is done does nothing.
"""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path

UPDATES = Path(".allium/updates")
PLAN, NEW, ASIDE = "plan.json", "new", "aside"


def plans(service: Path) -> list[Path]:
    """Return the plans that were begun and not finished."""
    return sorted((service / UPDATES).glob(f"*/{PLAN}"))


def finish(service: Path, plan: Path) -> None:
    """Do what is left of a plan, and then remove it with what it needed."""
    steps = json.loads(plan.read_text(encoding="utf-8"))
    new, aside = plan.with_name(NEW), plan.with_name(ASIDE)
    for path in steps["deletions"]:
        _delete(service, path)
    for path in steps["aside"]:
        is_done = os.path.lexists(aside / path) or (path in steps["writes"] and not (new / path).is_file())
        if not is_done and os.path.lexists(service / path):
            (aside / path).parent.mkdir(parents=True, exist_ok=True)
            (service / path).rename(aside / path)
    for path in steps["writes"]:
        if (new / path).is_file():
            (service / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).replace(service / path)
    plan.unlink()
    shutil.rmtree(new, ignore_errors=True)


def _delete(service: Path, path: str) -> None:
    """Delete a file, and the folders that are empty without it."""
    if (service / path).is_file() or (service / path).is_symlink():
        (service / path).unlink()
    with contextlib.suppress(OSError):  # not empty, or not there
        for folder in Path(path).parents[:-1]:
            (service / folder).rmdir()


def main() -> int:
    """Finish what was begun in the current folder; 1 if that cannot be."""
    for plan in plans(Path()):
        try:
            finish(Path(), plan)
        except OSError as error:
            print(f"An update that was interrupted cannot be finished: {error}", file=sys.stderr)
            print("Put that right and run this again; what it does is in", plan, file=sys.stderr)
            return 1
        print("An update that was interrupted is finished now. Look at it (`git status`), and commit it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
