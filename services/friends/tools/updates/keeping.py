"""What of the user's an update would lose is kept below .allium/updates, which git ignores."""

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
    """Make the folder of one update, named after the time; clear up what one left behind that was killed too early."""
    updates = service / unfinished.UPDATES
    updates.mkdir(parents=True, exist_ok=True)
    for rest in updates.glob(f"*/{unfinished.NEW}"):
        shutil.rmtree(rest)
    (updates / ".gitignore").write_text("*\n", encoding="utf-8")  # also where the service's .gitignore was edited
    folder = updates / datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S.%f")
    folder.mkdir()
    return folder


def keep(service: Path, plan: Plan, folder: Path, base: Path | None) -> None:
    """Copy what will be overwritten or deleted, and say in a patch what was edited in it since `base` was rendered.

    What is aside is moved later. Without a base there is no patch, but the files are there all the same.
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
    """Copy a file, or a link as a link, to the same path below another folder; nothing if there is none."""
    if (source / path).is_file() or (source / path).is_symlink():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, target / path, follow_symlinks=False)


def tell(plan: Plan, folder: Path) -> None:
    """Say where everything is that was the user's."""
    if plan.edited:
        print("These files are the template's, and were edited or deleted; they are as it has them again:")
        print(*(f"  {path}" for path in plan.edited), sep="\n")
        patch = folder / PATCH
        print(f"What had been changed in them: {patch}" if patch.exists() else f"As they were: {folder / KEPT}")
    if plan.replaced or plan.aside:
        print("These were yours, and the template has files of its own there; yours were moved:")
        moved = [(path, KEPT) for path in plan.replaced] + [(path, unfinished.ASIDE) for path in plan.aside]
        print(*(f"  {path} to {folder / where / path}" for path, where in moved), sep="\n")
