"""Health checks: `live` asks only the process, `ready` also its own database; neither ever asks a peer."""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from .database import Database, sqlstate
from .errors import DatabaseUnavailable
from .migrations import is_at_head

READY_TIMEOUT_SECONDS: Final = 2.0
_UNDEFINED_TABLE: Final = "42P01"

Reason = Literal["draining", "database-unavailable", "database-not-migrated"]


class Liveness(BaseModel):
    """The process serves requests."""

    status: Literal["live"] = "live"


class Readiness(BaseModel):
    """Whether requests should be sent here, and if not, why."""

    status: Literal["ready", "not-ready"]
    reason: Reason | None = None


@dataclass(slots=True)
class Health:
    """What the health checks know; `draining` is set by the signal that ends the process."""

    database: Database
    draining: bool = False

    async def reason_not_ready(self) -> Reason | None:
        """Why no request should come here; None if the service is ready."""
        if self.draining:
            return "draining"
        try:
            async with asyncio.timeout(READY_TIMEOUT_SECONDS), self.database.statement() as connection:
                return None if await is_at_head(connection) else "database-not-migrated"
        except (DatabaseUnavailable, TimeoutError):
            return "database-unavailable"
        except DBAPIError as error:
            return "database-not-migrated" if sqlstate(error) == _UNDEFINED_TABLE else "database-unavailable"


router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> Liveness:
    """Answer 200 as long as the process serves; a failure means: restart it."""
    return Liveness()


@router.get("/ready", responses={503: {"model": Readiness, "description": "Not ready"}})
async def ready(request: Request, response: Response) -> Readiness:
    """Answer 200 if requests may be sent here, else 503; a failure means: send them elsewhere for now."""
    reason = await request.app.state.health.reason_not_ready()
    if reason is None:
        return Readiness(status="ready")
    response.status_code = 503
    return Readiness(status="not-ready", reason=reason)
