"""A planted secret never appears in the output, wherever it is in a generated structure."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.logs.redaction import Redactor

REDACTOR = Redactor(["Tax-Number"])
SECRET = "Zq7Planted9xW"

names = st.sampled_from([
    "password", "accessToken", "api_key", "client-secret", "OTP", "userPin", "cvv", "x-jwt", "connect.sid", "signature",
    "refresh_token", "codeVerifier", "Set-Cookie", "Authorization", "tax number", "DB_PASS", "sessionId", "private-key",
])  # fmt: skip


def around(characters: str) -> st.SearchStrategy[str]:
    """Return a strategy for texts with the secret between these characters."""
    some = st.text(characters, max_size=8)
    return st.builds(lambda before, after: before + SECRET + after, some, some)


words = around("ab1/@:.-_+!?#$%^*~")
texts = around("ab1 /@:&=,;.-_+!?#$%^*'\"\\()[]{}<>|~\n\té")
harmless = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
secrets: st.SearchStrategy[Any] = st.one_of(
    st.builds(lambda name, value: {name: value}, names, texts),
    st.builds(lambda name, value: {name: [value, {"a": value}]}, names, texts),
    st.builds(lambda name, value: [{"name": name, "value": value}], names, texts),
    st.builds(lambda name, value: {"value": value, "key": name}, names, texts),
    st.builds(lambda name, value: [name, value], names, texts),
    st.builds(lambda name, value: {f"{name}={value}": 1}, names, words),
    st.builds(lambda name, value: json.dumps({name: value}), names, texts),
)
structures = st.recursive(
    secrets,
    lambda inner: (
        st.builds(lambda one, other: [other, one], inner, harmless)
        | st.builds(lambda one, other, key: {f"a{key}": other, f"b{key}": one}, inner, harmless, st.text(max_size=3))
    ),
    max_leaves=4,
)


@given(structures)
def test_masks_a_secret_in_any_structure(structure: object) -> None:
    assert SECRET not in json.dumps(REDACTOR.value(structure))


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(json.dumps, id="json"),
        pytest.param(lambda value: json.dumps(value, indent=2), id="indented-json"),
        pytest.param(lambda value: json.dumps(json.dumps(value)), id="json-in-json"),
        pytest.param(lambda value: quote(json.dumps(value)), id="encoded-json"),
        pytest.param(lambda value: quote(quote(json.dumps(value))), id="json-encoded-twice"),
        pytest.param(lambda value: f"cannot use {value!r}", id="python"),
    ],
)
@given(structure=structures)
@example(structure={"value": f":1 {SECRET}", "key": "password"})
@example(structure={"value": f"='{SECRET}", "key": "password"})
@example(structure={"key": "password", "value": f": {SECRET}"})
def test_masks_a_secret_in_the_text_of_any_structure(encode: Callable[[object], str], structure: object) -> None:
    assert SECRET not in REDACTOR.text(encode(structure))


@given(
    before=st.sampled_from(["", "x ", "GET /a?", "- ", "  ", "{", "a: 1\n", '"']),
    name=names,
    separator=st.sampled_from([" = ", "=", ": ", ":", " => ", "     :      ", ":\t", " := "]),
    value=words,
    after=st.sampled_from(["", " next", "\nnext: 1", "&n=1"]),
)
def test_masks_a_secret_in_any_key_value_pair(before: str, name: str, separator: str, value: str, after: str) -> None:
    assert SECRET not in REDACTOR.text(before + name + separator + value + after)


@given(name=names, value=texts, word=words)
def test_masks_a_secret_in_any_url(name: str, value: str, word: str) -> None:
    for text in (
        f"/a?{urlencode({'b': 1, name: value, 'c': 2})}",
        quote(f"{name}={word}"),
        quote(quote(f"{name}:{word}")),
    ):
        assert SECRET not in unquote(REDACTOR.text(text))


@given(st.text())
def test_masking_twice_equals_masking_once(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once
