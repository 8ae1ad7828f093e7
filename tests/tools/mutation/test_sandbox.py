"""The copy of a service in which mutants are tested."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from mutation.sandbox import FailingTests, Sandbox

MODULE = Path("src/answer.py")
TESTS = ("tests",)
RUNS: dict[tuple[str, ...], float] = {TESTS: 60}
# One test imports the module, the other one does it in a process.
SOURCE_OF_TESTS = """
import subprocess, sys

def test_here():
    import answer

    assert answer.HERE == 1

def test_elsewhere():
    subprocess.run([sys.executable, "-c", "import answer; assert answer.ELSEWHERE == 1"], check=True)
"""


@pytest.fixture
def sandbox(tmp_path: Path, make_service: Callable[[Mapping[Path, str]], Path]) -> Iterator[Sandbox]:
    """Yield a sandbox of a service with one module."""
    service = make_service({MODULE: "HERE = 1\nELSEWHERE = 1\n", Path("tests/test_answer.py"): SOURCE_OF_TESTS})
    with closing(Sandbox(service, tmp_path / "copy", {})) as made:
        yield made


@pytest.mark.parametrize("mutant", ["HERE = 2\nELSEWHERE = 1\n", "HERE = 1\nELSEWHERE = 2\n"])
def test_detects_a_mutant_and_leaves_no_trace(sandbox: Sandbox, mutant: str) -> None:
    """Not even bytecode that a process started by a test has written within the same second."""
    for _ in range(3):
        sandbox.check(TESTS, seconds=60)
        assert not sandbox.survives(MODULE, mutant, RUNS)


def test_an_equivalent_mutant_survives(sandbox: Sandbox) -> None:
    assert sandbox.survives(MODULE, "HERE = 1\nELSEWHERE = 1 + 0\n", RUNS)


def test_a_second_run_detects_what_the_first_did_not(sandbox: Sandbox) -> None:
    runs: dict[tuple[str, ...], float] = {("tests", "-k", "here"): 60, ("tests", "-k", "elsewhere"): 60}
    assert not sandbox.survives(MODULE, "HERE = 1\nELSEWHERE = 2\n", runs)


def test_detects_a_mutant_that_hangs(sandbox: Sandbox) -> None:
    assert not sandbox.survives(MODULE, "while True:\n    pass\n", {TESTS: 2})


def test_reports_tests_that_fail_without_a_mutant(sandbox: Sandbox) -> None:
    with pytest.raises(FailingTests, match="tests/missing without any mutant"):
        sandbox.check(["tests/missing"], seconds=60)
