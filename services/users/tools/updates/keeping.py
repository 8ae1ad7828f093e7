"""Keeps edits and files that an update replaces below .allium/updates, which git ignores."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from updates import unfinished
from updates.plan import Plan

PATCH, KEPT = "edits.patch", "kept"


def new_folder(service: Path) -> Path:
    """Create the folder of an update, named after the time, and remove incomplete ones of killed updates."""
    updates = service / unfinished.UPDATES
    updates.mkdir(parents=True, exist_ok=True)
    for rest in updates.glob(f"*/{unfinished.NEW}"):
        shutil.rmtree(rest)
    (updates / ".gitignore").write_text("*\n", encoding="utf-8")  # even if the service's .gitignore was edited
    folder = updates / datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S.%f")
    folder.mkdir()
    return folder


def keep(service: Path, plan: Plan, folder: Path, base: Path | None) -> None:
    """Copy the files that will be overwritten or deleted, and write the edits since `base` was rendered as a patch.

    Files to move aside are moved later. Without a base, there is no patch, only the files.
    """
    for path in (*plan.edited, *plan.replaced):
        _copy(service, folder / KEPT, path)
    if base and plan.edited:
        (folder / PATCH).write_bytes(_patch(base, service, plan.edited))


def _patch(base: Path, service: Path, paths: Iterable[str]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="allium-patch-") as temporary:
        for name, source in (("rendered", base), ("edited", service)):
            Path(temporary, name).mkdir()
            for path in paths:
                _copy(source, Path(temporary, name), path)
        command = ["git", "diff", "--no-index", "--no-prefix", "--no-color", "--no-ext-diff", "--binary"]
        done = subprocess.run([*command, "rendered", "edited"], cwd=temporary, check=False, stdout=subprocess.PIPE)
    return done.stdout


def _copy(source: Path, target: Path, path: str) -> None:
    """Copy a file, or a link as a link, to the same path below another folder, if it exists."""
    if (source / path).is_file() or (source / path).is_symlink():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, target / path, follow_symlinks=False)


def tell(plan: Plan, folder: Path) -> None:
    """Print where the user's edits and files are."""
    if plan.edited:
        print("These files of the template had been edited or deleted, and were restored:")
        print(*(f"  {path}" for path in plan.edited), sep="\n")
        patch = folder / PATCH
        print(f"Your changes as a patch: {patch}" if patch.exists() else f"Your versions: {folder / KEPT}")
    if plan.replaced or plan.aside:
        print("The template now has files at these paths; yours were moved:")
        moved = [(path, KEPT) for path in plan.replaced] + [(path, unfinished.ASIDE) for path in plan.aside]
        print(*(f"  {path} to {folder / where / path}" for path, where in moved), sep="\n")
