"""The rows of unusual answers cover all pairs."""

from odd_answers import FEW_ROWS, ROWS, VALUES
from pairwise import all_pairs, each_value, pairs, pairs_of

from template.rendering import questions


def test_rows_contain_each_pair_of_values() -> None:
    assert set().union(*map(pairs_of, ROWS)) == pairs({question: list(choice) for question, choice in VALUES.items()})


def test_each_row_answers_every_question() -> None:
    """Except for the one that makes answers about the entity void; `test_entity.py` starts without a sample."""
    assert all({*row, "sample"} == questions() for row in ROWS)


def test_the_few_rows_contain_each_value() -> None:
    found = {item for row in FEW_ROWS for item in row.items()}
    assert found == {(question, value) for question, choice in VALUES.items() for value in choice}


def test_needs_far_fewer_rows_than_combinations() -> None:
    values = {question: ["a", "b", "c"] for question in "abcdefgh"}
    rows = all_pairs(values)
    assert set().union(*map(pairs_of, rows)) == pairs(values)
    assert len(rows) < 30
    assert len(each_value(rows)) <= 6
