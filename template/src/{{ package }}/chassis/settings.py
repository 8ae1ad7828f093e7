"""The settings that every service has: from the environment, and from files below `/run/secrets`."""

import logging
import os
from pathlib import Path
from typing import Annotated, Literal, NoReturn, Self, TypeVar

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_core import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .. import DEFAULT_PORT, SERVICE_NAME

SECRETS_FOLDER = Path("/run/secrets")
WELL_KNOWN_PASSWORDS = frozenset({"", "postgres", "password", "changeme", "secret", SERVICE_NAME})

logger = logging.getLogger(__name__)

Port = Annotated[int, Field(ge=0, le=65_535)]
SettingsType = TypeVar("SettingsType", bound="ChassisSettings")


class ChassisSettings(BaseSettings):
    """What the chassis reads; a service's own `Settings` adds to it. Times are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        env_ignore_empty=True,
        secrets_dir=SECRETS_FOLDER if SECRETS_FOLDER.is_dir() else None,
    )

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses empty and well-known passwords."
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Port = Field(DEFAULT_PORT, description="TCP port to listen on; 0 takes a free one.")
    web_concurrency: PositiveInt = Field(1, description="Worker processes; one is right for a container.")
    forwarded_allow_ips: str = Field(
        "127.0.0.1", description="Comma-separated proxies whose X-Forwarded-* headers are believed."
    )
    keep_alive_timeout: PositiveInt = Field(
        75, description="Seconds an idle connection is kept; longer than any client or proxy in front keeps it."
    )
    drain_delay: NonNegativeFloat = Field(
        0.5, description="Seconds between SIGTERM (not ready any more) and closing the listener."
    )
    shutdown_timeout: PositiveInt = Field(3, description="Seconds that requests in flight get to finish after that.")

    log_format: Literal["json", "console"] = Field("json", description="`console` is for human eyes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field("INFO", description="Lowest level.")
    log_file: Path | None = Field(None, description="Also write JSON lines to this file, rotated by size.")
    log_file_max_bytes: PositiveInt = Field(10 * 2**20, description="Size at which the log file is rotated.")
    log_file_backups: PositiveInt = Field(3, description="Rotated log files that are kept.")
    log_bodies: Literal["off", "errors", "all"] = Field(
        "errors", description="Log bodies of requests and responses: never, for 4xx and 5xx, or always."
    )
    log_body_limit: PositiveInt = Field(2048, description="Bytes of a body that are kept for the log.")
    log_headers: frozenset[str] = Field(
        frozenset({"accept", "content-type"}), description="Request headers that are logged, as a JSON list."
    )
    log_redact: frozenset[str] = Field(
        frozenset(), description="Further field names whose values are never logged, as a JSON list."
    )

    max_body_size: NonNegativeInt = Field(2**20, description="Largest request body in bytes; above it 413.")
    allowed_hosts: tuple[str, ...] = Field(
        ("*",), description='Host names that are answered, as a JSON list; `*.example.com` allows subdomains.'
    )
    cors_allowed_origins: tuple[str, ...] = Field((), description="Origins allowed by CORS, as a JSON list.")

    postgres_host: str = Field("postgres", description="Host, or the socket's folder if it begins with `/`.")
    postgres_port: Port = Field(5432, description="Port of the database server.")
    postgres_db: str = Field(SERVICE_NAME, description="Name of the database.")
    postgres_user: str = Field(SERVICE_NAME, description="Role to log in as.")
    postgres_password: SecretStr = Field(SecretStr(""), description="Password of the role.")
    database_pool_size: PositiveInt = Field(10, description="Connections of one process.")
    database_pool_wait: PositiveFloat = Field(1.0, description="Seconds a request waits for one; then 503.")
    database_connect_timeout: PositiveFloat = Field(1.5, description="Seconds to establish a connection.")
    database_statement_timeout: PositiveFloat = Field(2.0, description="Seconds a statement may run.")
    database_lock_timeout: PositiveFloat = Field(1.0, description="Seconds a statement may wait for a lock.")

    http_client_connect_timeout: PositiveFloat = Field(0.5, description="Seconds to connect to an upstream service.")
    http_client_total_timeout: PositiveFloat = Field(2.0, description="Seconds for a whole call, retries included.")
    http_client_retries: NonNegativeInt = Field(2, description="Further attempts of an idempotent call.")
    http_client_concurrency: PositiveInt = Field(50, description="Calls to one upstream at a time.")
    http_client_max_body_size: PositiveInt = Field(2**20, description="Largest answer accepted from an upstream.")
    circuit_breaker_failures: PositiveInt = Field(5, description="Failures in a row that open the circuit.")
    circuit_breaker_reset: PositiveFloat = Field(2.0, description="Seconds until an open circuit lets a probe through.")

    @model_validator(mode="after")
    def _refuse_well_known_password(self) -> Self:
        if self.environment == "production" and self.postgres_password.get_secret_value() in WELL_KNOWN_PASSWORDS:
            raise ValueError("POSTGRES_PASSWORD: is empty or well known, which ENVIRONMENT=production refuses")
        return self


def load(kind: type[SettingsType]) -> SettingsType:
    """Read the settings; on an unusable value log one line per variable (never the value) and exit with EX_CONFIG."""
    try:
        return kind()
    except ValidationError as error:
        _exit_unusable(error)


def _exit_unusable(error: ValidationError) -> NoReturn:
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        variable = "_".join(str(part) for part in problem["loc"]).upper()
        message = problem["msg"].removeprefix("Value error, ")
        logger.critical("unusable setting: %s", f"{variable}: {message}" if variable else message)
    raise SystemExit(os.EX_CONFIG)
