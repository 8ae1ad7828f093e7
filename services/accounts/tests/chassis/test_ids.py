"""Identifiers are UUIDs of version 7, in the order in which they were made."""

from chassis.ids import new_id


def test_each_is_a_version_7_greater_than_the_one_before() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert {each.version for each in ids} == {7}
    assert ids == sorted(set(ids))
