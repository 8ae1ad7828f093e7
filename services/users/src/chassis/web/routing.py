"""The router of a resource."""

from fastapi import APIRouter
from starlette.convertors import IntegerConvertor, register_url_convertor

from chassis.problems import COMMON_PROBLEMS, problem_responses

from .strict_json import StrictJsonRoute


class _BoundedInteger(IntegerConvertor):
    """Starlette's own takes any number of digits, and Python refuses to convert more than 4,300 of them."""

    regex = "[0-9]{1,19}"


register_url_convertor("int", _BoundedInteger())


def api_router(*, prefix: str, tag: str) -> APIRouter:
    """A router for one resource, which declares the problems that any operation can answer with."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=StrictJsonRoute,
        responses=problem_responses(*COMMON_PROBLEMS),
    )
