"""Renders a version of the template for this service in a temporary folder; Copier never changes the service."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import dropwhile
from pathlib import Path

import yaml

from updates import manifest
from updates.manifest import ANSWERS

PINNED = ["uv", "tool", "run", "--from", "copier>=9.19,<10", "copier"]
COPIER = [sys.executable, "-m", "copier"] if find_spec("copier") else PINNED
# Passed as new answers: Copier silently replaces invalid recorded ones by the default.
RECOPY = ["recopy", "--defaults", "--overwrite", "--quiet", "-d", "seed=false"]
ANSWER = "Give another answer with: nox -s update -- -d NAME=VALUE"
CURRENT = "--vcs-ref=:current:"


@contextmanager
def rendered(service: Path, *arguments: str) -> Iterator[Path]:
    """Yield a folder with the owned files of a version: the newest, unless an argument of Copier names another.

    Raises `ValueError` if Copier fails or the answers file is bad; the message says why.
    """
    given = {name: answer for name, answer in manifest.answers(service).items() if name[0] != "_"}
    with tempfile.TemporaryDirectory(prefix="allium-update-") as temporary:
        folder, data = Path(temporary, "service"), Path(temporary, "answers.yml")
        folder.mkdir()
        (folder / ANSWERS).write_bytes((service / ANSWERS).read_bytes())
        data.write_text(yaml.safe_dump(given), encoding="utf-8")
        command = [*COPIER, *RECOPY, "--data-file", str(data), *arguments, str(folder)]
        environment = _environment()
        done = subprocess.run(
            command, cwd=_top(service), env=environment, check=False, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise ValueError(_reason(done.stderr))
        yield folder


def _reason(printed: str) -> str:
    """Return Copier's error message, without traceback and command line, which may contain a password."""
    _, _, message = printed.rpartition("Traceback (most recent call last):\n")
    lines = dropwhile(lambda line: line[:1] == " ", message.splitlines())
    said = [line for line in lines if not line.startswith("Command line:")]
    return "\n".join([*said, ANSWER] if "Validation error" in message else said)


def _top(service: Path) -> str:
    """Return the top of the repository, from where Copier finds a template in it (`_src_path: .`)."""
    command = ["git", "rev-parse", "--show-toplevel"]
    return subprocess.run(command, cwd=service, check=True, text=True, stdout=subprocess.PIPE).stdout.rstrip("\n")


def _environment() -> dict[str, str]:
    """Return the environment without git's variables for hooks, which Copier would use for the template."""
    command = ["git", "rev-parse", "--local-env-vars"]
    names = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    return {name: value for name, value in os.environ.items() if name not in names}
