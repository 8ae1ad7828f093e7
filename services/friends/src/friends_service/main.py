"""Composition root: the only module that imports every layer."""

import time
from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI

from chassis.application import build_application
from chassis.authentication.client_credentials import ClientCredentials
from chassis.database import Database
from chassis.ids import new_id
from chassis.process import load_settings
from chassis.upstream import UpstreamClient

from .api import friendships as friendships_api
from .api.problems import COMMON_PROBLEMS
from .core.services.friendships import Friendships
from .infrastructure.clients.batched_users import BatchedUsers
from .infrastructure.clients.known_users import KnownUsers
from .infrastructure.clients.users import HttpUsers
from .infrastructure.database.friendships import SqlFriendships
from .settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application of the service. Nothing connects before it starts."""
    settings = settings or load_settings(Settings)
    database = Database(settings)
    users_service = UpstreamClient(
        "users", settings.users_service_url, settings, credentials=ClientCredentials(settings)
    )
    known_users = KnownUsers(
        BatchedUsers(HttpUsers(users_service)),
        ttl=settings.users_existence_ttl,
        size=settings.users_existence_size,
        clock=time.monotonic,
    )
    friendships = Friendships(
        repository=SqlFriendships(database),
        users=known_users,
        new_id=new_id,
        now=partial(datetime.now, UTC),
    )
    return build_application(
        settings,
        database=database,
        routers=[friendships_api.friendships_router(friendships)],
        problems=[*COMMON_PROBLEMS, *friendships_api.PROBLEMS],
        info={
            "contact": {"name": "Maintainers of Allium"},
            "license_info": {"name": "MIT", "identifier": "MIT"},
        },
        resources=[users_service, known_users],
    )
