"""What a version of the template renders for this service, in a temporary folder: Copier never touches the service."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import yaml

from updates import manifest
from updates.manifest import ANSWERS

PINNED = ["uv", "tool", "run", "--from", "copier>=9.19,<10", "copier"]
COPIER = [sys.executable, "-m", "copier"] if find_spec("copier") else PINNED
# The answers are given as new ones: of the last ones Copier silently replaces what it refuses by the default.
RECOPY = ["recopy", "--defaults", "--overwrite", "--quiet", "-d", "seed=false"]
CURRENT = "--vcs-ref=:current:"


@contextmanager
def rendered(service: Path, *arguments: str, quiet: bool = False) -> Iterator[Path]:
    """Provide a folder with the owned files of a version, the newest one if no argument of Copier says another.

    Raises `CalledProcessError` if Copier fails, which has said why, and `ValueError` for a bad answers file.
    """
    given = {name: answer for name, answer in manifest.answers(service).items() if name[0] != "_"}
    with tempfile.TemporaryDirectory(prefix="allium-update-") as temporary:
        folder, data = Path(temporary, "service"), Path(temporary, "answers.yml")
        folder.mkdir()
        (folder / ANSWERS).write_bytes((service / ANSWERS).read_bytes())
        data.write_text(yaml.safe_dump(given), encoding="utf-8")
        subprocess.run(
            [*COPIER, *RECOPY, "--data-file", data, *arguments, folder],
            cwd=_top(service),
            env=_environment(),
            check=True,
            stderr=subprocess.DEVNULL if quiet else None,
        )
        yield folder


def _top(service: Path) -> str:
    """From the top of the repository a template is found that is in it (`_src_path: .`)."""
    command = ["git", "rev-parse", "--show-toplevel"]
    return subprocess.run(command, cwd=service, check=True, text=True, stdout=subprocess.PIPE).stdout.rstrip("\n")


def _environment() -> dict[str, str]:
    """Leave out what git tells its hooks about this repository: Copier would take it for the template's."""
    names = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], check=True, text=True, stdout=subprocess.PIPE
    ).stdout
    return {name: value for name, value in os.environ.items() if name not in names.split()}
