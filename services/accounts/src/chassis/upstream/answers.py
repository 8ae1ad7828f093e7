"""Read and validate responses of upstream services, within limits: an answer, a refusal or a failure."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar, cast

import aiohttp
import orjson
from pydantic import TypeAdapter, ValidationError

from chassis.errors import UpstreamRefused

from .attempts import AttemptFailed, seconds_of
from .options import Other, Read, Reading
from .requests import Request

PROBLEM: Final = "application/problem+json"
MOST_LOGGED_ERRORS: Final = 3
MOST_LOGGED_CHARACTERS: Final = 200
PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value_co]):
    """The response to a call. Names in `headers` are case-insensitive; `value` is the parsed body."""

    status: int
    headers: Mapping[str, str]
    value: Value_co


async def answer_in(
    response: aiohttp.ClientResponse, request: Request, options: Reading[Read, Other], *, upstream: str, limit: int
) -> Answer[Any]:
    """Return the answer in a response, whose body may have `limit` bytes.

    Raises `UpstreamRefused` for other 4xx, and `AttemptFailed` for errors and invalid bodies.
    """
    status, headers, answers = response.status, response.headers, options.get("answers")
    body = await _body(response, limit)  # even if it is not used: otherwise the connection could not be reused
    if answers and status in answers:
        return Answer(status, headers, answers[status])
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        read = options.get("read")
        if read is None:
            return Answer(status, headers, None)
        if body is None:
            raise AttemptFailed(f"returned more than {limit} bytes")
        _refuse_all_but_json(response)
        return Answer(status, headers, _value(body, read, options.get("context")))
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in PASSING:
        kind = _problem_type(response, body or b"")
        message = f"The {upstream} service returned {status}{f' {kind}' if kind else ''}: {request.label}"
        raise UpstreamRefused(message, status=status, problem_type=kind)
    raise _failure(response)


def _failure(response: aiohttp.ClientResponse) -> AttemptFailed:
    """Return the failure for an overloaded or broken service, or for a redirect, which could lead anywhere."""
    status = response.status
    retry_after = seconds_of(response.headers.get("Retry-After")) if status >= HTTPStatus.BAD_REQUEST else None
    may_pass = status >= HTTPStatus.BAD_REQUEST and (status != HTTPStatus.TOO_MANY_REQUESTS or retry_after is not None)
    return AttemptFailed(f"returned {status}", may_pass=may_pass, retry_after=retry_after)


def _refuse_all_but_json(response: aiohttp.ClientResponse) -> None:
    kind = response.content_type
    if kind != "application/json" and not kind.endswith("+json"):
        raise AttemptFailed(f"returned content type {kind[:MOST_LOGGED_CHARACTERS]!r}")
    # The request forbids compression, so that a body cannot grow in memory.
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise AttemptFailed(f"returned content encoding {encoding[:MOST_LOGGED_CHARACTERS]!r}")


def _value(body: bytes, read: type[Read] | TypeAdapter[Read], context: object) -> Read:
    adapter: TypeAdapter[Read] = read if isinstance(read, TypeAdapter) else _adapter(cast(Hashable, read))
    try:
        return adapter.validate_json(body, context=context)
    except ValidationError as error:
        raise AttemptFailed(f"returned an invalid body: {_pointers(error)}") from None


@lru_cache(maxsize=256)
def _adapter(read: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, read))


def _pointers(error: ValidationError) -> str:
    """Return the types and places (JSON pointers, RFC 6901) of the first errors, without the values."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return ", ".join(f"{each['type']} at {_pointer(each['loc'])}" for each in errors[:MOST_LOGGED_ERRORS])


def _pointer(steps: tuple[int | str, ...]) -> str:
    names = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return repr("".join(f"/{name}" for name in names)[:MOST_LOGGED_CHARACTERS])


def _problem_type(response: aiohttp.ClientResponse, body: bytes) -> str | None:
    if response.content_type != PROBLEM:
        return None
    try:
        problem = orjson.loads(body)
    except ValueError:
        return None
    kind = problem.get("type") if isinstance(problem, dict) else None
    return kind if isinstance(kind, str) and len(kind) <= MOST_LOGGED_CHARACTERS else None


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """Return the whole body, or None if it is longer than `limit`."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            return None
    return bytes(body)
