"""The users service over HTTP."""

from collections.abc import Collection
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ValidationInfo, model_validator

from chassis.errors import UpstreamRefused, UpstreamUnavailable
from chassis.upstream import UpstreamClient


class Existence(BaseModel):
    """The response for the IDs in the validation context, each of which must be in one of the two lists."""

    existing: frozenset[UUID]
    missing: frozenset[UUID]

    @model_validator(mode="after")
    def _account_for_each(self, asked: ValidationInfo[frozenset[UUID]]) -> Self:
        if self.existing & self.missing or self.existing | self.missing != asked.context:
            raise ValueError("does not account for each id")
        return self


class HttpUsers:
    """`UserDirectory` with the API of the users service."""

    def __init__(self, upstream: UpstreamClient) -> None:
        self._upstream = upstream

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return the missing IDs, with one call. Raises UpstreamError, also if the response leaves out an ID."""
        asked = list(dict.fromkeys(user_ids))
        if not asked:
            return frozenset()
        try:
            answer = await self._upstream.get(
                "/api/v1/users/exists", query={"id": asked}, read=Existence, context=frozenset(asked)
            )
        except UpstreamRefused as refusal:  # a bug or a missing right: for our clients it is unavailable
            raise UpstreamUnavailable("The users service is unavailable.") from refusal
        return answer.missing
