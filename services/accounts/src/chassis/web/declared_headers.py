"""Headers of answers, declared for the OpenAPI document of the operations that send them:

`responses=LOCATION | problem_responses(…)`.
"""

from typing import Final

from chassis.problems import Responses


def _header(status: int, name: str, description: str) -> Responses:
    return Responses({status: {"headers": {name: {"description": description, "schema": {"type": "string"}}}}})


LOCATION: Final = _header(201, "Location", "Path of what was made.")
NEXT_PAGE: Final = _header(200, "Link", 'Path of the next page, if there is one: `<…>; rel="next"` (RFC 8288).')
