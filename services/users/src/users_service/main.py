"""Composition root: the only module that imports every layer."""

from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI

from chassis.application import build_application
from chassis.database import Database
from chassis.ids import new_id
from chassis.process import load_settings

from .api import users as users_api
from .api.problems import COMMON_PROBLEMS
from .core.services.users import Users
from .infrastructure.database.users import SqlUsers
from .settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application of the service. Nothing connects before it starts."""
    settings = settings or load_settings(Settings)
    database = Database(settings)
    users = Users(repository=SqlUsers(database), new_id=new_id, now=partial(datetime.now, UTC))
    return build_application(
        settings,
        database=database,
        routers=[users_api.users_router(users)],
        problems=[*COMMON_PROBLEMS, *users_api.PROBLEMS],
        info={
            "contact": {"name": "Maintainers of Allium"},
            "license_info": {"name": "MIT", "identifier": "MIT"},
        },
    )
