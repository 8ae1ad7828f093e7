"""The settings of every service, read from environment variables and from files in `/run/secrets`."""

import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.identity import Identity

from .development_file import DevelopmentFile
from .hosts import Hosts, Origins
from .secret_files import SecretFiles
from .sources import Variables
from .types import Address, InLowerCase, InUpperCase, Issuer, Names, PathPrefix, Port, Seconds

SECRETS_FOLDER: Final = Path("/run/secrets")
DEVELOPMENT_FILE: Final = Path(__file__).parents[3] / "development.env"
WELL_KNOWN_PASSWORDS: Final = frozenset({
    "", "admin", "changeme", "example", "password", "postgres", "root", "secret", "test"
})  # fmt: skip


class ChassisSettings(BaseSettings):
    """The settings that the chassis reads. Times are in seconds, sizes in bytes.

    A service's own `Settings` inherits from this class, sets `identity = IDENTITY` and adds its own fields.
    Fields without a default here take theirs from the identity.
    """

    identity: ClassVar[Identity]
    development_file: ClassVar[Path | None] = DEVELOPMENT_FILE

    model_config = SettingsConfigDict(
        frozen=True,
        validate_default=True,
        extra="ignore",
        hide_input_in_errors=True,
        env_ignore_empty=True,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        secrets_dir=SECRETS_FOLDER if SECRETS_FOLDER.is_dir() else None,
    )

    environment: Annotated[Literal["development", "production"], InLowerCase] = Field(
        "development",
        description="`production` refuses well-known passwords, logging bodies, and an empty AUTH_ISSUER.",
    )

    host: str = Field("127.0.0.1", description="Address or host name to listen on; `::` means all, IPv4 included.")
    port: Port = Field(description="TCP port to listen on; 0 picks a free one.")
    web_concurrency: PositiveInt = Field(1, description="Number of worker processes; keep 1 in a container.")
    forwarded_allow_ips: str = Field(
        "127.0.0.1", description="Comma-separated proxies whose X-Forwarded-* headers are trusted."
    )
    root_path: PathPrefix = Field(
        "", description="Path prefix under which a proxy exposes the service, such as `/shop`."
    )
    keep_alive_timeout: PositiveInt = Field(
        75, description="Seconds to keep an idle connection open; must exceed that of clients and proxies."
    )
    header_timeout: Seconds = Field(
        10.0, description="Seconds for a request's headers to arrive before responding 408."
    )
    body_timeout: Seconds = Field(
        20.0, description="Seconds for a request's body to begin; after that it must keep up 1 KiB/s. Else 408."
    )
    write_timeout: Seconds = Field(
        30.0, description="Seconds a client may go without reading its response before it is disconnected."
    )
    drain_delay: float = Field(
        0.5, ge=0, le=600, description="Seconds between SIGTERM (readiness fails) and closing the listening socket."
    )
    shutdown_timeout: PositiveInt = Field(3, description="Seconds for requests in flight to finish after that.")

    log_format: Annotated[Literal["json", "console"], InLowerCase] = Field(
        "json", description="`json`, or `console` for people."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], InUpperCase] = Field(
        "INFO", description="Lowest level that is logged."
    )
    log_file: Path | None = Field(None, description="File to write JSON log lines to as well, rotated by size.")
    log_file_max_bytes: PositiveInt = Field(10 * 2**20, description="Bytes at which the log file is rotated.")
    log_file_backups: PositiveInt = Field(3, description="Number of rotated log files to keep.")
    log_bodies: Annotated[Literal["off", "shapes", "errors", "all"], InLowerCase] = Field(
        "shapes",
        description="Bodies in access log lines: `shapes` (for 4xx and 5xx: names and types of fields, and problems),"
        " `errors` (for 4xx and 5xx, with values), `all` (with values) or `off`; `production` refuses values.",
    )
    log_body_limit: PositiveInt = Field(2048, description="Bytes of each body kept for the log.")
    log_headers: Names = Field(
        frozenset({"accept", "content-type"}), description="Comma-separated request headers to log."
    )
    log_redact: Names = Field(
        frozenset(), description="Comma-separated names of further fields whose values are never logged."
    )

    max_body_size: NonNegativeInt = Field(2**20, description="Largest request body in bytes; larger ones get 413.")
    max_bodies_size: PositiveInt = Field(
        64 * 2**20, description="Bytes of all request bodies in flight; above this, bodies over 64 KiB get 503."
    )
    allowed_hosts: Hosts = Field(
        frozenset({"*"}),
        description="Comma-separated host names to serve; `*.example.com` allows subdomains, `*` any host.",
    )
    cors_allowed_origins: Origins = Field(
        frozenset(), description="Comma-separated origins to allow with CORS, such as `https://app.example`; `*`: all."
    )

    authentication: Annotated[Literal["required", "off"], InLowerCase] = Field(
        "required", description="`off` lets anyone do anything, even if AUTH_ISSUER is set."
    )
    auth_issuer: Issuer = Field(
        "",
        description="Issuer of access tokens, exactly as in their `iss` claim. Empty: no token is required.",
    )
    auth_audience: str = Field(
        "allium", min_length=1, description="Audience that the `aud` claim of access tokens must contain."
    )
    auth_jwks_url: Address = Field("", description="URL of the issuer's keys. Empty: taken from its metadata.")
    auth_subject_claim: str = Field(
        "sub", min_length=1, description="Claim with the subject of a token; only `sub` is logged."
    )
    auth_client_claim: str = Field(
        "client_id", min_length=1, description="Claim with the client; use `azp` if the issuer has no `client_id`."
    )
    auth_scope_claim: str = Field(
        "scope", min_length=1, description="Claim with the scopes of a token: a string, a list or an object's keys."
    )
    auth_token_type: str = Field(
        "at+jwt", min_length=1, description="`typ` header of access tokens; use `JWT` if the issuer has no `at+jwt`."
    )
    auth_token_url: Address = Field(
        "", description="URL where this service gets its own token. Empty: taken from the issuer's metadata."
    )
    auth_client_id: str = Field("", description="Client ID with which this service gets a token to call others.")
    auth_client_secret: SecretStr = Field(SecretStr(""), description="Secret of that client.")
    auth_client_scope: str = Field(
        "", description="Scopes to request, separated by spaces. Empty: the issuer's default."
    )

    otel_exporter_otlp_endpoint: Address = Field(
        "", description="URL to send traces and metrics to (OTLP over HTTP); OpenTelemetry's own variables do the rest."
    )

    postgres_host: str = Field(
        "postgres", description="Host of the database server, or the directory of its socket if it begins with `/`."
    )
    postgres_port: Port = Field(5432, description="Port of the database server.")
    postgres_db: str = Field(description="Name of the database.")
    postgres_user: str = Field(description="Database role to log in as.")
    postgres_password: SecretStr = Field(SecretStr(""), description="Password of that role.")
    database_pool_size: PositiveInt = Field(
        10, description="Connections per process; the readiness check has one of its own."
    )
    database_pool_wait: Seconds = Field(1.0, description="Seconds to wait for a connection before responding 503.")
    database_timeout: Seconds = Field(2.5, description="Seconds a unit of work may take before responding 503.")
    database_connect_timeout: Seconds = Field(1.5, description="Seconds for a connection to open.")
    database_statement_timeout: Seconds = Field(2.0, description="Seconds a statement may run.")
    database_lock_timeout: Seconds = Field(1.0, description="Seconds a statement may wait for a lock.")

    http_client_connect_timeout: Seconds = Field(0.5, description="Seconds for a connection to an upstream to open.")
    http_client_total_timeout: Seconds = Field(
        2.0, description="Seconds for a whole call to an upstream, retries included."
    )
    http_client_wait: Seconds = Field(0.5, description="Seconds a call may wait for its turn before responding 503.")
    http_client_retries: NonNegativeInt = Field(2, description="Retries of an idempotent call.")
    http_client_concurrency: PositiveInt = Field(50, description="Concurrent calls to one upstream.")
    http_client_max_body_size: PositiveInt = Field(
        2**20, description="Largest response body in bytes accepted from an upstream."
    )
    circuit_breaker_failures: PositiveInt = Field(
        5, description="Consecutive failures that open the circuit of an upstream."
    )
    circuit_breaker_reset: Seconds = Field(2.0, description="Seconds before an open circuit lets a probe through.")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Take defaults that depend on the service from its identity, unless a subclass declares its own."""
        super().__pydantic_init_subclass__(**kwargs)
        identity = getattr(cls, "identity", None)
        if identity is None:  # a base of several services' settings
            return
        defaults = {"port": identity.default_port, "postgres_db": identity.name, "postgres_user": identity.name}
        for name, default in defaults.items():
            declared_in = next(base for base in cls.__mro__ if name in vars(base).get("__annotations__", {}))
            if declared_in is ChassisSettings:
                cls.model_fields[name].default = default
        cls.model_rebuild(force=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not our signature
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of values, the first one wins."""
        folders = getattr(file_secret_settings, "secrets_dir", None)
        development = [DevelopmentFile(settings_cls, cls.development_file)] if cls.development_file else []
        return (
            init_settings,
            Variables(settings_cls),
            dotenv_settings,
            SecretFiles(settings_cls, folders),
            *development,
        )

    @property
    def authenticates(self) -> bool:
        """Return whether requests need a token."""
        return bool(self.auth_issuer) and self.authentication == "required"

    @property
    def has_client_credentials(self) -> bool:
        """Return whether calls to other services carry a token. In development, AUTH_ISSUER may still be missing."""
        return bool(self.auth_client_id and (self.auth_issuer or self.auth_token_url))

    @property
    def sends_traces(self) -> bool:
        """Return whether spans are recorded and sent."""
        return self._sends("OTEL_TRACES_EXPORTER")

    @property
    def sends_metrics(self) -> bool:
        """Return whether metrics are sent."""
        return self._sends("OTEL_METRICS_EXPORTER")

    def _sends(self, exporter: str) -> bool:
        off = os.environ.get("OTEL_SDK_DISABLED", ""), os.environ.get(exporter, "")
        is_off = off[0].strip().lower() == "true" or off[1].strip().lower() == "none"
        return bool(self.otel_exporter_otlp_endpoint) and not is_off

    @model_validator(mode="before")
    @classmethod
    def _require_identity(cls, values: object) -> object:
        if not hasattr(cls, "identity"):
            raise TypeError(f"{cls.__name__} does not say which service it belongs to. Add `identity = IDENTITY`.")
        return values

    @field_validator("postgres_password")
    @classmethod
    def _refuse_well_known_password(cls, password: SecretStr, others: ValidationInfo) -> SecretStr:
        names = {cls.identity.name, others.data.get("postgres_user"), others.data.get("postgres_db")}
        guesses = WELL_KNOWN_PASSWORDS | names
        if others.data.get("environment") == "production" and password.get_secret_value().lower() in guesses:
            raise ValueError("is empty or well known, which ENVIRONMENT=production refuses")
        return password

    @field_validator("auth_issuer")
    @classmethod
    def _refuse_to_be_open_by_accident(cls, issuer: str, others: ValidationInfo) -> str:
        is_meant = others.data.get("authentication") != "required"
        if not issuer and others.data.get("environment") == "production" and not is_meant:
            raise ValueError("is empty, which ENVIRONMENT=production refuses; AUTHENTICATION=off serves without tokens")
        return issuer

    @field_validator("auth_client_id")
    @classmethod
    def _require_an_issuer_of_tokens(cls, client_id: str, others: ValidationInfo) -> str:
        is_production = others.data.get("environment") == "production"
        if client_id and is_production and not (others.data.get("auth_issuer") or others.data.get("auth_token_url")):
            raise ValueError("needs AUTH_ISSUER or AUTH_TOKEN_URL in ENVIRONMENT=production")
        return client_id

    @field_validator("auth_client_secret")
    @classmethod
    def _refuse_a_secret_of_nobody(cls, secret: SecretStr, others: ValidationInfo) -> SecretStr:
        if secret.get_secret_value() and not others.data.get("auth_client_id"):
            raise ValueError("needs AUTH_CLIENT_ID")
        return secret

    @field_validator("log_bodies")
    @classmethod
    def _refuse_what_people_send(cls, bodies: str, others: ValidationInfo) -> str:
        if others.data.get("environment") == "production" and bodies in {"errors", "all"}:
            raise ValueError("would log values from bodies, which ENVIRONMENT=production refuses")
        return bodies

    @field_validator("log_file")
    @classmethod
    def _refuse_a_shared_log_file(cls, path: Path | None, others: ValidationInfo) -> Path | None:
        if path and others.data.get("web_concurrency", 1) > 1:
            raise ValueError("cannot be rotated by several processes; set WEB_CONCURRENCY=1")
        return path
