"""Checks that a newer version keeps the answers of the service."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

SEEDED = ("service_name", "entity", "entity_plural")
RELEASE = re.compile(r"(?P<tag>v?\d+(?:\.\d+)+\S*?)(?:-(?P<commits>\d+)-g[0-9a-f]+)?")
Answers = Mapping[str, Any]


def refuse(service: Path, fresh: Path, before: Answers, after: Answers, given: set[str]) -> None:
    """Raise `ValueError`, whose message says what to do, if an update would silently go wrong.

    `given`: the names of the answers on the command line.
    """
    _refuse_older(str(before.get("_commit")), str(after.get("_commit")))
    _refuse_moves(service, fresh, before, after)
    lost, new = _names(before) - _names(after), _names(after) - _names(before)
    if lost and not new <= given:
        first = min(lost)
        raise ValueError(
            f"The new version has no question {_list(lost)}, and new ones: {_list(new)}. If one of these is the\n"
            f"same under another name, give it its answer: nox -s update -- -d {min(new)}={before[first]!r}\n"
            f"If not, take {_list(lost)} out of .copier-answers.yml and commit that."
        )


def _refuse_moves(service: Path, fresh: Path, before: Answers, after: Answers) -> None:
    moved = [name for name in SEEDED if before.get(name, after.get(name)) != after.get(name)]
    packages = [
        package.name for package in fresh.glob("src/*_service") if not (service / "src" / package.name).is_dir()
    ]
    if moved or packages:
        raise ValueError(
            f"Your own files carry the answer {moved[0] if moved else SEEDED[0]}, and an update does not rename them.\n"
            "Generate a new service and move your code to it; docs/template-lifecycle.md of the template says how."
        )


def _refuse_older(before: str, after: str) -> None:
    old, new = _version(before), _version(after)
    if old and new and new < old:
        raise ValueError(
            f"This service has {before}, which is newer than {after}. Wait for the next release, or take the newest\n"
            "commit with: nox -s update -- --vcs-ref HEAD"
        )


def _version(commit: str) -> Version | None:
    """Parse `v1.2.0` or, three commits later, `v1.2.0-3-g123abcd`; return None for a commit without a tag."""
    match = RELEASE.fullmatch(commit)
    try:
        return Version(f"{match['tag']}.post{match['commits'] or 0}") if match else None
    except InvalidVersion:
        return None


def defaults(before: Answers, after: Answers, given: set[str]) -> dict[str, Any]:
    """Return the default answers to new questions."""
    return {name: after[name] for name in sorted(_names(after) - _names(before) - given)}


def _names(answers: Answers) -> set[str]:
    return {name for name in answers if name[0] != "_"}


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
