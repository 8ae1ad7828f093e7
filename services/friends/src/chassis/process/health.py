"""Health checks: `live` checks only the process, `ready` also its own database. Neither calls another service.

If tokens are verified, `ready` also requires that the issuer's keys are known. Known keys are kept.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from chassis.authentication import public
from chassis.database import Database
from chassis.database.errors import sqlstate
from chassis.database.migrations import UnusableMigrations, is_at_head
from chassis.errors import DatabaseUnavailable
from chassis.problems import INVALID_HOST, NOT_READY, problem_response, problem_responses

_LOGIN_REFUSED: Final = ("28", "3D000", "42501")  # role or password; no such database; no right to connect
_UNDEFINED_TABLE: Final = "42P01"

Reason = Literal[
    "draining", "database-unavailable", "database-login-refused", "database-not-migrated", "issuer-unavailable"
]

HEALTH_TAG: Final = {
    "name": "health",
    "description": "For the platform: whether to restart this instance, and whether to send it requests.",
}

logger = logging.getLogger(__name__)


class Liveness(BaseModel):
    """The process is running."""

    status: Literal["live"] = "live"


class Readiness(BaseModel):
    """The instance can handle requests."""

    status: Literal["ready"] = "ready"


class Health:
    """The state behind the health checks. The signal that ends the process sets `draining`."""

    def __init__(self, database: Database, *, can_authenticate: Callable[[], bool] = lambda: True) -> None:
        self.draining = False
        self._database = database
        self._can_authenticate = can_authenticate
        self._examination: asyncio.Task[Reason | None] | None = None
        self._last_logged: Reason | Literal["unknown"] | None = "unknown"

    async def reason_not_ready(self) -> Reason | None:
        """Return why this instance should get no requests, or None if it is ready."""
        if self.draining:
            return "draining"
        # Concurrent checks share one query, which continues if one of them is cancelled.
        if self._examination is None or self._examination.done():
            self._examination = asyncio.create_task(self._examine())
        return await asyncio.shield(self._examination)

    async def _examine(self) -> Reason | None:
        try:
            async with self._database.spare() as connection:
                reason: Reason | None = None if await is_at_head(connection) else "database-not-migrated"
                if reason is None and not self._can_authenticate():
                    reason = "issuer-unavailable"
                self._log_change(reason)
        except UnusableMigrations as error:
            reason = "database-not-migrated"
            self._log_change(reason, error)
        except (DatabaseUnavailable, DBAPIError) as error:
            reason = _reason_for(error)
            self._log_change(reason, error)
        return reason

    def _log_change(self, reason: Reason | None, error: Exception | None = None) -> None:
        if reason == self._last_logged:
            return
        self._last_logged = reason
        if reason:
            cause = error.__cause__ or error if error else None
            logger.warning("not ready: %s%s", reason, f": {cause}" if cause else "")
        else:
            logger.info("ready")


def _reason_for(error: DatabaseUnavailable | DBAPIError) -> Reason:
    cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
    state = sqlstate(cause) if isinstance(cause, DBAPIError) else ""
    if state == _UNDEFINED_TABLE:
        return "database-not-migrated"
    return "database-login-refused" if state.startswith(_LOGIN_REFUSED) else "database-unavailable"


def health_router(health: Health) -> APIRouter:
    """Return a router with both checks."""
    router = APIRouter(
        prefix="/health", tags=[HEALTH_TAG["name"]], generate_unique_id_function=lambda route: route.name
    )

    @router.get("/live", summary="Check whether the process is running", responses=problem_responses(INVALID_HOST))
    @public
    async def live() -> Liveness:
        """Respond 200 while the process is running. If this fails, restart it."""
        return Liveness()

    @router.get(
        "/ready",
        summary="Check whether it can handle requests",
        response_model=Readiness,
        responses=problem_responses(INVALID_HOST, NOT_READY),
    )
    @public
    async def ready(request: Request) -> Readiness | Response:
        """Respond 200 if this instance can handle requests, else 503. If this fails, send them elsewhere for now."""
        reason = await health.reason_not_ready()
        if reason is None:
            return Readiness()
        detail = "Do not send requests here for now."
        return problem_response(NOT_READY, detail=detail, path=request.scope["path"], members={"reason": reason})

    return router
