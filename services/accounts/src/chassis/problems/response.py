"""Render a problem as a response."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson
from fastapi.encoders import jsonable_encoder
from starlette.responses import Response

from chassis.request_context import current_request

from .catalogue import Problem

MEDIA_TYPE: Final = "application/problem+json"


def problem_response(
    problem: Problem,
    *,
    detail: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Return the response for a problem, with the current request ID. `members` cannot override standard members."""
    request = current_request()
    content: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "instance": quote(path),
        "request_id": request.request_id if request else "",
    }
    content |= {name: value for name, value in (members or {}).items() if name not in content}
    body = orjson.dumps(content, default=jsonable_encoder, option=orjson.OPT_NON_STR_KEYS)
    response = Response(body, problem.status, media_type=MEDIA_TYPE)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    response.headers.update(problem.headers)
    response.headers.update(headers or {})
    return response
