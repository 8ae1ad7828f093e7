"""Redaction takes time in proportion to the length of a text, whatever the text is."""

import time

import pytest

from chassis.logs.redaction import Redactor

REDACTOR = Redactor()
LENGTH = 65_536


@pytest.mark.parametrize("end", ["", "=:,@'\"<%é"])
@pytest.mark.parametrize(
    "part",
    [
        "password", "a-", 'password"', "password='", "://a:", "cookie ", "password\\", "bearer ", "token: basic ",
        'secret="\\"', "<password>", "</x><password>", "<token a", "<a:token>", "password/*", "password/**/",
        "password#\n", "password: (", "password: [", 'password=[\n  File "', "password='\n  File \"",
        "password='a' + ", "password=x=",
        "code=", 'code="', "pin ", "auth,", "'auth',", "password: |\n  ", "  password:\n", "- token:\n- ",
        "password=a&", "password: a\\n", 'x" password=" ', "4111 ", "4111", "eyJ", "eyJaaaaaaaaaaaaaaaa.",
        "eyJaaaaaaaaaaaa-",
        "-----BEGIN A-----", "-----BEGIN", "%", "%41", "%2541", "\\u0041", "\\", "é", "e\u0301", "\u0301\u0316",
        "\uff71\uff9e",
        "İ", "ß", "&amp;", "&#", "<a name=password ", "{name: password ", "id=token>", "<key>token</key>", "--token ",
        "token=>", "x@", "http://a:1", "(((", 'password="""', "api ", "password[", "token]", "\n", " ", "\x1b[", "\x00",
    ],
)  # fmt: skip
def test_redaction_time_is_linear_for_any_text(part: str, end: str) -> None:
    text = (part * LENGTH)[: LENGTH - len(end)] + end
    started = time.process_time()
    shown = REDACTOR.text(text)
    assert time.process_time() - started < 10, "quadratic time would take minutes"
    assert len(shown) <= 8 * LENGTH
