"""The use cases of clients, which are services."""

import hashlib
import secrets
from collections.abc import Iterable

from ..entities.clients import Client, ScopeRefused, UnknownClient
from ..entities.tokens import Grant
from .tokens import AccessTokens


class Clients:
    """The use cases of clients."""

    def __init__(self, clients: Iterable[Client], *, tokens: AccessTokens) -> None:
        self._clients = {client.id: client for client in clients}
        self._nobody = Client(id="", secret_sha256=hashlib.sha256(secrets.token_bytes()).digest(), scopes=frozenset())
        self._tokens = tokens

    def authenticated(self, client_id: str, secret: str) -> Client:
        """Return the client with this secret. Raises UnknownClient, in the same time for an unknown ID."""
        client = self._clients.get(client_id, self._nobody)
        if not client.knows(secret):
            raise UnknownClient
        return client

    async def grant(self, client: Client, scopes: frozenset[str] | None) -> Grant:
        """Return an access token for these scopes, or for all of the client. Raises ScopeRefused."""
        granted = client.scopes if scopes is None else scopes
        if not granted <= client.scopes:
            raise ScopeRefused
        key = await self._tokens.signing_key()
        return self._tokens.grant(key, subject=client.id, client_id=client.id, scopes=granted)
