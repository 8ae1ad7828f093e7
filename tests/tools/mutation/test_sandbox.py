"""The copy of a service in which mutants are tried."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from layout import ROOT
from mutation.sandbox import FailingTests, Sandbox

MODULE = Path("src/answer.py")
TESTS = ["tests"]
# One test imports the module itself, the other lets a process do it.
SOURCE_OF_TESTS = """
import os, subprocess, sys

def test_here():
    sys.path.insert(0, "src")
    import answer

    assert answer.HERE == 1

def test_elsewhere():
    code = "import answer; assert answer.ELSEWHERE == 1"
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": "src"}, check=True)
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of a service with one module."""
    service = tmp_path / "service"
    for file, text in {MODULE: "HERE = 1\nELSEWHERE = 1\n", Path("tests/test_answer.py"): SOURCE_OF_TESTS}.items():
        (service / file).parent.mkdir(parents=True, exist_ok=True)
        (service / file).write_text(text)
    subprocess.run(["git", "init", "--quiet", service], check=True)
    (service / ".gitignore").write_text(".venv\n")
    (service / ".venv").symlink_to(ROOT / "services" / "users" / ".venv")
    with closing(Sandbox(service, tmp_path / "copy", {})) as made:
        yield made


@pytest.mark.parametrize("mutant", ["HERE = 2\nELSEWHERE = 1\n", "HERE = 1\nELSEWHERE = 2\n"])
def test_a_mutant_is_noticed_and_leaves_no_trace(sandbox: Sandbox, mutant: str) -> None:
    """Not even as bytecode that a process started by a test has written within the same second."""
    for _ in range(3):
        sandbox.check(TESTS, seconds=60)
        assert not sandbox.survives(MODULE, mutant, TESTS, seconds=60)


def test_a_mutant_that_changes_nothing_survives(sandbox: Sandbox) -> None:
    assert sandbox.survives(MODULE, "HERE = 1\nELSEWHERE = 1 + 0\n", TESTS, seconds=60)


def test_tests_that_fail_without_a_mutant_are_said(sandbox: Sandbox) -> None:
    with pytest.raises(FailingTests, match="tests/missing without any mutant"):
        sandbox.check(["tests/missing"], seconds=60)
