"""Composition root: the only module that imports every layer."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from fastapi import FastAPI

from chassis.application import build_application
from chassis.database import Database
from chassis.ids import new_id
from chassis.process import load_settings

from .api import accounts as accounts_api
from .api import metadata, oauth
from .api import sessions as sessions_api
from .api.oauth_errors import OAuthError, answer_oauth_error
from .api.problems import COMMON_PROBLEMS
from .core.entities.attempts import AttemptLimits
from .core.entities.clients import Client
from .core.entities.signing_keys import LEEWAY
from .core.services.accounts import Accounts
from .core.services.attempts import Attempts
from .core.services.clients import Clients
from .core.services.sessions import Sessions
from .core.services.signing_keys import SigningKeys
from .core.services.tokens import AccessTokens
from .infrastructure.cryptography.argon2_passwords import Argon2Passwords
from .infrastructure.cryptography.es256_signer import Es256Signer
from .infrastructure.database.accounts import SqlAccounts
from .infrastructure.database.attempts import SqlAttempts
from .infrastructure.database.sessions import SqlSessions
from .infrastructure.database.signing_keys import REMEMBERED, SqlSigningKeys
from .settings import Settings

PUBLICATION: Final = REMEMBERED + timedelta(seconds=oauth.JWKS_MAX_AGE) + LEEWAY
"""Time until every replica publishes a new key, and every service has read it."""
now: Final = partial(datetime.now, UTC)


def signing_keys(settings: Settings, database: Database, signer: Es256Signer) -> SigningKeys:
    """Return the use cases of keys, also for the command `rotate-keys`."""
    return SigningKeys(
        repository=SqlSigningKeys(database, clock=time.monotonic),
        signer=signer,
        token_life=timedelta(seconds=settings.access_token_life),
        publication=PUBLICATION,
        now=now,
    )


def signer_of(settings: Settings) -> Es256Signer:
    """Return the signer with the secret from the settings."""
    return Es256Signer(settings.key_encryption_secret.get_secret_value())


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application of the service. Nothing connects before it starts."""
    settings = settings or load_settings(Settings)
    database = Database(settings)
    signer = signer_of(settings)
    keys = signing_keys(settings, database, signer)
    tokens = AccessTokens(
        keys=keys,
        signer=signer,
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
        life=timedelta(seconds=settings.access_token_life),
        new_id=new_id,
        now=now,
    )
    passwords = Argon2Passwords(concurrency=settings.password_hashing_concurrency, wait=settings.password_hashing_wait)
    attempts = Attempts(
        repository=SqlAttempts(database),
        limits=AttemptLimits(
            per_address=settings.login_failures_per_address,
            per_account=settings.login_failures_per_account,
            per_account_and_address=settings.login_failures_per_account_and_address,
            registrations_per_address=settings.registrations_per_address,
        ),
        now=now,
    )
    repository = SqlAccounts(database)
    accounts = Accounts(repository=repository, passwords=passwords, attempts=attempts, new_id=new_id, now=now)
    sessions = Sessions(
        repository=SqlSessions(database),
        accounts=repository,
        passwords=passwords,
        attempts=attempts,
        tokens=tokens,
        life=timedelta(seconds=settings.session_life),
        new_id=new_id,
        now=now,
    )
    configured = [
        Client(id=name, secret_sha256=bytes.fromhex(client.secret_sha256), scopes=client.scopes)
        for name, client in settings.clients.items()
    ]
    clients = Clients(configured, tokens=tokens)
    app = build_application(
        settings,
        database=database,
        routers=[
            accounts_api.accounts_router(accounts),
            sessions_api.sessions_router(sessions),
            oauth.oauth_router(sessions, clients, keys),
            metadata.metadata_router(settings.auth_issuer, frozenset().union(*(each.scopes for each in configured))),
        ],
        problems=[*COMMON_PROBLEMS, *accounts_api.PROBLEMS, *sessions_api.PROBLEMS],
        info={
            "contact": {"name": "Maintainers of Allium"},
            "license_info": {"name": "MIT", "identifier": "MIT"},
        },
        resources=[passwords],
        keys=partial(oauth.published_keys, keys),
    )
    app.exception_handler(OAuthError)(answer_oauth_error)
    return app
