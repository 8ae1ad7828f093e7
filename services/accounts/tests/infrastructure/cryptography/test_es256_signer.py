"""Tokens are signed as RFC 9068 requires."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from accounts_service.core.entities.signing_keys import NoSigningKey, SigningKey
from accounts_service.core.entities.tokens import Claims
from accounts_service.infrastructure.cryptography.es256_signer import Es256Signer

SECRET = "a secret that is as long as it has to be"
NOW = datetime.now(UTC)


def claims(**changes: Any) -> Claims:
    given: dict[str, Any] = {
        "issuer": "http://issuer",
        "audience": "allium",
        "subject": "0197a5ff-0000-7000-8000-000000000001",
        "client_id": "accounts",
        "scopes": frozenset({"b", "a"}),
        "token_id": uuid4(),
        "issued_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Claims(**given | changes)


@pytest.fixture
def signer() -> Es256Signer:
    return Es256Signer(SECRET)


@pytest.fixture
def key(signer: Es256Signer) -> SigningKey:
    return signer.new_key(signs_from=NOW)


def test_published_key_verifies_but_cannot_sign(signer: Es256Signer, key: SigningKey) -> None:
    jwk = json.loads(key.public_jwk)
    assert jwk.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert jwk["kid"] == key.id
    token = signer.sign(claims(), key)
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "at+jwt", "kid": key.id}
    read = jwt.decode(token, jwt.PyJWK(jwk), algorithms=["ES256"], audience="allium")
    assert read["scope"] == "a b"


def test_refuses_to_sign_with_a_key_sealed_with_another_secret(
    key: SigningKey, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NoSigningKey):
        Es256Signer("another secret, as long as it has to be").sign(claims(), key)
    assert "KEY_ENCRYPTION_SECRET" in caplog.text
    assert Es256Signer(SECRET).sign(claims(), key)
