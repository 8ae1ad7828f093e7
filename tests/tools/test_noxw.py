"""The first start of `noxw`, where something is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layout import ROOT


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What `noxw` needs, without what it installs."""
    for name in ("noxw", "noxfile.py", "tools/noxw-requirements.txt", "tools/noxw_environment.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "template/tools/dependencies", tmp_path / "template/tools/dependencies")
    return tmp_path


def start(repository: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **variables}
    return subprocess.run([repository / "noxw", "-l"], env=env, capture_output=True, text=True, check=False)


def python(repository: Path, script: str) -> str:
    """Write a stand-in for Python."""
    program = repository / "python3"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    return str(program)


def test_names_the_package_of_debian_if_python_has_no_ensurepip(repository: Path) -> None:
    script = f'case "$2" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"'
    done = start(repository, PYTHON=python(repository, script))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 1
    assert done.stderr.endswith(f"On Debian and Ubuntu: sudo apt-get install python{version}-venv\n")
    assert not (repository / ".noxw").exists()


def test_asks_for_another_python_if_it_is_too_old(repository: Path) -> None:
    done = start(repository, PYTHON=python(repository, '[ "$1" = -V ] && echo Python 3.9.2 || exit 1'))
    assert done.returncode == 1
    assert "Python 3.11 or later is needed, but" in done.stderr
    assert "is Python 3.9.2. Name another: PYTHON=/path/to/python3 ./noxw" in done.stderr


def test_asks_for_python_if_there_is_none(repository: Path) -> None:
    done = start(repository, PYTHON="python-that-is-missing")
    assert done.returncode == 1
    assert "python-that-is-missing was not found. Install Python 3.11 or later" in done.stderr


def test_installs_nothing_again_if_another_link_leads_to_the_same_python(tmp_path: Path) -> None:
    start(ROOT)
    others = [folder for folder in os.get_exec_path() if folder != str(ROOT / ".noxw/bin")]
    (tmp_path / "python3").symlink_to(str(shutil.which("python3", path=os.pathsep.join(others))))
    done = start(ROOT, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0
    assert "installing" not in done.stderr


def test_installs_nothing_again_in_a_session_which_has_its_programs_on_the_path() -> None:
    start(ROOT)
    done = start(ROOT, PATH=f"{ROOT / '.noxw/bin'}:{os.environ['PATH']}")
    assert done.returncode == 0
    assert "installing" not in done.stderr
