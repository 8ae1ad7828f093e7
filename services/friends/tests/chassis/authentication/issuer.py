"""A token issuer whose responses, keys and failures a test sets."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ..upstream.stub import Handler

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
MAKERS: Final[dict[str, Callable[[], PrivateKey]]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "RS256": lambda: rsa.generate_private_key(public_exponent=65_537, key_size=2048),
}
CLIENT: Final = ("friends", "planted client secret: 1+1=2")
METADATA: Final = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")


@dataclass
class SigningKey:
    """A private key and its published JWK."""

    key_id: str
    algorithm: str = "ES256"
    private: PrivateKey = field(init=False)

    def __post_init__(self) -> None:
        self.private = MAKERS[self.algorithm]()

    @property
    def published(self) -> dict[str, Any]:
        kind = jwt.get_algorithm_by_name(self.algorithm)
        return {**kind.to_jwk(self.private.public_key(), as_dict=True), "kid": self.key_id, "use": "sig"}


class Issuer:
    """An issuer that signs tokens, publishes its keys and grants tokens to clients."""

    def __init__(self) -> None:
        self.url = ""
        self.path = ""
        self.key = SigningKey("first")
        self.jwks: list[dict[str, Any]] = [self.key.published]
        self.paths: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.known_metadata: tuple[str, ...] = METADATA
        self.metadata: dict[str, Any] = {}
        self.unknown: Callable[[], web.Response] = lambda: web.Response(status=404)
        self.mood: Handler | None = None
        self.life = 600
        self.tokens = 0

    @property
    def name(self) -> str:
        return self.url + self.path

    def count(self, path: str = "/keys") -> int:
        return self.paths.count(path)

    def token(self, *, headers: dict[str, Any] | None = None, key: SigningKey | None = None, **claims: Any) -> str:
        """Return a signed token; a claim whose value is None is left out."""
        now = int(time.time())
        all_claims: dict[str, Any] = {
            "iss": self.name,
            "aud": "allium",
            "sub": "0197a5ff-0000-7000-8000-000000000001",
            "client_id": "shop",
            "iat": now,
            "exp": now + 600,
            "jti": str(time.perf_counter_ns()),
            "scope": "read",
        } | claims
        given = {name: value for name, value in all_claims.items() if value is not None}
        key = key or self.key
        header = {"typ": "at+jwt", "kid": key.key_id} | (headers or {})
        return jwt.encode(given, key.private, key.algorithm, {n: v for n, v in header.items() if v is not None})

    def bearer(self, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(**claims)}"}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.paths.append(request.path)
        if self.mood:
            return await self.mood(request)
        if request.path in self.known_metadata:
            told = {"issuer": self.name, "jwks_uri": f"{self.url}/keys", "token_endpoint": f"{self.url}/token"}
            return web.json_response(told | self.metadata)
        if request.path == "/keys":
            return web.json_response({"keys": self.jwks})
        if request.path == "/token":
            return await self.grant(request)
        return self.unknown()

    async def grant(self, request: web.BaseRequest) -> web.StreamResponse:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        expected = b64encode(b"friends:planted+client+secret%3A+1%2B1%3D2").decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens += 1
        return web.json_response(
            {
                "access_token": self.token(sub="friends", client_id="friends", scope="users:exists"),
                "token_type": "bearer",
                "expires_in": self.life,
            }
        )

    async def freeze(self, _request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def fail(self, _request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=500)


@asynccontextmanager
async def running_issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    runner = web.ServerRunner(web.Server(issuer.answer), handle_signals=False, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.url = "http://{}:{}".format(*runner.addresses[0])
    yield issuer
    await runner.cleanup()
