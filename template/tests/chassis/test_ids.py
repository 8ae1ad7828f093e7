"""Ids are UUIDs of version 7 in the order of their creation."""

from chassis.ids import new_id


def test_ids_are_increasing_uuid7() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert {each.version for each in ids} == {7}
    assert ids == sorted(set(ids))
