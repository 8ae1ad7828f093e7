"""Assembles a FastAPI application: middleware from the outside in, problems, health checks, documentation, lifespan."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from .. import DESCRIPTION, TITLE
from .access_log import AccessLogMiddleware
from .body_limit import BodyLimitMiddleware
from .database import Database
from .documentation import OPENAPI_PATH, add_documentation
from .health import Health
from .health import router as health_router
from .lifecycle import Draining
from .limits import AllowedHostsMiddleware, ResponseHeadersMiddleware
from .logging import configure_logging, redactor_for
from .problem_handlers import exception_handlers
from .problems import Problem
from .request_context import REQUEST_ID_HEADER, RequestContextMiddleware
from .settings import ChassisSettings
from .unhandled import UnhandledExceptionMiddleware


def build_application(
    settings: ChassisSettings,
    *,
    version: str,
    database: Database,
    routers: Iterable[APIRouter],
    problems: Mapping[type[Exception], Problem],
    resources: Iterable[AbstractAsyncContextManager[object]] = (),
    state: Mapping[str, object],
) -> FastAPI:
    """Build the application around a service's own parts.

    `resources` (and the database) are entered at start-up and left in reverse order when the last request is done;
    `state` is what the routes find in `request.app.state`.
    """
    configure_logging(settings)
    health = Health(database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for resource in (database, *resources, Draining(health, delay=settings.drain_delay)):
                await stack.enter_async_context(resource)
            yield

    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=version,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=_middleware(settings, health),
        exception_handlers=exception_handlers(problems),
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # Not include_router(), whose nested routers cost every request a second walk through the routes; those that are
    # asked for most come first, before the one of the OpenAPI document.
    app.router.routes[:0] = [route for router in (*routers, health_router) for route in router.routes]
    add_documentation(app)
    app.state.health = health
    for name, value in state.items():
        setattr(app.state, name, value)
    return app


def _middleware(settings: ChassisSettings, health: Health) -> list[Middleware]:
    """From the outside in."""
    stack: list[Any] = [
        Middleware(RequestContextMiddleware),
        Middleware(
            AccessLogMiddleware,
            bodies=settings.log_bodies,
            body_limit=settings.log_body_limit,
            headers=settings.log_headers,
            redactor=redactor_for(settings),
        ),
        Middleware(ResponseHeadersMiddleware, health=health),
        Middleware(UnhandledExceptionMiddleware),
    ]
    if "*" not in settings.allowed_hosts:
        stack.append(Middleware(AllowedHostsMiddleware, allowed=settings.allowed_hosts))
    if settings.cors_allowed_origins:
        stack.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_allowed_origins,
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=[REQUEST_ID_HEADER, "Location", "Link", "Retry-After"],
            )
        )
    return [*stack, Middleware(BodyLimitMiddleware, limit=settings.max_body_size)]
