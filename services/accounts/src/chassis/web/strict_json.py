"""Parse JSON strictly: refuse what RFC 8259 leaves undefined, and documents that are too large."""

import json
import math
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from itertools import islice
from typing import Any, ClassVar, Final, NoReturn

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from chassis.problems.validation import MAX_ERRORS

from .json_bounds import MAX_JSON_VALUES, beyond_json_bounds
from .refusals import RequestRefused
from .storable import may_have_unstorable_parts, unstorable_parts
from .strict_parameters import StrictParameters


class StrictJsonRequest(Request):
    """A request whose JSON must be UTF-8, storable, within limits, without duplicate names, NaN or Infinity."""

    def __init__(self, scope: Scope, receive: Receive, *, max_values: int = MAX_JSON_VALUES) -> None:
        super().__init__(scope, receive)
        self._max_values = max_values

    async def json(self) -> object:
        """Return the parsed body. Raises `JSONDecodeError` and `RefusedJson`, which become 422 problems."""
        body = await self.body()
        if bound := beyond_json_bounds(body, self._max_values):
            raise RefusedJson([{"type": "too_much", "loc": ("body",), "msg": f"Input should {bound}"}])
        try:
            text = body.decode("utf-8")
            if text.startswith("\ufeff"):
                raise _Refused("It begins with a byte order mark")
            document: object = _DECODER.decode(text)
        except ValueError as error:
            raise json.JSONDecodeError(_reason(error), "", 0) from None
        if may_have_unstorable_parts(text) and (parts := [*islice(unstorable_parts(document), MAX_ERRORS)]):
            raise RefusedJson([{"type": "unstorable", "loc": ("body", *place), "msg": why} for place, why in parts])
        return document


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        # Some of Python's messages end with "at", before the place that `str(error)` adds.
        return f"{error.msg.removesuffix(' at')} at line {error.lineno}, column {error.colno}"
    return str(error) if isinstance(error, _Refused) else "Unreadable"


class RefusedJson(HTTPException):
    """JSON that is too large or not storable. An HTTPException, since FastAPI turns any other error into a 400."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY)
        self.errors = errors


class _Refused(ValueError):
    """JSON that Python accepts, but that other parsers may read differently."""


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise _Refused("Duplicate name in an object")
    return names


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise _Refused("A number is too large")
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise _Refused("NaN and Infinity are not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique_names, parse_constant=_refuse_constant, parse_float=_finite
)


class StrictJsonRoute(APIRoute):
    """A route that checks its parameters strictly and passes a `StrictJsonRequest` to FastAPI."""

    max_values: ClassVar[int] = MAX_JSON_VALUES
    log_bodies: ClassVar[bool] = True
    """Read by the access log."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, wrapped."""
        handler = super().get_route_handler()
        parameters = StrictParameters(self.dependant)
        has_body = self.body_field is not None

        async def handle(request: Request) -> Response:
            if errors := parameters.errors(request):
                raise RequestValidationError(errors)
            if has_body:
                _refuse_encoded(request)
                request = StrictJsonRequest(request.scope, request.receive, max_values=self.max_values)
            try:
                return await handler(request)
            except RefusedJson as error:
                raise RequestValidationError(error.errors) from None
            except (RequestValidationError, HTTPException) as error:
                # FastAPI's frame holds the body and this error, whose cause holds the frame. This cycle would keep the
                # body in memory until the next garbage collection.
                cause = error.__cause__
                if isinstance(cause, json.JSONDecodeError | ClientDisconnect | RequestRefused):
                    cause.__traceback__ = None
                raise

        return handle


def _refuse_encoded(request: Request) -> None:
    """Raise a 415 for a compressed body, unless a middleware of the service has decompressed it."""
    fields = [value for name, value in request.scope["headers"] if name == b"content-encoding"]
    if any(coding.strip().lower() not in {b"", b"identity"} for coding in b",".join(fields).split(b",")):
        detail = "Send the body without Content-Encoding."
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, {"Accept-Encoding": "identity"})
