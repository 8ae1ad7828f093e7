"""Finish an interrupted update: its plan has all steps and is written before the first step.

This runs in a service with files of the old and the new version, so it only needs the standard library and itself.
Later versions must be able to read what this one writes: `plan.json` in a folder of .allium/updates,
with the lists `deletions`, `aside` (to move into the folder `aside`) and `writes` (to move out of `new`).
Repeating a completed step does nothing.
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
    """Return the unfinished plans."""
    return sorted((service / UPDATES).glob(f"*/{PLAN}"))


def finish(service: Path, plan: Path) -> None:
    """Execute the rest of a plan, then remove it and its files."""
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
    """Delete a file, and then its empty parent folders."""
    if (service / path).is_file() or (service / path).is_symlink():
        (service / path).unlink()
    with contextlib.suppress(OSError):  # not empty, or not there
        for folder in Path(path).parents[:-1]:
            (service / folder).rmdir()


def main() -> int:
    """Finish the update of the current folder; return 1 if that fails."""
    for plan in plans(Path()):
        try:
            finish(Path(), plan)
        except OSError as error:
            print(f"Cannot finish the interrupted update: {error}", file=sys.stderr)
            print("Put that right and run this again; what it does is in", plan, file=sys.stderr)
            return 1
        print("The interrupted update is finished. Review it (`git status`) and commit it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
