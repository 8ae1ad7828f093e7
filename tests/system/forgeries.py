"""Access tokens that must be refused: signed by a trusted key with wrong claims, or by an untrusted key."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from issuer import Issuer, new_account

Forge = Callable[[Issuer], str]

ELSEWHERE: Final = "http://127.0.0.1:{port}/keys"
"""Where the attacker publishes keys; the port is filled in by who listens there."""
_RSA: Final = rsa.generate_private_key(65537, 2048)
_CURVE: Final = ec.generate_private_key(ec.SECP256R1())
_SIGNATURE_BYTES: Final = 64


def encoded(part: object) -> str:
    """Return a part of a token."""
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Return header, claims and signature."""
    head, body, signature = token.split(".")
    header, claims = (json.loads(urlsafe_b64decode(part + "==")) for part in (head, body))
    return header, claims, urlsafe_b64decode(signature + "==")


def _claims(**wrong: object) -> Forge:
    """Return a validly signed token with wrong claims."""
    return lambda issuer: issuer.token(**wrong)  # type: ignore[arg-type]  # any claim


def _later(claim: str, seconds: int) -> Forge:
    return lambda issuer: issuer.token(**{claim: int(time.time()) + seconds})  # type: ignore[arg-type]


def _header(**wrong: object) -> Forge:
    return lambda issuer: issuer.token(header=wrong)


PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def _resigned(algorithm: str, key: PrivateKey, **header: object) -> Forge:
    """Return a valid token signed again by an attacker, by default under the id of the trusted key."""

    def forge(issuer: Issuer) -> str:
        _, claims, _ = parts_of(issuer.token())
        return jwt.encode(claims, key, algorithm, {"typ": "at+jwt", "kid": issuer.key_id, **header})

    return forge


def _spelled(signature: bytes | None = None, **header: object) -> Forge:
    """Return a valid token with another header or signature."""

    def forge(issuer: Issuer) -> str:
        good, claims, own = parts_of(issuer.token())
        return f"{encoded({**good, **header})}.{encoded(claims)}.{encoded(own if signature is None else signature)}"

    return forge


def _hmac(encoding: Encoding) -> Forge:
    """Return an HS256 token with the public key as the secret."""

    def forge(issuer: Issuer) -> str:
        good, claims, _ = parts_of(issuer.token())
        secret = issuer.public_key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        signed = f"{encoded({**good, 'alg': 'HS256'})}.{encoded(claims)}"
        return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    return forge


def _in_anothers_name(issuer: Issuer) -> str:
    header, claims, signature = parts_of(issuer.token())
    return f"{encoded(header)}.{encoded({**claims, 'sub': new_account()})}.{encoded(signature)}"


def _with_his_certificate(issuer: Issuer) -> str:
    der = encoded(_CURVE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return _resigned("ES256", _CURVE, x5c=[der], x5u=ELSEWHERE)(issuer)


_JWK: Final = {**jwt.get_algorithm_by_name("ES256").to_jwk(_CURVE.public_key(), as_dict=True), "kid": "attacker"}

WRONGLY_CLAIMED: Final[Mapping[str, Forge]] = {
    "expired": _later("exp", -60),
    "expired long ago": _claims(exp=1),
    "issued in the future": _later("iat", 3600),
    "not valid yet": _later("nbf", 3600),
    "another issuer": _claims(iss="http://127.0.0.1:1"),
    "the issuer with a trailing slash": lambda issuer: issuer.token(iss=f"{issuer.url}/"),
    "another audience": _claims(aud="shop"),
    "other audiences": _claims(aud=["shop", "Allium"]),
    **{f"no {name}": _claims(**{name: None}) for name in ("iss", "aud", "exp", "iat", "sub", "client_id")},
    "an ID token": _header(typ="JWT"),
    "a token of another type": _header(typ="secevent+jwt"),
    "no type": _header(typ=None),
    "critical: unknown extension": _header(crit=["shop"], shop=True),
    "critical: exp": _header(crit=["exp"], exp=1),
    "critical: nothing": _header(crit=[]),
}
"""By a key that accounts publishes."""

FORGED: Final[Mapping[str, Forge]] = {
    **{f"algorithm {name}": _spelled(b"", alg=name) for name in ("none", "None", "nOnE", "")},
    "algorithm none, signed": _spelled(alg="none"),
    "no algorithm": _spelled(alg=None),
    "HS256 with the public key as PEM": _hmac(Encoding.PEM),
    "HS256 with the public key as DER": _hmac(Encoding.DER),
    "the attacker's key under the issuer's name": _resigned("ES256", _CURVE),
    "the attacker's key with its own id": _resigned("ES256", _CURVE, kid="attacker"),
    "the attacker's key without an id": _resigned("ES256", _CURVE, kid=""),
    "the attacker's RSA key": _resigned("RS256", _RSA),
    "the attacker's Ed25519 key": _resigned("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    "the attacker's key on another curve": _resigned("ES384", ec.generate_private_key(ec.SECP384R1())),
    "the attacker's key in the header": _resigned("ES256", _CURVE, jwk=_JWK),
    "the attacker's key in the header, by name": _resigned("ES256", _CURVE, jwk=_JWK, kid="attacker"),
    "the attacker's JWKS URL": _resigned("ES256", _CURVE, jku=ELSEWHERE),
    "the attacker's JWKS URL with a key id": _resigned("ES256", _CURVE, jku=ELSEWHERE, kid="attacker"),
    "the attacker's JWKS URL as key id": _resigned("ES256", _CURVE, kid=ELSEWHERE),
    "the attacker's certificate": _with_his_certificate,
    "a path as key id": _resigned("ES256", _CURVE, kid="../../../../dev/null"),
    "another person's claims": _in_anothers_name,
    "a modified header": _spelled(cty="JWT"),
    "no signature": _spelled(b""),
    "a signature of zeros": _spelled(bytes(_SIGNATURE_BYTES)),
    "a signature that is too long": lambda issuer: f"{issuer.token()}AAAA",
    "two parts": lambda issuer: issuer.token().rpartition(".")[0],
    "four parts": lambda issuer: f"{issuer.token()}.",
    "two tokens": lambda issuer: f"{issuer.token()} {issuer.token()}",
    "two tokens with a comma": lambda issuer: f"{issuer.token()}, Bearer {issuer.token()}",
    "not a token": lambda _: "let-me-in",
    "too long": lambda issuer: issuer.token(padding="x" * 9_000),
}
"""By nobody who is trusted."""
