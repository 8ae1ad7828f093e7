"""Tools that need uv say so in one sentence if it is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layout import ROOT


@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        ("-S -m dependencies.environment", "create .venv"),  # -S hides all libraries, as before there are any
        ("-m dependencies.lock", "lock"),
        ("-m dependencies.audit", "audit"),
        ("-m updates.update", "update"),
    ],
)
def test_says_that_uv_is_needed(tmp_path: Path, command: str, purpose: str) -> None:
    for file in ("pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / "services/users" / file, tmp_path)
    before = sorted(tmp_path.iterdir())
    without_uv = {**os.environ, "PATH": str(tmp_path)}
    program = [sys.executable, *command.split()]
    done = subprocess.run(program, cwd=tmp_path, env=without_uv, capture_output=True, text=True, check=False)
    assert done.stderr == f"uv is needed to {purpose}. Install it beside nox: pipx install uv (or: pip install uv)\n"
    assert done.returncode in {1, 2}
    assert sorted(tmp_path.iterdir()) == before
