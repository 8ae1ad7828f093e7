"""Which settings this service accepts and refuses."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from accounts_service.settings import DEVELOPMENT_HASHES, HASH_OF_NOTHING, Settings

GOOD: dict[str, Any] = {
    "environment": "production",
    "postgres_password": "a good one",
    "auth_issuer": "https://shop.example",
    "key_encryption_secret": "u8Xb0m1p2Q3r4S5t6U7v8W9x0Y1z2A3b4C5d6E7f8G9=",
    "clients": {"friends": {"secret_sha256": "ab" * 32, "scopes": ["users:exists"]}},
}
(KNOWN,) = DEVELOPMENT_HASHES


def test_accepts_valid_settings() -> None:
    settings = Settings(**GOOD)
    assert settings.clients["friends"].scopes == {"users:exists"}
    assert "u8Xb0m1p2" not in repr(settings)


def test_adds_clients_of_the_environment_to_the_development_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENTS", json.dumps({"orders": {"secret_sha256": "cd" * 32, "scopes": []}}))
    assert Settings().clients.keys() == {"friends", "orders"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("auth_issuer", value) for value in ("", "shop.example", "ftp://x", "https://x?y", "https://a@b")),
        ("key_encryption_secret", "too short"),
        ("key_encryption_secret", "only for development, as everybody knows this secret"),
        ("clients", {"friends": {"secret_sha256": KNOWN, "scopes": []}}),
        ("clients", {"friends": {"secret_sha256": "the secret itself", "scopes": []}}),
        ("clients", {"friends": {"secret_sha256": "ab" * 32, "scopes": ["two words"]}}),
        ("clients", {"": {"secret_sha256": "ab" * 32, "scopes": []}}),
        ("clients", {"019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d": {"secret_sha256": "ab" * 32, "scopes": []}}),
        ("clients", {"friends": {"secret_sha256": HASH_OF_NOTHING, "scopes": []}}),
        ("access_token_life", 10),
        ("session_life", 0),
    ],
    ids=range(15),
)
def test_refuses_invalid_settings(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(**GOOD | {field: value})
    assert all(error["loc"][0] == field for error in caught.value.errors())


def test_development_accepts_the_default_secrets() -> None:
    assert Settings().clients["friends"].secret_sha256 == KNOWN
