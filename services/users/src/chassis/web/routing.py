"""The router of a resource."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.convertors import IntegerConvertor, register_url_convertor

from chassis.problems import COMMON_PROBLEMS, Responses, problem_responses

from .json_bounds import MAX_JSON_VALUES
from .strict_json import StrictJsonRoute


class _BoundedInteger(IntegerConvertor):
    """Starlette's own takes any number of digits, and Python refuses to convert more than 4,300 of them."""

    regex = "[0-9]{1,19}"


register_url_convertor("int", _BoundedInteger())


class ResourceRouter(APIRouter):
    """A router that adds what a route declares to what it declares itself, also of the same status."""

    tag: Mapping[str, str]
    """What the documentation says of its operations: `name` and perhaps `description`."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """As FastAPI has it, with `responses` of both, and a summary in sentence case."""
        options["summary"] = options.get("summary") or endpoint.__name__.replace("_", " ").capitalize()
        options["responses"] = Responses(self.responses) | (options.get("responses") or {})
        super().add_api_route(path, endpoint, **options)


def _name_of(route: APIRoute) -> str:
    """The operation's id: the name of its function, which is what it is called in generated clients."""
    return route.name


def api_router(
    *, prefix: str, tag: str, description: str = "", max_json_values: int = MAX_JSON_VALUES, log_bodies: bool = True
) -> APIRouter:
    """A router for one resource, which declares the problems that any operation can answer with.

    The documentation groups its operations under `tag`, with its `description`. Their ids are the names of their
    functions (`list_users`), which thus are different in the whole service.
    `max_json_values` is how many objects, lists and what they hold one body may have; more are answered with 422.
    Without `log_bodies` no body of its operations is logged, whatever LOG_BODIES says: they hold passwords or tokens.
    """
    route_class = type(
        StrictJsonRoute.__name__, (StrictJsonRoute,), {"max_values": max_json_values, "log_bodies": log_bodies}
    )
    router = ResourceRouter(
        prefix=prefix,
        tags=[tag],
        generate_unique_id_function=_name_of,
        route_class=route_class,
        responses=problem_responses(*COMMON_PROBLEMS),
    )
    router.tag = {"name": tag, **({"description": description} if description else {})}
    return router
