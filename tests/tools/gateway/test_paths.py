import re

import pytest

from gateway.paths import expression, is_within, overlap, priority, shape


def matches(path: str, sent: str) -> bool:
    """Return whether Traefik would match a request path, decoded as far as it does."""
    go = (
        expression(path).removesuffix("$") + r"\Z"
    )  # as in Go, `$` matches only at the end, not before a final line feed
    return re.search(go, sent) is not None


@pytest.mark.parametrize(
    "sent", ["/a/7", "/a/x.y-z_~", "/a/ada@example.org", "/a/ada%40example.org", "/a/é ü", "/a/x%3Ay"]
)
def test_a_parameter_matches_any_single_segment(sent: str) -> None:
    assert matches("/a/{id}", sent)


@pytest.mark.parametrize(
    "sent",
    [
        *(
            "/a/",
            "/a",
            "/a/x/",
            "/a/x/y",
            "/a/x%2Fy",
            "/a/x\\y",
            "/a/x%5Cy",
            "/a/x;y",
            "/a/x%3By",
            "/a/x%3Fy",
            "/a/x%23y",
        ),
        *("/a/x%y", "/a/x%25y", "/a/x%2540y", "/a/x%00y", "/a/x\0y", "/a/x\ny", "/a/x\n", "/b/a/x", "/A/x", "a/x"),
    ],
)
def test_a_parameter_does_not_match_encoded_separators(sent: str) -> None:
    assert not matches("/a/{id}", sent)


def test_a_literal_matches_only_itself_in_any_encoding() -> None:
    path = "/.well-known/users:find+1"
    assert all(matches(path, sent) for sent in (path, "/.well-known/users%3Afind+1", "/.well-known/users%3Afind%2B1"))
    assert not any(
        matches(path, sent) for sent in ("/Xwell-known/users:find+1", f"{path}/", f"{path}1", "/.well-known")
    )


def test_matches_text_around_a_parameter_literally() -> None:
    assert matches("/reports/{year}-{month}.json", "/reports/2026-11.json")
    assert not matches("/reports/{year}-{month}.json", "/reports/2026-11xjson")


def test_sorts_more_literal_paths_first() -> None:
    ordered = ["/users/exists", "/users/u-{name}", "/users/{id}", "/{kind}/exists", "/{kind}/{id}"]
    assert sorted(ordered, key=priority, reverse=True) == ordered


def test_ignores_the_names_of_parameters() -> None:
    assert shape("/a/{x}/b/{y}") == shape("/a/{user_id}/b/{other}") != shape("/a/{x}/b/y")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("/a/{x}", "/a/b", True), ("/a/{x}", "/{y}/b", True), ("/a/b", "/a/c", False), ("/a/{x}", "/a/b/c", False)],
)
def test_paths_overlap_if_a_request_can_match_both(one: str, other: str, *, expected: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is expected


def test_a_path_is_within_a_more_general_one() -> None:
    assert is_within("/a/b", "/a/{x}")
    assert is_within("/a/{x}", "/a/{y}")
    assert not is_within("/a/{x}", "/a/b")
    assert not is_within("/{x}/b", "/a/{y}")
