"""Who a request comes from."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from .refusals import NotAnAccount

CALLER: Final = "chassis.caller"
"""The key of the ASGI scope: a `Principal`, or None without a valid token. It is not there if authentication is off."""


@dataclass(frozen=True, slots=True)
class Principal:
    """What a verified access token says."""

    subject: str
    """Whom the client acts for: a person, or the client itself."""
    client_id: str
    """The program that sent the request."""
    scopes: frozenset[str]
    """What it may do."""

    @property
    def subject_id(self) -> UUID:
        """The subject as the id of a person. Raises `NotAnAccount` (403) for another one, such as that of a client.

        Only the usual spelling of a UUID counts, in small letters: two subjects are never the same person.
        """
        try:
            account_id = UUID(self.subject)
        except ValueError:
            raise NotAnAccount from None
        if str(account_id) != self.subject:  # Python also reads `{…}`, `urn:uuid:…`, `_`, `+`, and digits of any script
            raise NotAnAccount
        return account_id
