"""Secrets are recognised by their names wherever they stand, and nothing else is hidden."""

import time
from typing import Any

import pytest

from chassis.logs.redaction import (
    MAX_DEPTH,
    SECRET_NAMES,
    Redactor,
)

REDACTOR = Redactor(["Tax-Number"], ["planted-value/1", "planted value/2", "tiny5", "sixsix"])


@pytest.mark.parametrize(
    "name",
    [
        "password", "Password", "PASSWD", "db_password", "password2", "user[password]", "accessToken", "X-API-Key",
        "api.key", "Authorization", "Set-Cookie", "cookies", "client_secret", "session-id", "taxNumber", "private key",
        "access_key", "passphrase", "pwd",
    ],
)  # fmt: skip
def test_knows_secret_names(name: str) -> None:
    assert REDACTOR.is_secret(name)


@pytest.mark.parametrize("name", ["", "username", "author", "next_cursor", "pass", "key", "tax", "url.path", "имя"])
def test_leaves_other_names(name: str) -> None:
    assert not REDACTOR.is_secret(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=planted", "password=[redacted]"),
        ("PASSWORD: planted", "PASSWORD: [redacted]"),
        ("/cb?a=1&token=planted&b=2", "/cb?a=1&token=[redacted]&b=2"),
        ("accessToken=planted;", "accessToken=[redacted]"),
        ("user[password]=planted&a=b", "user[password]=[redacted]&a=b"),
        ("tax_number: planted", "tax_number: [redacted]"),
        ("{'password': 'plan ted', 'a': 1}", "{'password': '[redacted]', 'a': 1}"),
        ('{"password": "plan\\"ted", "a": 1}', '{"password": "[redacted]", "a": 1}'),
        ('{"password": "plan', '{"password": "[redacted]"'),
        ('{"credentials": {"pin": "planted", "a', '{"credentials": [redacted]'),
        ('{\\"password\\": \\"planted\\"}', '{\\"password\\": [redacted]'),
        ("[(b'authorization', b'Basic planted'), (b'a', b'c')]", "[(b'authorization', b'[redacted]'), (b'a', b'c')]"),
        ("Authorization: Digest a=planted, b=planted\nnext", "Authorization: [redacted]\nnext"),
        ("Cookie: a=planted; b=planted", "Cookie: [redacted]"),
        ("sent Bearer planted.x-y", "sent Bearer [redacted]"),
        ("postgresql://me:planted@host/db", "postgresql://me:[redacted]@host/db"),
        ("postgresql://me:plan@ted@host/db", "postgresql://me:[redacted]@host/db"),
        ("is planted-value/1 or planted-value%2F1", "is [redacted] or [redacted]"),
        ("tiny5 is not masked, but sixsix", "tiny5 is not masked, but [redacted]"),
        ("is planted%20value%2F2 or planted+value%2F2", "is [redacted] or [redacted]"),
    ],
)
def test_masks_secrets_in_text(text: str, expected: str) -> None:
    assert REDACTOR.text(text) == expected
    assert REDACTOR.text(expected) == expected


@pytest.mark.parametrize(
    "text",
    ["", "tiny5", "GET /api/v1/users 200", "https://host:8001/a?b=c@d", "no passwords here", "at 12:30, 5 tokens"],
)
def test_leaves_harmless_text(text: str) -> None:
    assert REDACTOR.text(text) == text


def test_masks_a_secret_beside_all_names_of_secrets() -> None:
    text = " ".join((*SECRET_NAMES, "tax-number"))
    assert REDACTOR.text(f"{text}=planted") == f"{text}=[redacted]"


def test_remembers_a_bounded_number_of_names() -> None:
    """Clients choose them."""
    remembering: Any = Redactor().is_secret
    for number in range(5_000):
        remembering(f"name{number}")
    assert remembering.cache_info().currsize < 5_000


def test_masks_values_at_any_depth() -> None:
    value = {"a": [{"password": "planted"}, ("token=planted", {"secret": {"b": "planted"}})], "b": 1.5, "c": None}
    expected = {"a": [{"password": "[redacted]"}, ["token=[redacted]", {"secret": "[redacted]"}]], "b": 1.5, "c": None}
    assert REDACTOR.value(value) == expected


def test_bounds_the_depth() -> None:
    array: list[object] = []
    array.append(array)
    assert str(REDACTOR.value(array)).count("[") == MAX_DEPTH + 1
    named: dict[str, object] = {}
    named["a"] = named
    shown = str(REDACTOR.value(named))
    assert shown.count("{") == MAX_DEPTH
    assert "'[too deep]'" in shown


def test_makes_text_of_what_is_not_json() -> None:
    assert REDACTOR.value(ValueError("password=planted")) == "password=[redacted]"
    assert REDACTOR.value({1: float("inf")}) == {"1": "inf"}


@pytest.mark.parametrize(
    "text",
    [
        "password" * 8_000,
        "a-" * 32_000, 'password"' * 8_000, "password='" * 8_000, "://a:" * 16_000, "cookie " * 8_000,
        "password" + "\\" * 64_000, "bearer " * 8_000, "token: basic " * 8_000, 'secret="' + '\\"' * 32_000,
    ],
)  # fmt: skip
def test_no_text_makes_it_slow(text: str) -> None:
    started = time.process_time()
    REDACTOR.text(text + "=:,@")
    assert time.process_time() - started < 10, "where time grows with the square of the length, it takes minutes"


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "application/problem+json"])
def test_shows_a_body_that_is_not_utf_8_as_far_as_it_can(media_type: str) -> None:
    assert REDACTOR.body(b"caf\xe9 token=planted", media_type, complete=True) == "caf\ufffd token=[redacted]"


def test_shows_a_form_but_for_its_secrets() -> None:
    form = b"user%5Bpassword%5D=planted&name=a+b&empty="
    shown = REDACTOR.body(form, "application/x-www-form-urlencoded; charset=utf-8", complete=True)
    assert shown == "user[password]=[redacted]&name=a+b&empty="


def test_shows_json_that_can_still_be_read() -> None:
    body = b'{"password": 123456, "name": "lamp"}'
    assert REDACTOR.body(body, "application/json", complete=True) == '{"password":"[redacted]","name":"lamp"}'


def test_knows_an_escaped_name_in_json_that_was_cut() -> None:
    shown = REDACTOR.body(b'{"pass\\u0077ord": "plan', "application/json", complete=False)
    assert shown == '{"password": "[redacted]"'


@pytest.mark.parametrize(("body", "media_type"), [(b"planted", "image/png"), (b"plan\0ted", "text/plain"), (b"x", "")])
def test_shows_no_body_that_is_no_text(body: bytes, media_type: str) -> None:
    assert REDACTOR.body(body, media_type, complete=True) is None
