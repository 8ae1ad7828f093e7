"""No encoding and no look-alike character hides a secret from redaction."""

from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from chassis.logs.redaction import Redactor

from .wide import wide

REDACTOR = Redactor(["Ключ", wide("KENNWORT")])


def encode_all(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize("text", ["/a/token=planted", "password: planted", '{"pin": "planted"}', "<otp>planted</otp>"])
@pytest.mark.parametrize("encode", [quote, quote_plus, encode_all])
def test_masks_percent_encoded_secrets(text: str, encode: Callable[[str], str]) -> None:
    encoded = text
    for _ in range(3):
        encoded = encode(encoded)
        shown = REDACTOR.text(f"instance {encoded}")
        assert "[redacted]" in shown
        assert "planted" not in shown


def test_keeps_percent_encoding_if_nothing_is_masked() -> None:
    text = f"/a%2Fb%20c &amp; \u0041 {wide('wide')} caf\u00e9 Ünïcödé"
    assert REDACTOR.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        wide("password=") + "planted", wide("token:") + "planted", "pass\u200bword=planted",
        "\U0001d4f9\U0001d4f2\U0001d4f7: planted", "PA\u00adSSWORD=planted",
        "pass\x00word=planted", "\u017fecret: planted", "password\u3000:\u00a0planted", "ключ".upper() + ": planted",
        "kennwort=planted",
        wide("kennwort") + "=planted", "pa\\u0073sword=planted", "\\x70in=planted",
        "&quot;pin&quot;:&quot;planted&quot;",
        "pin&#58;planted",
    ],
)  # fmt: skip
def test_masks_secrets_in_other_encodings_and_look_alikes(text: str) -> None:
    shown = REDACTOR.text(text)
    assert "[redacted]" in shown
    assert "planted" not in shown
