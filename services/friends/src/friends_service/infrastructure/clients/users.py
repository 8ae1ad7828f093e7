"""The users service over HTTP."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from ...chassis.http_client import UpstreamClient


class HttpUsers:
    """`UserDirectory` on the API of the users service."""

    def __init__(self, upstream: UpstreamClient) -> None:
        self._upstream = upstream

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Ask for all ids in one call; an answer that does not account for each of them is none at all."""
        asked = frozenset(user_ids)
        document = await self._upstream.get_json("/api/v1/users/exists", [("id", str(user_id)) for user_id in asked])
        missing = _ids(document, "missing")
        if missing is None or _ids(document, "existing") != asked - missing or not missing <= asked:
            raise self._upstream.nonsense(document)
        return missing


def _ids(document: Any, name: str) -> frozenset[UUID] | None:
    """The ids in one of the answer's two lists; None if it is not what the API promises."""
    try:
        return frozenset(UUID(text) for text in document[name])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
