"""JSON is read strictly: what RFC 8259 leaves undefined is refused instead of guessed at."""

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class StrictJsonRequest(Request):
    """A request whose JSON has no duplicate names, no NaN or Infinity, is UTF-8 and not absurdly deep."""

    async def json(self) -> object:
        """Parse the body; `JSONDecodeError` becomes a 422 problem."""
        body = await self.body()
        try:
            return json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_unique_names,
                parse_constant=_refuse_constant,
                parse_float=_finite,
            )
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError(str(error) if isinstance(error, _Refused) else "Unreadable", "", 0) from None


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

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler, where there is a body to read."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def handle(request: Request) -> Response:
            return await handler(StrictJsonRequest(request.scope, request.receive))

        return handle
