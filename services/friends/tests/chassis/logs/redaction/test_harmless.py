"""What is not a secret stays readable."""

import traceback
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.logs.redaction import Redactor

REDACTOR = Redactor(secret_values=["tiny5"])


@pytest.mark.parametrize(
    "text",
    [
        "", "tiny5", "GET /api/v1/users 200", "https://host:8001/a?b=c@d", "https://host:4873/@scope/package",
        "no passwords here", "at 12:30, 5 tokens", "the password must have 8 characters",
        'File "/app/tokens.py", line 24, in tokenize', "tests/test_tokens.py:24: error", "tokenizer: fast",
        "pinned: yes", "coding: utf-8", "authors = ['x']", "encoding=utf-8", "compass: n", "pass: 12, fail: 3",
        "secretary: Ann", "max_tokens=4096", "sessions: 3", "token_type: bearer", "basic authentication",
        "http://auth:8003/oauth/jwks", "print('token: ' + shown)",
        "019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d", "41111111-1111-4111-8111-111111111111", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "d4243baaaab887f4d51a48a3cb1abbe3", "2026-11-23T23:07:22.464Z", "2026-11-23 2026-11-24 12:00", "20261123230722",
        "1700000000000", "1700000000000000000", "4111111111111112", "0.4111111111111111", "+4915123456789",
        "300 400 500 600 700", "eyJust a word", "surveyJob.start.now", "100% of a=b", "AT&T; x=y",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    ],
)  # fmt: skip
def test_leaves_harmless_text(text: str) -> None:
    assert REDACTOR.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "code: 422", '"code": "invalid-value"', '{"code": "invalid_grant", "error_code": 1234567}', "code=404",
        "status_code=422", "code: 23505", "exit code: 137", "country_code=DE", "zip_code: 10115", "zipCode=12345678",
        "code = response.status_code", "code: ERR_CONNECTION_REFUSED", "code: InvalidValue",
        "code: /problems/not-found",
    ],
)  # fmt: skip
def test_leaves_status_and_error_codes(text: str) -> None:
    assert REDACTOR.text(text) == text


@pytest.mark.parametrize(
    "value", [{"code": 422}, {"code": "invalid-value"}, {"tokens": 5}, {"name": "Ann", "value": 1}, ["a", "b"]]
)
def test_leaves_harmless_values(value: object) -> None:
    assert REDACTOR.value(value) == value


def tokenize(depth: int) -> int:
    return tokenize(depth - 1) if depth else 1 // depth


def test_leaves_stack_traces() -> None:
    try:
        tokenize(12)
    except ZeroDivisionError as error:
        trace = "".join(traceback.format_exception(error))
        assert REDACTOR.text(trace) == trace
        trace = trace.replace("test_harmless", "tokens")
        assert REDACTOR.text(trace) == trace


def test_hides_no_frame_of_a_stack_trace_because_of_its_source() -> None:
    trace = '  File "a.py", line 1, in f\n    send("token=" + token, {\n'
    trace += '  File "b.py", line 2, in g\n    password = decode(\n'
    shown = REDACTOR.text(f"{trace}  File \"c.py\", line 3, in h\n    return x['y']\nKeyError: 'y'")
    assert [name for name in ("a.py", "b.py", "c.py", "x['y']", "KeyError: 'y'") if name not in shown] == []


@given(st.uuids())
def test_leaves_uuids(value: UUID) -> None:
    for text in (str(value), value.hex, f"/users/{value}/friends"):
        assert REDACTOR.text(text) == text


@given(st.datetimes())
def test_leaves_times(value: object) -> None:
    assert REDACTOR.text(str(value)) == str(value)
