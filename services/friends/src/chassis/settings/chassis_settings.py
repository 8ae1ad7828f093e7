"""The settings that every service has: from the environment, and from files below `/run/secrets`."""

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
    """What the chassis reads; times are in seconds, sizes in bytes.

    A service's own `Settings` inherits from it, names the service (`identity = IDENTITY`) and adds its own fields.
    Fields without a default here get theirs from that identity.
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
        description="`production` refuses well-known passwords, bodies in logs, to be open by accident.",
    )

    host: str = Field("127.0.0.1", description="Address or name to listen on; `::` is any, those of IPv4 included.")
    port: Port = Field(description="TCP port to listen on; 0 takes a free one.")
    web_concurrency: PositiveInt = Field(1, description="Worker processes; one is right for a container.")
    forwarded_allow_ips: str = Field(
        "127.0.0.1", description="Comma-separated proxies whose X-Forwarded-* headers are believed."
    )
    root_path: PathPrefix = Field(
        "", description="Prefix of the paths by which clients reach the service through a proxy, such as `/shop`."
    )
    keep_alive_timeout: PositiveInt = Field(
        75, description="Seconds an idle connection is kept; longer than any client or proxy in front keeps it."
    )
    header_timeout: Seconds = Field(10.0, description="Seconds in which a request's headers must come; then 408.")
    body_timeout: Seconds = Field(
        20.0, description="Seconds in which a request's body must begin, then come at 1 KiB a second; then 408."
    )
    write_timeout: Seconds = Field(
        30.0, description="Seconds in which a client must take a part of its response; then it is cut off."
    )
    drain_delay: float = Field(
        0.5, ge=0, le=600, description="Seconds between SIGTERM (not ready any more) and closing the listener."
    )
    shutdown_timeout: PositiveInt = Field(3, description="Seconds that requests in flight get to finish after that.")

    log_format: Annotated[Literal["json", "console"], InLowerCase] = Field(
        "json", description="`console` is for human eyes."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], InUpperCase] = Field(
        "INFO", description="Lowest level."
    )
    log_file: Path | None = Field(None, description="Also write JSON lines to this file, rotated by size.")
    log_file_max_bytes: PositiveInt = Field(10 * 2**20, description="Size at which the log file is rotated.")
    log_file_backups: PositiveInt = Field(3, description="Rotated log files that are kept.")
    log_bodies: Annotated[Literal["off", "shapes", "errors", "all"], InLowerCase] = Field(
        "shapes",
        description="Bodies in access lines: `shapes` (of 4xx and 5xx the names and kinds of fields, and problems),"
        " `errors` (of 4xx and 5xx, with values), `all` (with values), `off`; `production` refuses values.",
    )
    log_body_limit: PositiveInt = Field(2048, description="Bytes of a body that are kept for the log.")
    log_headers: Names = Field(
        frozenset({"accept", "content-type"}), description="Comma-separated request headers that are logged."
    )
    log_redact: Names = Field(
        frozenset(), description="Comma-separated further field names whose values are never logged."
    )

    max_body_size: NonNegativeInt = Field(2**20, description="Largest request body in bytes; above it 413.")
    max_bodies_size: PositiveInt = Field(
        64 * 2**20, description="Bytes of the bodies of all requests in flight; above it 503 for those over 64 KiB."
    )
    allowed_hosts: Hosts = Field(
        frozenset({"*"}),
        description="Comma-separated host names that are answered; `*.example.com` allows subdomains, `*` any.",
    )
    cors_allowed_origins: Origins = Field(
        frozenset(), description="Comma-separated origins that CORS allows, such as `https://app.example`; `*` any."
    )

    authentication: Annotated[Literal["required", "off"], InLowerCase] = Field(
        "required", description="`off`: everybody may do everything, whatever AUTH_ISSUER is."
    )
    auth_issuer: Issuer = Field(
        "",
        description="Issuer of access tokens, exactly as their `iss` says. Empty: no token is needed.",
    )
    auth_audience: str = Field("allium", min_length=1, description="What the `aud` of access tokens has to name.")
    auth_jwks_url: Address = Field("", description="Where the issuer's keys are. Empty: where its metadata says.")
    auth_subject_claim: str = Field(
        "sub", min_length=1, description="Claim that names whom a token is for; only `sub` is logged."
    )
    auth_client_claim: str = Field(
        "client_id", min_length=1, description="Claim that names the client; `azp` if the issuer knows no better."
    )
    auth_scope_claim: str = Field(
        "scope", min_length=1, description="Claim that holds what a token allows: a text, a list, or an object's names."
    )
    auth_token_type: str = Field(
        "at+jwt", min_length=1, description="Header `typ` of access tokens; `JWT` if the issuer knows no better."
    )
    auth_token_url: Address = Field(
        "", description="Where this service gets its own token. Empty: where the issuer's metadata says."
    )
    auth_client_id: str = Field("", description="Name by which this service gets a token to call others with.")
    auth_client_secret: SecretStr = Field(SecretStr(""), description="The secret that belongs to it.")
    auth_client_scope: str = Field(
        "", description="Scopes to ask for, separated by spaces. Empty: what the issuer gives by itself."
    )

    otel_exporter_otlp_endpoint: Address = Field(
        "", description="Where traces and metrics are sent (OTLP by HTTP); all else by OpenTelemetry's own variables."
    )

    postgres_host: str = Field("postgres", description="Host, or the socket's folder if it begins with `/`.")
    postgres_port: Port = Field(5432, description="Port of the database server.")
    postgres_db: str = Field(description="Name of the database.")
    postgres_user: str = Field(description="Role to log in as.")
    postgres_password: SecretStr = Field(SecretStr(""), description="Password of the role.")
    database_pool_size: PositiveInt = Field(
        10, description="Connections of one process; the readiness check has one more for itself."
    )
    database_pool_wait: Seconds = Field(1.0, description="Seconds a request waits for a connection; then 503.")
    database_timeout: Seconds = Field(2.5, description="Seconds for all that a request does there in one go; then 503.")
    database_connect_timeout: Seconds = Field(1.5, description="Seconds to establish a connection.")
    database_statement_timeout: Seconds = Field(2.0, description="Seconds a statement may run.")
    database_lock_timeout: Seconds = Field(1.0, description="Seconds a statement may wait for a lock.")

    http_client_connect_timeout: Seconds = Field(0.5, description="Seconds to connect to an upstream service.")
    http_client_total_timeout: Seconds = Field(2.0, description="Seconds for a whole call, retries included.")
    http_client_wait: Seconds = Field(0.5, description="Seconds that a call waits for its turn; then 503.")
    http_client_retries: NonNegativeInt = Field(2, description="Further attempts of an idempotent call.")
    http_client_concurrency: PositiveInt = Field(50, description="Calls to one upstream at a time.")
    http_client_max_body_size: PositiveInt = Field(2**20, description="Largest answer accepted from an upstream.")
    circuit_breaker_failures: PositiveInt = Field(5, description="Failures in a row that open the circuit.")
    circuit_breaker_reset: Seconds = Field(2.0, description="Seconds until an open circuit lets a probe through.")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Take the defaults that depend on the service from its identity, unless a subclass declares its own."""
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
        """Return where values are looked for, in this order."""
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
        """Whether requests need a token."""
        return bool(self.auth_issuer) and self.authentication == "required"

    @property
    def has_client_credentials(self) -> bool:
        """Whether calls to other services have a token; in development values may wait for an issuer."""
        return bool(self.auth_client_id and (self.auth_issuer or self.auth_token_url))

    @property
    def sends_traces(self) -> bool:
        """Whether spans are recorded, and sent."""
        return self._sends("OTEL_TRACES_EXPORTER")

    @property
    def sends_metrics(self) -> bool:
        """Whether metrics are sent."""
        return self._sends("OTEL_METRICS_EXPORTER")

    def _sends(self, exporter: str) -> bool:
        off = os.environ.get("OTEL_SDK_DISABLED", ""), os.environ.get(exporter, "")
        is_off = off[0].strip().lower() == "true" or off[1].strip().lower() == "none"
        return bool(self.otel_exporter_otlp_endpoint) and not is_off

    @model_validator(mode="before")
    @classmethod
    def _require_identity(cls, values: object) -> object:
        if not hasattr(cls, "identity"):
            raise TypeError(f"{cls.__name__} does not say whose settings it holds: it needs `identity = IDENTITY`.")
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
            raise ValueError("is empty, which ENVIRONMENT=production refuses; AUTHENTICATION=off says that it is meant")
        return issuer

    @field_validator("auth_client_id")
    @classmethod
    def _require_an_issuer_of_tokens(cls, client_id: str, others: ValidationInfo) -> str:
        is_production = others.data.get("environment") == "production"
        if client_id and is_production and not (others.data.get("auth_issuer") or others.data.get("auth_token_url")):
            raise ValueError("needs AUTH_ISSUER or AUTH_TOKEN_URL, which ENVIRONMENT=production wants to be there")
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
            raise ValueError("would write what people send into the log, which ENVIRONMENT=production refuses")
        return bodies

    @field_validator("log_file")
    @classmethod
    def _refuse_a_shared_log_file(cls, path: Path | None, others: ValidationInfo) -> Path | None:
        if path and others.data.get("web_concurrency", 1) > 1:
            raise ValueError("cannot be rotated by several processes; it needs WEB_CONCURRENCY=1")
        return path
