"""The router of a resource."""

from fastapi import APIRouter

from chassis.problems import COMMON_PROBLEMS, problem_responses

from .json_bounds import MAX_JSON_VALUES
from .strict_json import StrictJsonRoute


def api_router(*, prefix: str, tag: str, max_json_values: int = MAX_JSON_VALUES) -> APIRouter:
    """A router for one resource, which declares the problems that any operation can answer with.

    `max_json_values` is how many objects, lists and what they hold one body may have; more are answered with 422.
    """
    route_class = type(StrictJsonRoute.__name__, (StrictJsonRoute,), {"max_values": max_json_values})
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=route_class,
        responses=problem_responses(*COMMON_PROBLEMS),
    )
