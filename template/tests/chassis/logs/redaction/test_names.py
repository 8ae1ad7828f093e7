"""Secrets are recognised by the names of their fields, in any spelling."""

import pytest

from chassis.logs.redaction import SECRET_NAMES, SECRET_WORDS, Redactor

from .wide import wide

REDACTOR = Redactor(["Tax-Number", wide("Postfach"), "Straße"])


def spellings(name: str) -> set[str]:
    words = name.split("_")
    camel_case = words[0] + "".join(word.capitalize() for word in words[1:])
    return {name, name.upper(), "-".join(words), ".".join(words), " ".join(words), camel_case, camel_case.capitalize()}


@pytest.mark.parametrize("name", sorted(SECRET_NAMES | SECRET_WORDS))
@pytest.mark.parametrize("within", ["{}", "user_{}", "{}_2", "old-{}-of-user", "user[{}]"])
def test_recognises_each_name_in_each_spelling(name: str, within: str) -> None:
    assert [each for each in spellings(name) if not REDACTOR.is_secret(within.format(each))] == []


@pytest.mark.parametrize(
    "name",
    [
        "PASSWD", "password2", "X-API-Key", "Set-Cookie", "cookies", "client_secret", "refresh_token", "id_token",
        "oauth_token", "OAuthToken", "csrfmiddlewaretoken", "JSESSIONID", "connect.sid", "userPIN", "PINCode", "cvv2",
        "otpCode", "pins", "AWS_SECRET_ACCESS_KEY", "db_pass", "smtpPass",
    ],
)  # fmt: skip
def test_recognises_secret_names(name: str) -> None:
    assert REDACTOR.is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "username", "author", "authors", "next_cursor", "pass", "bypass", "compass", "key", "tax", "url.path",
        "имя", "tokenizer", "tokenized", "pinned", "spinning", "coding", "encoding", "code", "status_code", "side",
        "sidebar",
        "signal", "secretary", "monkey", "token_type", "token_endpoint", "password_min_length", "InvalidTokenError",
    ],
)  # fmt: skip
def test_leaves_other_names(name: str) -> None:
    assert not REDACTOR.is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        wide("password"),
        "pass\u200bword",
        "\U0001d4fd\U0001d4f8\U0001d4f4\U0001d4ee\U0001d4f7",
        wide("OTP"),
        "\u017fecret",
        "PA\u00adSSWORD",
    ],
)
def test_recognises_names_in_unicode_compatibility_characters(name: str) -> None:
    assert REDACTOR.is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "taxNumber",
        "TAX_NUMBER",
        wide("tax") + " number",
        "my-tax-number",
        "postfach",
        "Post\u200bfach",
        "STRASSE",
        "straße",
    ],
)
def test_recognises_additional_names(name: str) -> None:
    assert REDACTOR.is_secret(name)


@pytest.mark.parametrize("name", ["password" * 10_000, "a" * 10_000 + "_otp"])
def test_does_not_cache_long_names(name: str) -> None:
    """Clients choose the names."""
    redactor = Redactor()
    assert redactor.is_secret(name)
    assert redactor.remembered_names == 0


def test_caches_a_bounded_number_of_names() -> None:
    redactor = Redactor()
    for number in range(5_000):
        redactor.is_secret(f"name{number}")
    assert 0 < redactor.remembered_names < 5_000
