"""The users service over HTTP."""

from collections.abc import Collection
from uuid import UUID

from chassis.upstream import UpstreamClient


class HttpUsers:
    """`UserDirectory` on the API of the users service."""

    def __init__(self, upstream: UpstreamClient) -> None:
        self._upstream = upstream

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Ask for all ids in one call; an answer that does not account for each of them is none at all."""
        asked = list(dict.fromkeys(user_ids))
        if not asked:
            return frozenset()

        def missing(document: object) -> frozenset[UUID]:
            existing, missing = _ids(document, "existing"), _ids(document, "missing")
            if existing & missing or existing | missing != frozenset(asked):
                raise ValueError("does not account for each id")
            return missing

        query = [("id", str(user_id)) for user_id in asked]
        return await self._upstream.get_json("/api/v1/users/exists", query, read=missing)


def _ids(document: object, name: str) -> frozenset[UUID]:
    """The ids in one of the answer's two lists; ValueError if it is not what the API promises."""
    texts = document.get(name) if isinstance(document, dict) else None
    if not isinstance(texts, list):
        raise ValueError(f"has no list of {name} ids")  # noqa: TRY004 - wrong data, not a wrong type of our own
    return frozenset(UUID(str(text)) for text in texts)
