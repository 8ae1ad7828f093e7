"""Response headers for the OpenAPI document of an operation: `responses=LOCATION | problem_responses(…)`."""

from typing import Final

from chassis.problems import Responses


def _header(status: int, name: str, description: str) -> Responses:
    return Responses({status: {"headers": {name: {"description": description, "schema": {"type": "string"}}}}})


LOCATION: Final = _header(201, "Location", "Path of the created resource.")
ENTITY_TAG: Final = _header(200, "ETag", "Version, for `If-Match` and `If-None-Match` (RFC 9110 section 8.8.3).")
NEW_ENTITY_TAG: Final = _header(201, "ETag", "Version, for `If-Match` and `If-None-Match`.")
NOT_MODIFIED: Final = Responses({304: {"description": "Not modified: `If-None-Match` has the current version"}})
NEXT_PAGE: Final = _header(200, "Link", 'Path of the next page, if there is one: `<…>; rel="next"` (RFC 8288).')
