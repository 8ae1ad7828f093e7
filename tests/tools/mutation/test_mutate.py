"""The mutation testing program: its output and its exit code."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mutation.mutants import mutants
from mutation.mutate import chosen, passes, sample
from mutation.targets import Target

MODULE = Path("src/limits.py")
SOURCE = """
def fits(size):
    return 10 <= size and size <= 20

def close(size):
    return 12 <= size and size <= 18
"""
GOOD = """
from limits import close, fits

def test_fits():
    assert [fits(size) for size in (9, 10, 20, 21)] == [False, True, True, False]

def test_close():
    assert [close(size) for size in (11, 12, 18, 19)] == [False, True, True, False]
"""
POOR = GOOD.replace("(11, 12, 18, 19)] == [False, True, True, False]", "(15,)] == [True]")
BROKEN = GOOD.replace("[False, True, True, False]", "[]")


@pytest.fixture
def target(make_service: Callable[[Mapping[Path, str]], Path], request: pytest.FixtureRequest) -> Target:
    """Return a module with the tests in the parameter."""
    service = make_service({MODULE: SOURCE, Path("tests/test_limits.py"): request.param})
    return Target("limits", service, MODULE, [("tests",)])


@pytest.mark.thorough
@pytest.mark.parametrize("target", [GOOD], indirect=True)
def test_succeeds_if_tests_detect_all_mutants(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert passes([target], None)
    assert "limits: 10 of 10 noticed, 100 %\ntogether: 10 of 10" in capsys.readouterr().out


@pytest.mark.parametrize("target", [POOR], indirect=True)
def test_reports_surviving_mutants_with_their_location(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert not passes([target], None)
    said = capsys.readouterr().out
    assert "survived in close: return 12 <= size and size <= 18 → return 12 < size and size <= 18\n" in said
    assert "survived in fits" not in said


@pytest.mark.parametrize("target", [BROKEN], indirect=True)
def test_fails_if_tests_fail_without_a_mutant(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert not passes([target], None)
    assert "limits: tests without any mutant: 1" in capsys.readouterr().out


def test_sample_does_not_depend_on_other_code() -> None:
    before = {str(mutant) for mutant in sample(mutants(SOURCE), 4)}
    after = {str(mutant) for mutant in sample(mutants(f"# A comment.\n{SOURCE}"), 4)}
    assert before == after


def test_selects_modules_by_name_or_folder() -> None:
    [one] = chosen(["chassis/web/hosts"])
    assert one in chosen(["chassis/web"])
    assert {target.name.partition("/")[0] for target in chosen(["users", "chassis/logs"])} == {"users", "chassis"}


def test_refuses_an_unknown_module() -> None:
    with pytest.raises(ValueError, match="no module is called chassis/wob"):
        chosen(["chassis/web", "chassis/wob"])
