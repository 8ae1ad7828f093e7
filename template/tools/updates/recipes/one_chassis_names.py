"""Where the names are that the chassis of the first edition had in `<package>.chassis`; recipe 1 reads it."""

from typing import Final

_MOVES: Final = """
access_log: chassis.logs AccessLogMiddleware
access_log: chassis.logs.access MAX_TEXT route_template
access_log: chassis.request_context CLIENT_CLOSED_REQUEST
application: chassis.application build_application
body_limit: chassis.web.body_limit BodyLimitMiddleware
body_limit: chassis.web.http_protocol LINGER_SECONDS
circuit_breaker: chassis.upstream.circuit_breaker CircuitBreaker
commands: chassis.process.commands run COMMANDS
database: chassis.database Base Database constraint_errors
database: chassis.database.models NAMING_CONVENTION
database_errors: chassis.database.errors translated_errors driver_error sqlstate
documentation: chassis.web.documentation OPENAPI_PATH SWAGGER_PATH REDOC_PATH ASSETS_PATH add_documentation
engine: chassis.database.engine Connection create_engine create_patient_engine database_url
errors: chassis.errors DatabaseUnavailable UpstreamError UpstreamUnavailable UpstreamRefused UpstreamTimeout
exchange: chassis.logs.exchange Bodies Exchange
health: chassis.process.health Reason Liveness Readiness Health
http_client: chassis.upstream Answer QueryParameters UpstreamClient
http_client: chassis.upstream.attempts BACKOFF_SECONDS
http_client: chassis.upstream.client HEADERS
http_client: chassis.upstream.connections KEEP_ALIVE_SECONDS
identifiers: chassis.ids new_id
kept_connections: chassis.database.connections KeptConnections driver_of
lifecycle: chassis.process.draining SIGNALS Draining
limits: chassis.web.headers SECURITY_HEADERS RAW_SECURITY_HEADERS ResponseHeadersMiddleware
limits: chassis.web.hosts AllowedHostsMiddleware
log_formats: chassis.logs REDACTED_FIELDS
log_formats: chassis.logs.formats JsonFormatter ConsoleFormatter
log_formats: chassis.logs.records further_fields
logging: chassis.early_logging LineHandler
logging: chassis.logs configure_logging redactor_for
logging: chassis.logs.handlers FileHandler
migrations: chassis.database.migrations SERVICE_FOLDER upgrade alembic_config known_revisions is_at_head
pagination: chassis.web DEFAULT_LIMIT Limit CursorText Cursors link_next_page
pagination: chassis.web.pagination MAX_LIMIT
problem_handlers: chassis.problems exception_handlers
problem_handlers: chassis.problems.handlers CHASSIS_PROBLEMS HTTP_PROBLEMS Handler METHODS
problems: chassis.problems BAD_REQUEST BODY_PROBLEMS BODY_TOO_LARGE COMMON_PROBLEMS DATABASE_UNAVAILABLE INTERNAL_ERROR
problems: chassis.problems INVALID_HOST INVALID_REQUEST METHOD_NOT_ALLOWED NOT_FOUND NOT_READY Problem SHUTTING_DOWN
problems: chassis.problems UNSUPPORTED_MEDIA_TYPE UPSTREAM_PROBLEMS UPSTREAM_TIMEOUT UPSTREAM_UNAVAILABLE
problems: chassis.problems problem_response problem_responses
problems: chassis.problems.catalogue RETRY_AFTER_SECONDS
problems: chassis.problems.openapi InvalidField ProblemDetails ValidationProblemDetails
problems: chassis.problems.response MEDIA_TYPE
redaction: chassis.logs.redaction MASK SECRET_NAMES MAX_DEPTH Redactor
redaction: chassis.logs.redaction.redactor MIN_SECRET_LENGTH
request_context: chassis.request_context REQUEST_ID_HEADER TRACEPARENT_HEADER RequestContext RequestContextMiddleware
request_context: chassis.request_context begin_request continue_request current_request
response_headers: chassis.problems Responses
response_headers: chassis.web LOCATION NEXT_PAGE
routing: chassis.web api_router
routing: chassis.web.strict_json StrictJsonRequest StrictJsonRoute
server: chassis.process.server GC_THRESHOLDS WORKER_ANSWER_SECONDS serve
settings: chassis.process load=load_settings
settings: chassis.process.startup SettingsType
settings: chassis.settings ChassisSettings Names Port Seconds WELL_KNOWN_PASSWORDS
settings: chassis.settings.chassis_settings SECRETS_FOLDER
settings: chassis.settings.types split
settings_table: chassis.settings.table INTRODUCTION settings_table
uncaught: chassis.early_logging exception_fields install_hooks log_from_the_first_moment=start_logging timestamp
validation: chassis.problems.pointers MAX_STEP
validation: chassis.problems.validation MAX_ERRORS invalid_fields
"""

LOGGER: Final = "The chassis's own logger is no part of it; write `logging.getLogger(__name__)`."

BY_HAND: Final = {
    "errors.BodyTooLarge": "`receive` raises `RequestRefused` of chassis.web.refusals instead.",
    "fair_limit.FairLimit": "It is `FairQueue` of chassis.fair_queue now, whose arguments are others.",
    "health.router": "Health checks are no business of the service; `build_application` adds them.",
    "health.live": "Health checks are no business of the service; `build_application` adds them.",
    "health.ready": "Health checks are no business of the service; `build_application` adds them.",
    "http_client.LOGGED_ANSWER_BYTES": "Answers of other services are not logged any longer; delete it.",
    "http_protocol.ProblemHttpProtocol": "It is `HttpProtocol` of chassis.web.http_protocol, and takes `limits=`.",
    "http_protocol.STATUS_LINE": "The protocol writes its status line itself; delete this.",
    "statements.DirectStatement": "It is `Prepared` of chassis.database.prepared; `prepared(statement)` makes it.",
    "statements.Rows": "Rows are SQLAlchemy's: write `Sequence[Row[Any]]`.",
    "statements.direct_statement": "Write `prepared(statement)` of chassis.database once, at import.",
    "uncaught.FirstMomentFormatter": "It is `EarlyFormatter` of chassis.early_logging now, whose output is another.",
    "validation.has_foreign_media_type": "The chassis answers foreign media types with 415 by itself; delete this.",
    "unhandled.UnhandledExceptionMiddleware": "It is `LastResortMiddleware` of chassis.web.last_resort now.",
}


def _moved() -> dict[str, tuple[str, str]]:
    found = {}
    for line in _MOVES.strip().splitlines():
        old_module, new_module, *names = line.split()
        for name in names:
            old, _, new = name.partition("=")
            found[f"{old_module}{old}".replace(":", ".")] = (new_module, new or old)
    return found


MOVED: Final = _moved()
"""By `module.name` of before: the module and the name of now."""
MODULES: Final = {name.partition(".")[0] for name in (*MOVED, *BY_HAND)}


def sentence(name: str) -> str:
    """Say what to do about `module.name`, which is in no new place that a recipe could take it from."""
    if name.endswith(".logger"):
        return LOGGER
    if name in BY_HAND:
        return BY_HAND[name]
    return "It was no part of the chassis that services may use, and there is no such name any longer."
