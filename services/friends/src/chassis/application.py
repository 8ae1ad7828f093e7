"""Assemble a FastAPI application: middleware, problems, health checks, documentation and lifespan."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from chassis.authentication.key_source import KeySource
from chassis.authentication.openapi import declare_security
from chassis.authentication.refusals import KINDS as REFUSALS
from chassis.authentication.refusals import PROBLEMS as AUTHENTICATION_PROBLEMS
from chassis.database import Database
from chassis.logs import AccessLogMiddleware, configure_logging, redactor_for
from chassis.measurements import Measured, Measurement
from chassis.problems import ALL_PROBLEMS, ProblemFor, exception_handlers, extend_document
from chassis.process.draining import Draining
from chassis.process.health import HEALTH_TAG, Health, health_router
from chassis.request_context import RequestContextMiddleware
from chassis.settings import ChassisSettings
from chassis.telemetry import RecordedRequestMiddleware, RequestObserver, Telemetry
from chassis.web.body_limit import BodyLimitMiddleware
from chassis.web.cors import CorsMiddleware
from chassis.web.documentation import OPENAPI_PATH, add_documentation
from chassis.web.head import HeadMiddleware
from chassis.web.headers import ResponseHeadersMiddleware
from chassis.web.hosts import AllowedHostsMiddleware
from chassis.web.last_resort import LastResortMiddleware
from chassis.web.problem_pages import add_problem_pages
from chassis.web.refusals import RefusalMiddleware
from chassis.web.root_path import RootPathMiddleware
from chassis.web.routing import ResourceRouter
from chassis.web.served_routes import refuse_unserved_routes
from chassis.web.shared_responses import share_responses

if TYPE_CHECKING:
    from chassis.authentication.verification import Verification


def build_application(  # noqa: PLR0913 - all are keyword arguments, and most services use half of them
    settings: ChassisSettings,
    *,
    database: Database,
    routers: Iterable[APIRouter],
    problems: Iterable[ProblemFor[Any]],
    resources: Iterable[AbstractAsyncContextManager[object] | Measured] = (),
    middleware: Iterable[Middleware] = (),
    around: Iterable[Middleware] = (),
    info: Mapping[str, Any] | None = None,
    keys: KeySource | None = None,
) -> FastAPI:
    """Return the application with a service's own parts.

    `resources` (and the database) are entered at startup and left in reverse order after the last request. Resources
    with `measurements()` provide metrics of the service, and need not be context managers.
    `middleware`, outermost first, runs inside the chassis's own: it sees only requests with an ID, an access log line,
    an allowed host and a bounded body, and its exceptions become problems. Middleware of `app.add_middleware` runs
    around it, with the same guarantees.
    `around` runs outside everything that responds, so it also sees refusals of the chassis, but its exceptions are not
    handled. Use it to change every response, such as for another error format.
    `info` is passed to FastAPI for the OpenAPI document: `contact`, `license_info`, `terms_of_service`.
    `keys` is for the issuer itself, which need not fetch the keys to verify tokens over HTTP.
    """
    configure_logging(settings)
    routers, problems, resources = list(routers), [*AUTHENTICATION_PROBLEMS, *problems], list(resources)
    verification = _verification(settings, keys)
    observer = RequestObserver() if settings.sends_traces or settings.sends_metrics else None
    telemetry = Telemetry(settings, _measurements(database, observer, verification, *resources))
    health = Health(database, can_authenticate=lambda: verification is None or verification.is_possible)

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        refuse_unserved_routes(served, root_path=settings.root_path)
        draining = Draining(health, delay=settings.drain_delay)
        async with AsyncExitStack() as stack:
            opened: list[AbstractAsyncContextManager[object]] = [
                telemetry,
                database,
                *(each for each in resources if isinstance(each, AbstractAsyncContextManager)),
                _event_handlers(served),
                draining,
            ]
            if verification:
                opened.insert(2, verification.keys)
            for resource in opened:
                await stack.enter_async_context(resource)
            yield

    app = _Application(
        title=settings.identity.title,
        description=settings.identity.description,
        version=settings.identity.version,
        **(info or {}),
        servers=[{"url": settings.root_path or "/"}],
        openapi_tags=_tags(routers),
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        outermost=_middleware(settings, health, observer, verification, around),
        middleware=list(middleware),
        exception_handlers=exception_handlers(problems),
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for router in (*routers, health_router(health)):
        app.include_router(router)
    # Handlers of routers run in the lifespans of the routers. Those added from here on are the application's own.
    app.router.on_startup.clear()
    app.router.on_shutdown.clear()
    add_documentation(app, leads_there=settings.environment == "development")
    add_problem_pages(app, [*ALL_PROBLEMS, *REFUSALS, *(each.problem for each in problems)])
    declare_security(app)
    extend_document(app, share_responses)
    return app


def _tags(routers: Iterable[APIRouter]) -> list[dict[str, Any]]:
    """Return the tags of the routers, merged if several routers share one."""
    tags: dict[str, dict[str, Any]] = {}
    for tag in [router.tag for router in routers if isinstance(router, ResourceRouter)] + [HEALTH_TAG]:
        tags[tag["name"]] = {**tags.get(tag["name"], {}), **tag}
    return list(tags.values())


class _Application(FastAPI):
    """FastAPI with middleware that stays outside of all middleware added later."""

    def __init__(self, *, outermost: Sequence[Middleware], **options: Any) -> None:
        super().__init__(**options)
        self._outermost = outermost

    def build_middleware_stack(self) -> ASGIApp:
        """Return the stack. Called by FastAPI before the first request, and by libraries that add middleware."""
        added = self.user_middleware
        self.user_middleware = [*self._outermost, *added]
        try:
            return super().build_middleware_stack()
        finally:
            self.user_middleware = added


@asynccontextmanager
async def _event_handlers(app: FastAPI) -> AsyncIterator[None]:
    """Run the handlers of `app.on_event`, which FastAPI runs only without a lifespan."""
    await _run(app.router.on_startup)
    yield
    await _run(app.router.on_shutdown)


async def _run(handlers: Iterable[Callable[[], Any]]) -> None:
    for handler in handlers:
        result = handler()
        if isawaitable(result):
            await result


def _verification(settings: ChassisSettings, source: KeySource | None) -> "Verification | None":
    if not settings.authenticates:
        return None
    # Its imports take a fifth of the time of all imports, and so of a cold start.
    from chassis.authentication.verification import Verification  # noqa: PLC0415

    return Verification(settings, source)


def _measurements(*parts: object) -> Iterator[Measurement]:
    """Yield the measurements of all parts that have some."""
    for part in parts:
        if isinstance(part, Measured):
            yield from part.measurements()


def _middleware(
    settings: ChassisSettings,
    health: Health,
    observer: RequestObserver | None,
    verification: "Verification | None",
    around: Iterable[Middleware],
) -> list[Middleware]:
    """Return the middleware, outermost first. Those that respond are inside CORS, so that pages can read refusals."""
    stack: list[Any] = [
        Middleware(RecordedRequestMiddleware if settings.sends_traces else RequestContextMiddleware),
        Middleware(
            AccessLogMiddleware,
            bodies=settings.log_bodies,
            body_limit=settings.log_body_limit,
            headers=settings.log_headers,
            redactor=redactor_for(settings),
            observer=observer,
        ),
        Middleware(ResponseHeadersMiddleware, is_draining=lambda: health.draining),
        *around,
    ]
    if settings.cors_allowed_origins:
        stack.append(Middleware(CorsMiddleware, origins=settings.cors_allowed_origins))
    stack += [Middleware(LastResortMiddleware), Middleware(RefusalMiddleware)]
    if "*" not in settings.allowed_hosts:
        stack.append(Middleware(AllowedHostsMiddleware, allowed=settings.allowed_hosts))
    if settings.root_path:
        stack.append(Middleware(RootPathMiddleware, root_path=settings.root_path))
    stack += [Middleware(BodyLimitMiddleware, limit=settings.max_body_size), Middleware(HeadMiddleware)]
    if verification:
        stack.append(verification.middleware())
    return stack
