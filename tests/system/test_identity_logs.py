"""No password, token or code is in any log line, wherever a client sends it and however the request ends.

conftest.py searches the same logs for the passwords and tokens of all other tests of a run.
"""

import json
from base64 import b64encode
from urllib.parse import quote, quote_plus
from uuid import uuid4

from callers import FRIENDSHIPS, USERS, Caller, eventually
from forgeries import encoded
from people import ACCOUNTS, CLIENT_SECRET, REVOKE, SESSIONS, TOKEN, Person, basic

from system.gateway_process import GatewayProcess
from system.running import System

IN_QUERY = ("access_token", "refresh_token", "id_token", "token", "code", "password", "client_secret", "api_key")
IN_HEADERS = ("Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Referer")
IN_FORMS = ("refresh_token", "token", "code", "password", "client_secret", "client_assertion", "assertion")
JSON = {"Content-Type": "application/json"}


class Planting:
    """Sends requests that contain secrets, each of which must appear in the access log of the gateway."""

    def __init__(self, caller: Caller, secret: str) -> None:
        self._caller = caller
        self._secret = secret
        self.name = uuid4().hex
        self.sent = 0

    async def send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: object) -> int:
        """Send a request and return its status; check that the response does not repeat the secret."""
        self.sent += 1
        headers = {**(headers or {}), "X-Request-ID": f"{self.name}-{self.sent}"}
        answer = await self._caller.call(method, path, headers=headers, **options)
        assert answer.status != 429, "the request must reach a service"
        assert self._secret not in json.dumps(answer.body)
        return answer.status

    async def in_bodies(self, path: str) -> None:
        """Send it in malformed JSON, in a form, and as text."""
        wrong = {"username": "somebody", "password": self._secret}
        for method in ("POST", "PUT"):
            await self.send(method, path, json=wrong)
            await self.send(method, path, json={**wrong, "extra": 1})
            await self.send(method, path, json=[wrong, self._secret])
            await self.send(method, path, json={"username": self._secret, "password": [self._secret]})
            await self.send(method, path, data=f'{{"password": "{self._secret}"'.encode(), headers=JSON)
            await self.send(method, path, data=wrong)
            await self.send(method, path, data=self._secret.encode(), headers={"Content-Type": "text/plain"})

    async def in_places_for_tokens(self, path: str, bearer: dict[str, str]) -> None:
        """Send it in the query, with and without a valid token, in headers, and inside of a token."""
        for name in IN_QUERY:
            for headers in ({}, bearer):
                await self.send("GET", f"{path}?{name}={quote_plus(self._secret)}&limit=0", headers)
        for name in IN_HEADERS:
            await self.send("GET", path, {name: f"Bearer {self._secret}"})
        await self.send("GET", path, {"Authorization": self._secret})
        token = f"{encoded({'alg': 'ES256', 'kid': self._secret})}.{encoded({'sub': self._secret})}.{encoded(b'')}"
        await self.send("GET", path, {"Authorization": f"Bearer {token}"})

    async def in_forms(self, path: str) -> None:
        """Send it in each OAuth field, in the body and in the query."""
        for grant in ("refresh_token", "client_credentials", "password", "authorization_code"):
            form = {"grant_type": grant, "client_id": "friends", **dict.fromkeys(IN_FORMS, self._secret)}
            await self.send("POST", path, data=form)
            await self.send("POST", path, json=form)
            await self.send("POST", path, params=form)
            await self.send("POST", path, data={"grant_type": grant}, headers=basic("friends", self._secret))


def spellings(secret: str) -> set[str]:
    """Return how the secret may be encoded; in Base64 the beginning depends on the preceding bytes."""
    return {secret, quote(secret), quote_plus(secret), b64encode(secret.encode()).decode().rstrip("=")[:-1]}


async def test_no_log_contains_a_secret(gateway: GatewayProcess, whole_system: System, person: Person) -> None:
    secret = f"planted {uuid4().hex}"
    async with Caller(gateway.url) as caller:
        planting = Planting(caller, secret)
        for path in (ACCOUNTS, f"{ACCOUNTS}/", SESSIONS, f"/x{SESSIONS}", USERS, FRIENDSHIPS):
            await planting.in_bodies(path)
        for path in (USERS, f"{USERS}/{person.id}/friendships", "/nowhere", "/oauth/jwks"):
            await planting.in_places_for_tokens(path, person.bearer)
        for path in (TOKEN, REVOKE):
            await planting.in_forms(path)
        again = {"username": person.username, "password": secret}
        assert await planting.send("POST", ACCOUNTS, json=again) == 409, "the request id is in the log of PostgreSQL"
        assert await planting.send("POST", SESSIONS, json=again) == 401
        change = {"current_password": secret, "new_password": secret}
        assert await planting.send("PUT", f"{ACCOUNTS}/me/password", person.bearer, json=change) == 403
        await planting.send("POST", USERS, person.bearer, json={"password": secret, "username": secret})
        await planting.send("POST", FRIENDSHIPS, person.bearer, json={"target_id": secret, "refresh_token": secret})

        async def is_logged() -> bool:
            return gateway.log.read_text(encoding="utf-8").count(f'"{planting.name}-') >= planting.sent

        await eventually(is_logged)
        for name in ("users", "friends", "accounts"):  # each log must contain its lines
            log = whole_system.services[name].log

            async def has_written() -> bool:
                return f"{planting.name}-" in log.read_text(encoding="utf-8")  # noqa: B023 - used at once

            await eventually(has_written)
    logs = {file.name: file.read_text(encoding="utf-8") for file in whole_system.logs.iterdir()}
    assert {"postgres.log", "gateway.log", "users.log", "friends.log", "accounts.log"} <= logs.keys()
    for wanted in {*spellings(secret), person.access_token, person.refresh_token, person.password, CLIENT_SECRET}:
        assert [name for name, text in logs.items() if wanted in text] == [], wanted
