"""Paths and git queries of this repository."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ".copier-answers.yml"


def services(root: Path = ROOT) -> list[Path]:
    """Return the folders of all services, which have an answers file, sorted by name."""
    return sorted(path.parent for path in root.glob(f"services/*/{ANSWERS}"))


def answers(service: Path) -> dict[str, Any]:
    """Return the recorded answers of a service, with `_commit` and `_src_path`; a bad file raises `ValueError`."""
    try:
        recorded = yaml.safe_load((service / ANSWERS).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"it is not YAML: {error}") from error
    if not isinstance(recorded, dict):
        raise ValueError("it holds no answers.")  # noqa: TRY004 - the value of a file, not of an argument
    return recorded


def git(*arguments: str, folder: Path) -> str:
    """Return what a git command prints in `folder`; raises `CalledProcessError` if it fails.

    Reading is safe whoever owns the repository; in a container, that is often another account.
    """
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def has_commit(folder: Path) -> bool:
    """Return whether a folder is in a repository that has a commit."""
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def is_reachable(commit: str) -> bool:
    """Return whether a commit is an ancestor of HEAD; after a squash or a rebase, it is not."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "merge-base", "--is-ancestor", commit, "HEAD"]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def listed(folder: Path, *paths: str) -> list[Path]:
    """Return the files below `folder` that git tracks or would track, relative to it."""
    names = git("ls-files", "-z", "-co", "--exclude-standard", "--deduplicate", "--", *paths, folder=folder)
    files = [Path(name) for name in names.split("\0") if name]
    return sorted(file for file in files if (folder / file).is_symlink() or (folder / file).is_file())


def tracked(folder: Path) -> set[Path]:
    """Return the files below `folder` that are unchanged since the last commit, so that deleting them is safe."""
    known = {Path(name) for name in git("ls-files", "-z", folder=folder).split("\0") if name}
    changed = git("diff", "-z", "--name-only", "--relative", "HEAD", "--", ".", folder=folder)
    return known - {Path(name) for name in changed.split("\0") if name}
