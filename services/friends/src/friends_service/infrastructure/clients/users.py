"""The users service over HTTP."""

from collections.abc import Collection
from uuid import UUID

from ...chassis.http_client import UpstreamClient


class HttpUsers:
    """`UserDirectory` on the API of the users service."""

    def __init__(self, upstream: UpstreamClient) -> None:
        self._upstream = upstream

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Ask for all ids in one call; an answer that does not account for each of them is none at all."""
        asked = list(dict.fromkeys(user_ids))
        document = await self._upstream.get_json("/api/v1/users/exists", [("id", str(user_id)) for user_id in asked])
        existing, missing = _ids(document, "existing"), _ids(document, "missing")
        if existing is None or missing is None or existing & missing or existing | missing != frozenset(asked):
            raise self._upstream.nonsense(document)
        return missing


def _ids(document: object, name: str) -> frozenset[UUID] | None:
    """The ids in one of the answer's two lists; None if it is not what the API promises."""
    texts = document.get(name) if isinstance(document, dict) else None
    if not isinstance(texts, list):
        return None
    try:
        return frozenset(UUID(str(text)) for text in texts)
    except ValueError:
        return None
