"""Secrets that are recognised without a name next to them."""

import pytest

from chassis.logs.redaction import Redactor

from .wide import wide

REDACTOR = Redactor()
HEADER = "eyJhbGciOiJIUzI1NiJ9"
JWT = f"{HEADER}.eyJzdWIiOiJhbGljZSJ9.planted-signature"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nplantedMIIE\nplanted==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"got {JWT} from", "got [redacted] from"),
        (f"a={JWT}&b=1", "a=[redacted]&b=1"),
        (f"{JWT}.planted.planted", "[redacted]"),
        (HEADER, "[redacted]"),
        (f"before {KEY} after", "before [redacted] after"),
        (KEY[:50], "[redacted]"),
        (KEY.replace("\n", "\\n"), "[redacted]"),
        ("sent Bearer planted.x-y", "sent Bearer [redacted]"),
        ("sent basic bWU6cGxhbnRlZA==", "sent basic [redacted]"),
        ("postgresql://me:planted@host/db", "postgresql://me:[redacted]@host/db"),
        ("postgresql://me:plan@ted@host/db", "postgresql://me:[redacted]@host/db"),
        ("postgresql://me:pl/an/ted@host/db", "postgresql://me:[redacted]@host/db"),
        ("redis://:12/planted@host:1/0", "redis://:[redacted]@host:1/0"),
        ("https://me:planted?x#y@host", "https://me:[redacted]@host"),
        ("https://a:80/b,amqp://me:planted@host", "https://a:80/b,amqp://me:[redacted]@host"),
    ],
)
def test_masks_what_looks_like_a_secret(text: str, expected: str) -> None:
    assert REDACTOR.text(text) == expected
    assert REDACTOR.text(expected) == expected


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555.5555.5555.4444", "378282246310005",
        "3782 822463 10005", "30569309025904", "6011+1111+1111+1117", "4222222222222", "6304000000000000",
        "4000000000000000006", "2221000000000009", wide("4111111111111111"), "%34111111111111111",
    ],
)  # fmt: skip
@pytest.mark.parametrize("within", ["{}", "card {}, please", "no-{}", "card_{};"])
def test_masks_card_numbers_in_text(number: str, within: str) -> None:
    assert REDACTOR.text(within.format(number)) == within.format("[redacted]")


def test_masks_card_numbers_that_are_integers() -> None:
    assert REDACTOR.value({"n": [4111111111111111, 4111111111111112]}) == {"n": ["[redacted]", 4111111111111112]}
