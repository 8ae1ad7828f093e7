"""Finds edits of owned files that neither git nor the template has."""

from pathlib import Path

from layout import ANSWERS, git
from updates import manifest


class UnsavedError(Exception):
    """Files would be replaced whose content is nowhere else."""


def refuse_unsaved(service: Path, rendered: Path) -> None:
    """Raise `UnsavedError` if a rendering would replace what neither git nor an earlier rendering has."""
    try:
        before = manifest.read(service).files
    except ValueError:
        before = {}
    of_git = _of_git(service) | {ANSWERS, manifest.MANIFEST}
    lost = [
        path
        for path, state in manifest.states(rendered).items()
        if path not in of_git and manifest.state(service, path) not in (None, state, before.get(path))
    ]
    if lost:
        raise UnsavedError(f"move these edits to template/, `git add` or undo them first: {', '.join(lost)}")


def _of_git(service: Path) -> set[str]:
    """Return the files that git has as they are, if only staged, or that it is about to merge."""

    def names(*arguments: str) -> set[str]:
        return set(git(*arguments, folder=service).split("\0"))

    changed = names("diff", "-z", "--name-only", "--relative", "--", ".")
    merging = names("diff", "-z", "--name-only", "--relative", "--diff-filter=U", "--", ".")
    return (names("ls-files", "-z") - changed) | merging
