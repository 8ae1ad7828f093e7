"""The composition root of the sample."""

from collections.abc import Iterable

from fastapi import FastAPI
from starlette.middleware import Middleware

from chassis.application import build_application
from chassis.database import Database
from chassis.process import load_settings

from . import crates
from .routes import PROBLEMS, router
from .settings import Settings


def create_app(
    settings: Settings | None = None, *, middleware: Iterable[Middleware] = (), around: Iterable[Middleware] = ()
) -> FastAPI:
    """Return the application that most tests of the chassis boot."""
    settings = settings or load_settings(Settings)
    return build_application(
        settings,
        database=Database(settings),
        routers=[router, crates.router, crates.roomy, crates.plain, crates.private],
        problems=PROBLEMS,
        middleware=middleware,
        around=around,
    )
