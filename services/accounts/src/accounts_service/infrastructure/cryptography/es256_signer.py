"""Sign tokens with ES256. Private keys are encrypted with AES-256-GCM."""

import hashlib
import json
import logging
import os
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any, Final

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import ECAlgorithm

from ...core.entities.signing_keys import NoSigningKey, SigningKey
from ...core.entities.tokens import Claims

ALGORITHM: Final = "ES256"
TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068 section 2.1
_NONCE_BYTES: Final = 12

logger = logging.getLogger(__name__)


class Es256Signer:
    """`Signer` with ES256. `secret` encrypts the private keys in the database."""

    def __init__(self, secret: str) -> None:
        derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"signing keys of accounts")
        self._cipher = AESGCM(derive.derive(secret.encode()))
        self._opened: dict[str, ec.EllipticCurvePrivateKey] = {}

    def new_key(self, *, signs_from: datetime) -> SigningKey:
        """Return a key on the curve P-256."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        jwk = json.loads(ECAlgorithm.to_jwk(private_key.public_key()))
        key_id = _thumbprint(jwk)
        public_jwk = {**jwk, "kid": key_id, "use": "sig", "alg": ALGORITHM}
        encoded = private_key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        nonce = os.urandom(_NONCE_BYTES)
        return SigningKey(
            id=key_id,
            public_jwk=json.dumps(public_jwk),
            sealed_private_key=nonce + self._cipher.encrypt(nonce, encoded, key_id.encode()),
            signs_from=signs_from,
        )

    def check(self, key: SigningKey) -> None:
        """Decrypt the key, which is cached. Raises NoSigningKey."""
        self._private_key(key)

    def sign(self, claims: Claims, key: SigningKey) -> str:
        """Return the signed token. Raises NoSigningKey if the key cannot be decrypted."""
        payload: dict[str, Any] = {
            "iss": claims.issuer,
            "aud": claims.audience,
            "sub": claims.subject,
            "client_id": claims.client_id,
            "jti": str(claims.token_id),
            "iat": int(claims.issued_at.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
        }
        if claims.scopes:
            payload["scope"] = " ".join(sorted(claims.scopes))
        headers = {"typ": TOKEN_TYPE, "kid": key.id}
        return jwt.encode(payload, self._private_key(key), algorithm=ALGORITHM, headers=headers)

    def _private_key(self, key: SigningKey) -> ec.EllipticCurvePrivateKey:
        opened = self._opened.get(key.id)
        if opened is None:
            self._opened = {key.id: self._open(key)}  # only the one that signs is needed
            opened = self._opened[key.id]
        return opened

    def _open(self, key: SigningKey) -> ec.EllipticCurvePrivateKey:
        nonce, encrypted = key.sealed_private_key[:_NONCE_BYTES], key.sealed_private_key[_NONCE_BYTES:]
        try:
            encoded = self._cipher.decrypt(nonce, encrypted, key.id.encode())
        except InvalidTag:
            logger.error(  # noqa: TRY400 - the message says it all
                "the signing key %s was encrypted with another KEY_ENCRYPTION_SECRET; restore that one, or run "
                "`rotate-keys --at-once`",
                key.id,
            )
            raise NoSigningKey from None
        private_key = serialization.load_der_private_key(encoded, password=None)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise NoSigningKey
        return private_key


def _thumbprint(jwk: dict[str, Any]) -> str:
    """Return the thumbprint (RFC 7638): the hash of the required members in order, without spaces."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
