"""Mutation testing: what it changes, and that what it is told to accept is still there to be changed."""

import tomllib

from mutation.mutants import mutants
from mutation.report import EXPLANATIONS
from mutation.targets import targets


def changes(source: str) -> set[str]:
    return {mutant.change for mutant in mutants(source)}


def test_changes_one_thing_at_a_time() -> None:
    assert changes("def f(a):\n    return a < 1\n") == {"return a < 1 → return a <= 1", "return a < 1 → return a < 2"}


def test_leaves_out_each_argument() -> None:
    assert changes("f(a, b=c)\n") == {"f(a, b=c) → f(b=c)", "f(a, b=c) → f(a, )"}


def test_changes_nothing_that_only_describes() -> None:
    assert not changes('"""Text."""\nimport a\n\ndef f(x: "int | None"):\n    """Text."""\n')


def test_changes_what_is_decorated() -> None:
    assert changes("@property\ndef f(self):\n    return 1\n") == {"return 1 → return 2"}


def test_the_tests_of_every_module_exist() -> None:
    for target in targets():
        assert all((target.service / test).exists() for test in target.tests if not test.startswith("-")), target.name


def test_every_explained_survivor_is_of_code_that_is_still_there() -> None:
    sources = {target.name: (target.service / target.file).read_text(encoding="utf-8") for target in targets()}
    for entry in tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))["survivor"]:
        lines = " ".join(line.strip() for line in sources[entry["module"]].splitlines())
        assert entry["reason"]
        for change in entry["changes"]:
            assert change.partition(" → ")[0] in lines, entry["module"]
