"""Pages cover a list completely and in order."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from friends_service.core.entities.pages import Page

lists = st.lists(st.uuids(), unique=True, max_size=30).map(lambda ids: sorted(ids, reverse=True))
limits = st.integers(min_value=1, max_value=10)


def cut(ids: Sequence[UUID], *, limit: int, after: UUID | None) -> Page[UUID]:
    below = [each for each in ids if after is None or each < after]
    return Page.cut(below[: limit + 1], limit=limit, key=lambda row: row)


@given(lists, limits)
def test_pages_contain_every_row_once_and_in_order(ids: list[UUID], limit: int) -> None:
    page = cut(ids, limit=limit, after=None)
    walked = [*page.items]
    while page.next_after is not None:
        page = cut(ids, limit=limit, after=page.next_after)
        assert page.items, "a next page must not be empty"
        walked += page.items
    assert walked == ids


@given(lists, limits)
def test_only_the_last_page_may_be_incomplete(ids: list[UUID], limit: int) -> None:
    page = cut(ids, limit=limit, after=None)
    assert len(page.items) == min(limit, len(ids))
    assert (page.next_after is not None) == (len(ids) > limit)


def test_an_empty_list_has_one_empty_page() -> None:
    assert cut([], limit=5, after=None) == Page(items=(), next_after=None)
