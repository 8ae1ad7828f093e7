"""The caller of a request."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from .refusals import NotAnAccount

CALLER: Final = "chassis.caller"
"""Key in the ASGI scope for the `Principal`, or None without a valid token. Absent if authentication is off."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The contents of a verified access token."""

    subject: str
    """The one on whose behalf the client acts: a person, or the client itself."""
    client_id: str
    """The program that sent the request."""
    scopes: frozenset[str]
    """The scopes that the token grants."""

    @property
    def subject_id(self) -> UUID:
        """Return the subject as the ID of a person's account. Raises `NotAnAccount` (403) for others, such as a client.

        Only the canonical form of a UUID is accepted, so that no two subjects are the same person.
        """
        try:
            account_id = UUID(self.subject)
        except ValueError:
            raise NotAnAccount from None
        if str(account_id) != self.subject:  # Python also reads `{…}`, `urn:uuid:…`, `_`, `+`, and digits of any script
            raise NotAnAccount
        return account_id
