"""The users service over HTTP."""

from collections.abc import Collection
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ValidationInfo, model_validator

from chassis.errors import UpstreamRefused, UpstreamUnavailable
from chassis.upstream import UpstreamClient


class Existence(BaseModel):
    """What is answered about the ids in the validation's context: each of them is in one of the two lists."""

    existing: frozenset[UUID]
    missing: frozenset[UUID]

    @model_validator(mode="after")
    def _account_for_each(self, asked: ValidationInfo[frozenset[UUID]]) -> Self:
        if self.existing & self.missing or self.existing | self.missing != asked.context:
            raise ValueError("does not account for each id")
        return self


class HttpUsers:
    """`UserDirectory` on the API of the users service."""

    def __init__(self, upstream: UpstreamClient) -> None:
        self._upstream = upstream

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Ask for all ids in one call; an answer that does not account for each of them is none at all."""
        asked = list(dict.fromkeys(user_ids))
        if not asked:
            return frozenset()
        try:
            answer = await self._upstream.get(
                "/api/v1/users/exists", query={"id": asked}, read=Existence, context=frozenset(asked)
            )
        except UpstreamRefused as refusal:  # it knows no such question, or not us: for our clients it is away
            raise UpstreamUnavailable("The users service is unavailable.") from refusal
        return answer.missing
