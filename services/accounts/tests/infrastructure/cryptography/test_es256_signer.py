"""Tokens are signed as RFC 9068 has it, and read strictly."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from accounts_service.core.entities.signing_keys import NoSigningKey, SigningKey
from accounts_service.core.entities.tokens import Claims
from accounts_service.infrastructure.cryptography.es256_signer import Es256Signer

SECRET = "a secret that is as long as it has to be"
NOW = datetime.now(UTC)
ACCOUNT = UUID(int=7)


def claims(**changes: Any) -> Claims:
    given: dict[str, Any] = {
        "issuer": "http://issuer",
        "audience": "allium",
        "subject": str(ACCOUNT),
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


def account_of(signer: Es256Signer, token: str, *keys: SigningKey) -> UUID | None:
    return signer.account_of(token, keys, issuer="http://issuer", audience="allium")


def test_the_published_key_verifies_and_signs_nothing(signer: Es256Signer, key: SigningKey) -> None:
    jwk = json.loads(key.public_jwk)
    assert jwk.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert jwk["kid"] == key.id
    token = signer.sign(claims(), key)
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "at+jwt", "kid": key.id}
    read = jwt.decode(token, jwt.PyJWK(jwk), algorithms=["ES256"], audience="allium")
    assert read["scope"] == "a b"


def test_reads_its_own_tokens(signer: Es256Signer, key: SigningKey) -> None:
    other = signer.new_key(signs_from=NOW)
    assert account_of(signer, signer.sign(claims(), key), other, key) == ACCOUNT


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://other"},
        {"audience": "other"},
        {"subject": "friends"},
        {"expires_at": NOW - timedelta(seconds=1)},
        {"issued_at": NOW + timedelta(hours=1)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_refuses_what_is_not_for_it(signer: Es256Signer, key: SigningKey, changes: dict[str, Any]) -> None:
    assert account_of(signer, signer.sign(claims(**changes), key), key) is None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "e30.e30.", "ä.ä.ä"])
def test_refuses_what_is_no_token(signer: Es256Signer, key: SigningKey, token: str) -> None:
    assert account_of(signer, token, key) is None


def test_refuses_what_another_key_has_signed(signer: Es256Signer, key: SigningKey) -> None:
    forged = ec.generate_private_key(ec.SECP256R1())
    payload = jwt.decode(signer.sign(claims(), key), options={"verify_signature": False})
    for typ, kid in (("at+jwt", key.id), ("JWT", key.id), ("at+jwt", "other")):
        token = jwt.encode(payload, forged, algorithm="ES256", headers={"typ": typ, "kid": kid})
        assert account_of(signer, token, key) is None
    unsigned = jwt.encode(payload, "", algorithm="none", headers={"typ": "at+jwt", "kid": key.id})
    assert account_of(signer, unsigned, key) is None


def test_another_secret_opens_nothing(key: SigningKey, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NoSigningKey):
        Es256Signer("another secret, as long as it has to be").sign(claims(), key)
    assert "KEY_ENCRYPTION_SECRET" in caplog.text
    assert Es256Signer(SECRET).sign(claims(), key)
