"""The mutations that mutation testing makes."""

from mutation.mutants import mutants


def changes(source: str) -> set[str]:
    return {mutant.change for mutant in mutants(source)}


def test_changes_one_thing_at_a_time() -> None:
    assert changes("def f(a):\n    return a < 1\n") == {"return a < 1 → return a <= 1", "return a < 1 → return a < 2"}


def test_omits_each_argument() -> None:
    assert changes("f(a, b=c)\n") == {"f(a, b=c) → f(b=c)", "f(a, b=c) → f(a, )"}


def test_does_not_change_docstrings_and_annotations() -> None:
    assert not changes('"""Text."""\nimport a\n\ndef f(x: "int | None"):\n    """Text."""\n')


def test_changes_decorated_functions() -> None:
    assert changes("@property\ndef f(self):\n    return 1\n") == {"return 1 → return 2"}


def test_does_not_change_dunder_all() -> None:
    assert not changes('__all__ = ["a"]\n')


def test_reports_the_function_of_a_change() -> None:
    source = "a = 1\nclass A:\n    def f(self):\n        return 2\n    b = 3\n"
    assert {str(mutant) for mutant in mutants(source)} == {
        "module: a = 1 → a = 2",
        "module: a = 1 → a = None",
        "A.f: return 2 → return 3",
        "A: b = 3 → b = 4",
        "A: b = 3 → b = None",
    }
