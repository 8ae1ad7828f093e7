"""Which tests must detect the mutants of a module."""

import pytest

from mutation.targets import targets

TARGETS = {target.name: target for target in targets()}


def test_tests_of_every_module_exist() -> None:
    for target in TARGETS.values():
        for run in target.runs:
            tests = [target.service / argument for argument in run if not argument.startswith("-")]
            assert tests, target.name
            assert all(test.exists() for test in tests), target.name


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("chassis/web/hosts", "tests/chassis/web/test_hosts.py"),
        ("chassis/application", "tests/chassis/test_application.py"),
        ("users/core/entities/users", "tests/core/entities/test_users.py"),
    ],
)
def test_runs_the_tests_named_after_a_module_first(name: str, first: str) -> None:
    assert TARGETS[name].runs[0][-1] == first
