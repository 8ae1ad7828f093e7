"""The router of a resource."""

from fastapi import APIRouter

from chassis.problems import COMMON_PROBLEMS, problem_responses

from .strict_json import StrictJsonRoute


def api_router(*, prefix: str, tag: str) -> APIRouter:
    """A router for one resource, which declares the problems that any operation can answer with."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=StrictJsonRoute,
        responses=problem_responses(*COMMON_PROBLEMS),
    )
