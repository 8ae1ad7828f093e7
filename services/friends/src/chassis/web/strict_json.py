"""JSON is read strictly: what RFC 8259 leaves undefined is refused instead of guessed at."""

import json
import math
from collections.abc import Callable, Coroutine
from itertools import islice
from typing import Any, NoReturn

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis.problems.validation import MAX_ERRORS

from .storable import Place, may_have_unstorable_parts, unstorable_parts
from .strict_parameters import StrictParameters


class StrictJsonRequest(Request):
    """A request whose JSON has no duplicate names, no NaN or Infinity, is UTF-8, not absurdly deep, and storable."""

    async def json(self) -> object:
        """Parse the body; `JSONDecodeError` and `UnstorableJson` become 422 problems."""
        body = await self.body()
        try:
            text = body.decode("utf-8")
            document: object = json.loads(
                text, object_pairs_hook=_unique_names, parse_constant=_refuse_constant, parse_float=_finite
            )
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError(str(error) if isinstance(error, _Refused) else "Unreadable", "", 0) from None
        if may_have_unstorable_parts(text) and (parts := [*islice(unstorable_parts(document), MAX_ERRORS)]):
            raise UnstorableJson(parts)
        return document


class UnstorableJson(HTTPException):
    """No column can hold some parts. An HTTPException, since FastAPI turns any other into a 400 while it reads."""

    def __init__(self, parts: list[tuple[Place, str]]) -> None:
        super().__init__(422)
        self.parts = parts


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
    """A route that reads its parameters strictly and hands `StrictJsonRequest` to FastAPI."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler."""
        handler = super().get_route_handler()
        parameters = StrictParameters(self.dependant)
        has_body = self.body_field is not None

        async def handle(request: Request) -> Response:
            if errors := parameters.errors(request):
                raise RequestValidationError(errors)
            try:
                return await handler(StrictJsonRequest(request.scope, request.receive) if has_body else request)
            except UnstorableJson as error:
                parts = [{"type": "unstorable", "loc": ("body", *place), "msg": why} for place, why in error.parts]
                raise RequestValidationError(parts) from None

        return handle
