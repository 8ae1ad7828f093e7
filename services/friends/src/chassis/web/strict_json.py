"""JSON is read strictly: what RFC 8259 leaves undefined is refused instead of guessed at, and so is too much of it."""

import json
import math
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from .json_bounds import MAX_JSON_VALUES, beyond_json_bounds
from .refusals import RequestRefused


class StrictJsonRequest(Request):
    """A request whose JSON has no duplicate names, no NaN or Infinity, is UTF-8 and not too large or too deep."""

    def __init__(self, scope: Scope, receive: Receive, *, max_values: int = MAX_JSON_VALUES) -> None:
        super().__init__(scope, receive)
        self._max_values = max_values

    async def json(self) -> object:
        """Parse the body; `JSONDecodeError` and `TooMuchJson` become 422 problems."""
        body = await self.body()
        if bound := beyond_json_bounds(body, self._max_values):
            raise TooMuchJson(f"Input should {bound}")
        try:
            return json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_unique_names,
                parse_constant=_refuse_constant,
                parse_float=_finite,
            )
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            raise json.JSONDecodeError(str(error) if isinstance(error, _Refused) else "Unreadable", "", 0) from None


class TooMuchJson(HTTPException):
    """The document is beyond its bounds. An HTTPException, since FastAPI turns any other into a 400 while it reads."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


class _Refused(ValueError):
    """JSON that Python would read, but two readers may understand differently."""


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


class StrictJsonRoute(APIRoute):
    """A route that hands `StrictJsonRequest` to FastAPI."""

    max_values: ClassVar[int] = MAX_JSON_VALUES

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler, where there is a body to read."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def handle(request: Request) -> Response:
            _refuse_encoded(request)
            try:
                return await handler(StrictJsonRequest(request.scope, request.receive, max_values=self.max_values))
            except TooMuchJson as error:
                raise RequestValidationError([{"type": "too_much", "loc": ("body",), "msg": error.detail}]) from None
            except (RequestValidationError, HTTPException) as error:
                # FastAPI's frame, which still knows the body, holds this error, whose cause holds the frame. Left so,
                # the body would stay until the garbage collector comes by.
                cause = error.__cause__
                if isinstance(cause, json.JSONDecodeError | ClientDisconnect | RequestRefused):
                    cause.__traceback__ = None
                raise

        return handle


def _refuse_encoded(request: Request) -> None:
    """What is compressed is not JSON before somebody unpacks it, which a service's middleware may have done."""
    fields = [value for name, value in request.scope["headers"] if name == b"content-encoding"]
    if any(coding.strip().lower() not in {b"", b"identity"} for coding in b",".join(fields).split(b",")):
        detail = "Send the body without Content-Encoding."
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, {"Accept-Encoding": "identity"})
