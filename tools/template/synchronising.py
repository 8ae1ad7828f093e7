"""Updates the owned files of a service to the template in the working tree."""

import shutil
from pathlib import Path

from dependencies import lock
from layout import ANSWERS, answers, is_reachable, tracked
from template.comparison import content, owned_files, rendered_for, strays
from template.lock_all import take_template_locks
from template.unsaved import refuse_unsaved
from updates import manifest


def synchronise(service: Path, *, anchor: bool) -> list[str]:
    """Return what was done; raises `ValueError` for unusable answers and `UnsavedError` for edits that git lacks.

    `anchor`: also record the last commit of the template where nothing else is to be done.
    """
    with rendered_for(service) as rendered:
        refuse_unsaved(service, rendered)
        had = manifest.listed(service)
        paths = [path for path in owned_files(rendered) if path.name != ANSWERS]
        changed = [f"{path} rendered" for path in paths if _copy_if_different(rendered / path, service / path)]
        for path in sorted(set(strays(service, rendered)) & tracked(service) & had):
            (service / path).unlink()
            _remove_empty_folders(service / path.parent, within=service)
            changed.append(f"{path} deleted, because the template no longer has it")
        # A new commit id alone is not worth a change.
        is_new = anchor or changed or content(service / ANSWERS) != content(rendered / ANSWERS)
        is_lost = not is_reachable(str(answers(service).get("_commit")))
        if (is_new or is_lost) and _copy_if_different(rendered / ANSWERS, service / ANSWERS):
            changed.append(f"{ANSWERS} rendered")
    if lock.stale(service):
        fitting = take_template_locks(service)
        changed.append("locks taken from the template" if fitting else "locks are too old now; run ./noxw -s lock")
    return changed


def _copy_if_different(source: Path, target: Path) -> bool:
    same = target.is_file() and not target.is_symlink() and target.read_bytes() == source.read_bytes()
    if same and target.stat().st_mode == source.stat().st_mode:
        return False
    target.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    return True


def _remove_empty_folders(folder: Path, *, within: Path) -> None:
    while folder != within and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
