"""Secrets in structures that are logged as JSON: in values, in keys, and in values named by another field."""

import pytest

from chassis.logs.redaction import MAX_DEPTH, Redactor

from .wide import wide

REDACTOR = Redactor(secret_values=["planted-value"])
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.planted"


def test_masks_values_at_any_depth() -> None:
    value = {"a": [{"password": "planted"}, ("token=planted", {"secret": {"b": "planted"}})], "b": 1.5, "c": None}
    expected = {"a": [{"password": "[redacted]"}, ["token=[redacted]", {"secret": "[redacted]"}]], "b": 1.5, "c": None}
    assert REDACTOR.value(value) == expected


@pytest.mark.parametrize(
    "key", ["password=planted", "postgresql://me:planted@host", JWT, "planted-value", "Bearer planted"]
)
def test_masks_a_secret_in_a_key(key: str) -> None:
    assert "planted" not in str(REDACTOR.value({key: 1, "a": {key: 2}}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"name": "password", "value": "planted"}], [{"name": "password", "value": "[redacted]"}]),
        ({"key": "apiKey", "val": ["planted"]}, {"key": "apiKey", "val": "[redacted]"}),
        ({"v": "planted", "k": "pin"}, {"v": "[redacted]", "k": "pin"}),
        ({"paramName": "otp", "whatever": "planted"}, {"paramName": "otp", "whatever": "[redacted]"}),
        ({"field": "pin", "message": "is short"}, {"field": "pin", "message": "is short"}),
        ([["authorization", "planted"], ["a", "b"]], [["authorization", "[redacted]"], ["a", "b"]]),
        ([(b"cookie", b"planted")], [["b'cookie'", "[redacted]"]]),
        ([("b'cookie'", "b'planted'")], [["b'cookie'", "[redacted]"]]),
        (["run", "--password", "planted", "-v"], ["run", "--password", "[redacted]", "-v"]),
        ({"code": "a1b2c3planted"}, {"code": "[redacted]"}),
        ({wide("pin"): "planted"}, {wide("pin"): "[redacted]"}),
    ],
)
def test_masks_a_value_whose_name_is_in_another_field(value: object, expected: object) -> None:
    assert REDACTOR.value(value) == expected


def test_limits_the_depth() -> None:
    array: list[object] = []
    array.append(array)
    assert str(REDACTOR.value(array)).count("[") == MAX_DEPTH + 1
    named: dict[str, object] = {}
    named["a"] = named
    shown = str(REDACTOR.value(named))
    assert shown.count("{") == MAX_DEPTH
    assert "'[too deep]'" in shown


def test_converts_values_that_are_not_json_to_text() -> None:
    assert REDACTOR.value(ValueError("password=planted")) == "password=[redacted]"
    assert REDACTOR.value({1: float("inf")}) == {"1": "inf"}
