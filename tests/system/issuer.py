"""An issuer of access tokens for any subject."""

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

WITH_AND_WITHOUT = pytest.mark.parametrize("issuer", [False, True], ids=["open", "authenticated"], indirect=True)
"""Marks tests that hold whether callers are known or not."""

CLIENT = {"AUTH_CLIENT_ID": "friends", "AUTH_CLIENT_SECRET": "of a test", "AUTH_CLIENT_SCOPE": "users:exists"}


def new_account() -> str:
    """Return a new account id: a UUIDv7, as accounts creates them."""
    milliseconds, rest = divmod(time.time_ns(), 10**6)
    high = milliseconds << 16 | 7 << 12 | rest * 4096 // 10**6
    return str(UUID(int=high << 64 | 2 << 62 | secrets.randbits(62)))


class Issuer:
    """An issuer that signs RFC 9068 tokens; `environment` makes a service trust it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.get_algorithm_by_name("ES256").to_jwk(self._key.public_key(), as_dict=True)
        self.keys = {"keys": [{**public, "kid": "of a test", "use": "sig"}]}

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables of a service, including its name for calls to others."""
        return {
            "AUTH_ISSUER": self.url,
            "AUTH_JWKS_URL": f"{self.url}/keys",
            "AUTH_TOKEN_URL": f"{self.url}/token",
            **CLIENT,
        }

    @property
    def key_id(self) -> str:
        """The id of the key."""
        return str(self.keys["keys"][0]["kid"])

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key."""
        return self._key.public_key()

    def token(
        self,
        subject: str | None = None,
        *,
        scope: str = "users:exists",
        header: Mapping[str, object] | None = None,
        **claims: object,
    ) -> str:
        """Return a token of this subject, by default of a new account.

        A claim or header parameter whose value is None is left out.
        """
        now = int(time.time())
        said = {"iss": self.url, "aud": "allium", "sub": subject or new_account(), "client_id": "shop", "scope": scope}
        times = {"iat": now, "exp": now + 3600, "jti": str(uuid4())}
        payload = {name: value for name, value in {**said, **times, **claims}.items() if value is not None}
        return jwt.encode(payload, self._key, "ES256", {"typ": "at+jwt", "kid": self.key_id, **(header or {})})

    def token_for(self, path: str, body: object) -> str:
        """Return a token that permits the request: that of the named initiator, or of a new account."""
        initiator = body.get("initiator_id") if isinstance(body, dict) and path.endswith("/friendships") else None
        return self.token(str(initiator) if initiator else None)


@contextlib.contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Run an issuer in a thread and yield it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    issuer = _Handler.issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield issuer
    server.shutdown()
    server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        self._answer(self.issuer.keys)

    def do_POST(self) -> None:
        token = self.issuer.token("friends", client_id="friends")
        self._answer({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
