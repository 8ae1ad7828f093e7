"""Build a request to an upstream service: its URL from a template, its headers and its body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final
from urllib.parse import quote, urlencode

import orjson
from pydantic_core import to_json, to_jsonable_python
from yarl import URL

from chassis.errors import UpstreamRefused
from chassis.request_context import current_request
from chassis.spans import trace_headers

from .options import Other, PathValues, QueryParameters, QueryValue, Read, Sending

IDEMPOTENT: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"})  # RFC 9110 section 9.2.2
MOST_BYTES_AT_ONCE: Final = 2**20
FORM: Final = "application/x-www-form-urlencoded"
NO_SEGMENTS: Final = frozenset({".", ".."})  # they change the path even if quoted


@dataclass(frozen=True, slots=True)
class Request:
    """A request, the same in each attempt."""

    label: str
    """Method and template, for messages: values must not reach the log."""
    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    may_be_repeated: bool
    """Whether the request is idempotent."""

    def with_token(self, token: str | None) -> "Request":
        """Return the request with a bearer token, unless it has an `Authorization` header."""
        if token is None or any(name.lower() == "authorization" for name in self.headers):
            return self
        return replace(self, headers={**self.headers, "Authorization": f"Bearer {token}"})

    def payload(self) -> bytes | BytesIO | None:
        """Return the body for one attempt. aiohttp sends a large body in pieces only if it is a file."""
        return BytesIO(self.body) if self.body and len(self.body) > MOST_BYTES_AT_ONCE else self.body


def build_request(
    base_url: str, method: str, template: str, options: Sending[Read, Other], *, upstream: str
) -> Request:
    """Return the request. Raises `UpstreamRefused` (404) if a path value is empty, `.` or `..`, which no URL can have.

    Raises `ValueError` for a template that is not a path.
    """
    label = f"{method} {template}"
    if not template.startswith("/") or "?" in template or "#" in template:
        raise ValueError(f"{template!r} is not a path template: it must begin with `/`; pass the query as `query=`.")
    path = _path(template, options.get("path"))
    if path is None:
        raise UpstreamRefused(f"The {upstream} service cannot have such a path: {label}", status=404)
    query = options.get("query")
    context = current_request()
    headers = context.headers if context else trace_headers()
    body, key = _body(options), options.get("idempotency_key")
    if body is not None:
        headers["Content-Type"] = FORM if "form" in options else "application/json"
    if key is not None:
        headers["Idempotency-Key"] = _structured_text(str(key))
    headers.update(options.get("headers", {}))
    return Request(
        label,
        method,
        URL(base_url + path + (f"?{_query(query)}" if query else ""), encoded=True),
        headers,
        body,
        may_be_repeated=method in IDEMPOTENT or key is not None,
    )


def _path(template: str, values: PathValues | None) -> str | None:
    """Return the template with its values quoted, or None if a value would change the path."""
    texts = {name: _text(value) for name, value in (values or {}).items()}
    path = template.format_map({name: quote(text, safe="") for name, text in texts.items()}) if texts else template
    leads_elsewhere = "" in texts.values() or not NO_SEGMENTS.isdisjoint(path.split("/"))
    return None if leads_elsewhere else path


def _body(options: Sending[Read, Other]) -> bytes | None:
    if "form" in options:
        return urlencode(options["form"]).encode()
    body = options.get("json")
    return None if body is None else to_json(body, by_alias=True, inf_nan_mode="null")


def _query(parameters: QueryParameters) -> str:
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
    return "&".join(
        f"{quote(name, safe='')}={quote(_text(each), safe='')}"
        for name, value in pairs
        for each in (value if isinstance(value, Sequence) and not isinstance(value, str) else (value,))
        if each is not None
    )


def _text(value: QueryValue) -> str:
    if type(value) is str:  # and not an enum that is also a str
        return value
    plain = to_jsonable_python(value)
    return plain if isinstance(plain, str) else orjson.dumps(plain).decode()


def _structured_text(key: str) -> str:
    """Return the key as a string of RFC 9651 section 3.3.3 (draft-ietf-httpapi-idempotency-key-header)."""
    if not (key and key.isascii() and key.isprintable()):
        raise ValueError("An idempotency key must be one or more printable ASCII characters.")
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
