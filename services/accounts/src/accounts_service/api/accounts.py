"""Accounts over HTTP: problems, schemas and routes."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from chassis.problems import BODY_PROBLEMS, Problem, ProblemFor, problem_responses
from chassis.web import (
    DEFAULT_LIMIT,
    LOCATION,
    NEXT_PAGE,
    Cursors,
    CursorText,
    Limit,
    api_router,
    link_next_page,
    public_path,
)

from .. import IDENTITY
from ..core.entities import accounts as entities
from ..core.services import accounts as services

NOT_FOUND: Final = Problem(
    slug="account-not-found",
    status=404,
    title="Account not found",
)
PROBLEMS: Final = (ProblemFor(entities.AccountNotFound, NOT_FOUND),)
CURSORS: Final = Cursors(IDENTITY, "accounts")
PREFIX: Final = "/api/v1/accounts"


class NewAccount(BaseModel):
    """What is needed to make one."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, AfterValidator(entities.clean_name)] = Field(
        description="1 to 100 characters; trimmed and normalised to Unicode NFC.", examples=["First"]
    )


class AccountView(BaseModel):
    """One as it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    created_at: AwareDatetime


class AccountPage(BaseModel):
    """Some of them, newest first."""

    items: list[AccountView]
    next_cursor: str | None = Field(description="Ask for the next page with it; null on the last page.")


def accounts_router(
    accounts: services.Accounts,
) -> APIRouter:
    """The routes to these use cases."""
    router = api_router(prefix=PREFIX, tag="accounts")

    @router.post(
        "",
        status_code=201,
        response_model=AccountView,
        responses=LOCATION | problem_responses(*BODY_PROBLEMS),
    )
    async def create_one(
        new: NewAccount,
        request: Request,
        response: Response,
    ) -> entities.Account:
        """Make one."""
        created = await accounts.create(name=new.name)
        response.headers["Location"] = public_path(request, f"{PREFIX}/{created.id}")
        return created

    @router.get("", responses=NEXT_PAGE)
    async def list_all(
        request: Request,
        response: Response,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorText = None,
    ) -> AccountPage:
        """List them, newest first."""
        page = await accounts.page(limit=limit, after=CURSORS.decode(cursor))
        next_cursor = CURSORS.encode(page.next_after) if page.next_after else None
        link_next_page(request, response, limit=limit, cursor=next_cursor)
        return AccountPage(
            items=[AccountView.model_validate(one) for one in page.items],
            next_cursor=next_cursor,
        )

    @router.get(
        "/{wanted_id}",
        response_model=AccountView,
        responses=problem_responses(NOT_FOUND),
    )
    async def get_one(wanted_id: UUID) -> entities.Account:
        """Get one."""
        return await accounts.get(wanted_id)

    return router
