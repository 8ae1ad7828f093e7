"""The required mutation scores."""

from layout import ROOT
from mutation.gate import ENOUGH, LEAST, LEAST_OF_MODULE, Score, shortfalls

GOOD = Score(tried=1000, noticed=1000)


def test_accepts_a_sufficient_score() -> None:
    assert not shortfalls({"a": GOOD, "b": Score(1000, 20 * LEAST - 1000)})


def test_reports_a_score_that_is_too_low() -> None:
    assert shortfalls({"a": GOOD, "b": Score(1000, 20 * LEAST - 1001)}) == [f"together: less than {LEAST} % noticed"]


def test_a_single_module_needs_the_minimum_of_a_module() -> None:
    assert not shortfalls({"a": Score(100, LEAST_OF_MODULE)})
    assert shortfalls({"a": Score(100, LEAST_OF_MODULE - 1)}) == [f"a: less than {LEAST_OF_MODULE} % noticed"]


def test_each_module_needs_the_minimum_of_a_module() -> None:
    poor = Score(ENOUGH, ENOUGH * LEAST_OF_MODULE // 100 - 1)
    assert shortfalls({"a": GOOD, "b": poor}) == [f"b: less than {LEAST_OF_MODULE} % noticed"]


def test_ignores_modules_with_few_mutants() -> None:
    assert not shortfalls({"a": GOOD, "b": Score(ENOUGH - 1, 0)})


def test_does_not_round_a_score_up_to_the_minimum() -> None:
    assert str(Score(1000, 10 * LEAST - 1)) == f"{10 * LEAST - 1} of 1000 noticed, {LEAST - 1} %"


def test_documents_state_the_minimum_scores() -> None:
    page = " ".join((ROOT / "docs/testing.md").read_text(encoding="utf-8").split())
    assert f"if fewer than {LEAST} % of all mutants were noticed" in page
    assert f"or fewer than {LEAST_OF_MODULE} % of those of one module" in page
