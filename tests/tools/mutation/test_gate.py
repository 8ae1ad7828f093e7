"""What share of the mutants must be noticed."""

from layout import ROOT
from mutation.gate import ENOUGH, LEAST, LEAST_OF_MODULE, Score, shortfalls

GOOD = Score(tried=1000, noticed=1000)


def test_enough_is_enough() -> None:
    assert not shortfalls({"a": GOOD, "b": Score(1000, 20 * LEAST - 1000)})


def test_a_share_that_is_too_low_is_said() -> None:
    assert shortfalls({"a": GOOD, "b": Score(1000, 20 * LEAST - 1001)}) == [f"together: less than {LEAST} % noticed"]


def test_a_module_alone_needs_the_share_that_it_needs_among_others() -> None:
    assert not shortfalls({"a": Score(100, LEAST_OF_MODULE)})
    assert shortfalls({"a": Score(100, LEAST_OF_MODULE - 1)}) == [f"a: less than {LEAST_OF_MODULE} % noticed"]


def test_a_module_may_not_hide_behind_the_others() -> None:
    poor = Score(ENOUGH, ENOUGH * LEAST_OF_MODULE // 100 - 1)
    assert shortfalls({"a": GOOD, "b": poor}) == [f"b: less than {LEAST_OF_MODULE} % noticed"]


def test_a_few_mutants_say_nothing_of_a_module() -> None:
    assert not shortfalls({"a": GOOD, "b": Score(ENOUGH - 1, 0)})


def test_a_score_is_not_rounded_up_to_what_is_required() -> None:
    assert str(Score(1000, 10 * LEAST - 1)) == f"{10 * LEAST - 1} of 1000 noticed, {LEAST - 1} %"


def test_the_documents_say_the_shares() -> None:
    page = " ".join((ROOT / "docs/testing.md").read_text(encoding="utf-8").split())
    assert f"less than {LEAST} % of all mutants were noticed, or less than {LEAST_OF_MODULE} % of those of one" in page
