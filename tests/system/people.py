"""People with accounts, who have logged in, and the secrets that no log may contain."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from callers import Answer, Caller

ACCOUNTS = "/api/v1/accounts"
SESSIONS = "/api/v1/sessions"
TOKEN = "/oauth/token"
REVOKE = "/oauth/revoke"
CLIENT_SECRET = "only for development, as everybody knows this secret"

KEPT_SECRET: set[str] = set()
"""Every password and token of this run: conftest.py looks for them in all logs at the end."""


@dataclass(kw_only=True, slots=True)
class Person:
    """An account, and the tokens of its session."""

    id: str
    username: str
    password: str
    access_token: str
    refresh_token: str

    @property
    def bearer(self) -> dict[str, str]:
        """The header that authenticates the person."""
        return {"Authorization": f"Bearer {self.access_token}"}


async def new_person(url: str) -> Person:
    """Register and log in a person, at the gateway or at accounts; this hashes two passwords."""
    async with Caller(url) as caller:
        credentials = {"username": f"p{uuid4().hex[:15]}", "password": f"horse battery {uuid4().hex}"}
        keep_secret(credentials["password"])
        account = await caller.post(ACCOUNTS, credentials)
        assert account.status == 201, account
        session = await caller.post(SESSIONS, credentials)
        assert session.status == 201, session
    tokens = kept_secret(session.body)
    return Person(
        id=account.body["id"],
        **credentials,
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
    )


def basic(name: str, secret: str) -> dict[str, str]:
    """Return the header of a client that authenticates (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(name)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def service_token(url: str) -> str:
    """Return an access token as friends has it, which permits internal operations."""
    form = {"grant_type": "client_credentials", "scope": "users:exists"}
    async with Caller(url) as caller:
        answer = await caller.call("POST", TOKEN, data=form, headers=basic("friends", CLIENT_SECRET))
    return str(kept_secret(answer.body)["access_token"])


async def refresh(caller: Caller, refresh_token: str) -> Answer:
    """Refresh a session and return the response."""
    answer = await caller.call("POST", TOKEN, data={"grant_type": "refresh_token", "refresh_token": refresh_token})
    kept_secret(answer.body)
    return answer


async def log_out(caller: Caller, refresh_token: str) -> None:
    """End the session."""
    assert (await caller.call("POST", REVOKE, data={"token": refresh_token})).status == 200


def kept_secret(tokens: dict[str, Any]) -> dict[str, Any]:
    """Note the tokens of a response, and return it."""
    keep_secret(*(str(tokens[name]) for name in ("access_token", "refresh_token") if name in tokens))
    return tokens


def keep_secret(*values: str) -> None:
    """Note a secret that no log may contain; of a token each part."""
    for value in values:
        KEPT_SECRET.update(part for part in value.split(".")[-2:] if part)
