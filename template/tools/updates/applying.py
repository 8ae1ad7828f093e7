"""Replaces the owned files of a service by freshly rendered ones: all or none."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from dependencies.lock import LOCKS
from updates import keeping, manifest, unfinished
from updates.manifest import MANIFEST, Manifest
from updates.plan import Plan, plan
from updates.rendering import CURRENT, rendered


def apply(service: Path, fresh: Path) -> None:
    """Replace the owned files by those in `fresh`: first write the plan, then execute it."""
    new = _manifest(fresh)
    _lock(service, fresh)
    folder = keeping.new_folder(service)
    try:
        steps = prepare(service, fresh, new, folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    unfinished.finish(service, folder / unfinished.PLAN)
    keeping.tell(steps, folder)
    if not any(folder.iterdir()):
        folder.rmdir()


def _manifest(fresh: Path) -> Manifest:
    try:
        return manifest.read(fresh)
    except ValueError as error:
        raise ValueError(f"Cannot update to this version of the template: its {MANIFEST} {error}.") from error


def _lock(service: Path, fresh: Path) -> None:
    """Lock the dependencies with the new version's tool, if the dependency lists have changed."""
    for name in LOCKS:
        if (service / name).is_file():
            shutil.copy(service / name, fresh / name)
    command = [sys.executable, "-m", "dependencies.lock"]
    environment = {**os.environ, "PYTHONPATH": "tools", "PYTHONDONTWRITEBYTECODE": "1"}
    check = subprocess.run([*command, "--check"], cwd=fresh, env=environment, check=False, stderr=subprocess.DEVNULL)
    if check.returncode:
        subprocess.run(command, cwd=fresh, env=environment, check=True)


def prepare(service: Path, fresh: Path, new: Manifest, folder: Path) -> Plan:
    """Keep what will be lost and prepare the new files; render the old version only if needed."""
    with ExitStack() as temporary:
        base = None
        try:
            old = manifest.read(service).files
        except ValueError:
            base = old_version(service, temporary)
            old = manifest.states(base) if base else {}
        steps = plan(service, old, fresh, new)
        if steps.edited and not base:
            base = old_version(service, temporary)
        keeping.keep(service, steps, folder, base)
    _write_down(steps, fresh, folder)
    return steps


def old_version(service: Path, temporary: ExitStack) -> Path | None:
    """Render the service's current version; return None if the template no longer has it."""
    try:
        return temporary.enter_context(rendered(service, CURRENT))
    except ValueError:
        return None


def _write_down(steps: Plan, fresh: Path, folder: Path) -> None:
    """Write the new files beside their targets, then the plan; from then on, the update is certain."""
    for path in steps.writes:
        target = folder / unfinished.NEW / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(fresh / path, target)
    draft = folder / unfinished.NEW / unfinished.PLAN
    draft.parent.mkdir(exist_ok=True)
    lists = {"aside": steps.aside, "deletions": steps.deletions, "writes": steps.writes}
    draft.write_text(json.dumps(lists), encoding="utf-8")
    draft.replace(folder / unfinished.PLAN)
