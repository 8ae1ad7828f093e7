"""The file operations that make owned files equal to a fresh rendering."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from updates import manifest
from updates.manifest import ANSWERS, MANIFEST, Manifest, State


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Paths relative to the service, sorted."""

    writes: list[str]
    deletions: list[str]
    edited: list[str]
    """Edited or missing owned files of the old version, whose state the update replaces."""
    replaced: list[str]
    """Files of the service at paths that the new version owns."""
    aside: list[str]
    """Obstacles to owned files: a folder, a link to one, or a file where a folder must be."""


def plan(service: Path, old: Mapping[str, State], fresh: Path, new: Manifest) -> Plan:
    """Compare a service with the rendering in `fresh`; `old` are the owned files of its current version."""
    wanted = manifest.states(fresh)
    actual = {path: manifest.state(service, path) for path in wanted.keys() | old.keys()}
    obstacles = {path: manifest.in_the_way(service, path) for path in actual}

    def is_there(path: str) -> bool:
        return actual[path] is not None or ((service / path).is_symlink() and not obstacles[path])

    writes = [path for path in wanted if actual[path] != wanted[path]]
    gone = [path for path in old if path not in wanted and not new.belongs_to_service(path)]
    deletions = [path for path in gone if is_there(path)]
    changing = [path for path in [*writes, *deletions] if path not in (ANSWERS, MANIFEST)]
    edited = [path for path in changing if path in old and actual[path] != old[path]]
    others = [path for path in changing if path not in old and not new.belongs_to_service(path)]
    aside = {found for path in writes if (found := obstacles[path]) and found not in deletions}
    return Plan(
        writes=sorted(writes),
        deletions=sorted(deletions),
        edited=sorted(edited),
        replaced=sorted(path for path in others if is_there(path)),
        aside=sorted(aside),
    )
