"""Requests are served only for allowed hosts, health checks for any host."""

import json

import pytest

from ..raw_http import answer_to, statuses


async def answer(url: str, *hosts: bytes, path: str = "/sample/items") -> tuple[int, bytes, bytes]:
    """Return status, headers and body of the response to a request with these `Host` headers."""
    lines = [f"GET {path} HTTP/1.1".encode(), *(b"Host: " + host for host in hosts), b"Connection: close", b"", b""]
    head, _, body = (await answer_to(url, b"\r\n".join(lines))).partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


@pytest.mark.parametrize(
    "host",
    [
        *("api.example", "API.example:8001", "a.shop.example", "b.a.shop.example:1", "A.Shop.Example"),
        *("[::1]:80", "[::1]", "api.example:65535", "api.example:0"),
    ],
)
async def test_serves_allowed_hosts(restricted_url: str, host: str) -> None:
    status, _, _ = await answer(restricted_url, host.encode())
    assert status == 200


FOREIGN = [
    *("example", "evil.example", "shop.example", "api.example.evil", "xapi.example", "[::2]", "127.0.0.1"),
    *("api.example.", "a.shop.example.", ".shop.example", "..shop.example", "a..shop.example", "-", "_"),
    *("[::1", "::1", "[::1%25eth0]", "[::1%eth0]:80", "[::1]x", "x[::1]", "[::1]]", "[[::1]]", "[api.example]"),
    *(
        "api.example:",
        "api.example:b",
        "api.example:80:80",
        "api.example:-1",
        "api.example:65536",
        "api.example:080808",
    ),
    *("api.example:80@evil.example", "evil.example:80:api.example"),
    *("me@api.example", "me:pw@api.example", "evil.example@a.shop.example", "api.example@evil.example"),
    *("evil.example?.shop.example", "evil.example#.shop.example", "evil.example/.shop.example"),
    *("evil.example\\.shop.example", "evil.example .shop.example", "evil.example,a.shop.example", "a%2eshop.example"),
    *("*.shop.example", "*", "http://api.example", "//api.example", "api.example/", "api.example?", "é.shop.example"),
]


@pytest.mark.parametrize("host", FOREIGN)
async def test_refuses_other_hosts_and_malformed_ones(restricted_url: str, host: str) -> None:
    status, head, body = await answer(restricted_url, host.encode())
    assert status in {400, 421}, "a malformed host may be refused earlier"
    assert b"x-frame-options: DENY" in head
    assert json.loads(body)["type"] in {"/problems/misdirected-request", "/problems/bad-request"}


async def test_responds_421_with_a_problem_for_another_host(restricted_url: str) -> None:
    status, _, body = await answer(restricted_url, b"evil.example")
    problem = json.loads(body)
    assert (status, problem["type"]) == (421, "/problems/misdirected-request")
    assert problem["detail"] == "This service does not serve that host."


@pytest.mark.parametrize("hosts", [(), (b"",), (b"api.example", b"evil.example"), (b"api.example", b"api.example")])
async def test_refuses_a_request_without_exactly_one_host(restricted_url: str, hosts: tuple[bytes, ...]) -> None:
    status, _, _ = await answer(restricted_url, *hosts)
    assert status in {400, 421}


async def test_serves_health_checks_for_any_host(restricted_url: str) -> None:
    for path, expected in (("/health/live", 200), ("/health/ready", 503)):
        status, _, _ = await answer(restricted_url, b"10.0.0.1:8001", path=path)
        assert status == expected
    for path in ("/health/", "/health/other", "/health/live/x", "/health/live/", "/health", "/health/live%2F..%2Fx"):
        status, _, _ = await answer(restricted_url, b"10.0.0.1:8001", path=path)
        assert status == 421


async def test_host_of_an_absolute_request_target_takes_precedence(restricted_url: str) -> None:
    own, other = b"GET http://api.example/sample/items", b"GET http://other.example/sample/items"
    for target, host, status in [(own, b"other.example", 200), (other, b"api.example", 421)]:
        answered = await answer_to(
            restricted_url, target + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
        )
        assert statuses(answered) == [status]
