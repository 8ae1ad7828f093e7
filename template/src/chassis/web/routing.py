"""Routers for resources."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.convertors import IntegerConvertor, register_url_convertor

from chassis.problems import COMMON_PROBLEMS, Responses, problem_responses

from .json_bounds import MAX_JSON_VALUES
from .strict_json import StrictJsonRoute


class _BoundedInteger(IntegerConvertor):
    """Starlette's own accepts any number of digits, but Python refuses to convert more than 4,300."""

    regex = "[0-9]{1,19}"


register_url_convertor("int", _BoundedInteger())


class ResourceRouter(APIRouter):
    """A router that merges its `responses` with those of each route, even for the same status."""

    tag: Mapping[str, str]
    """The OpenAPI tag of its operations: `name` and optionally `description`."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route as FastAPI does, with merged `responses` and a summary in sentence case."""
        options["summary"] = options.get("summary") or endpoint.__name__.replace("_", " ").capitalize()
        options["responses"] = Responses(self.responses) | (options.get("responses") or {})
        super().add_api_route(path, endpoint, **options)


def _name_of(route: APIRoute) -> str:
    """Return the operation's ID: the name of its function, which generated clients use."""
    return route.name


def api_router(
    *, prefix: str, tag: str, description: str = "", max_json_values: int = MAX_JSON_VALUES, log_bodies: bool = True
) -> APIRouter:
    """Return a router for one resource that declares the problems common to all operations.

    The documentation groups its operations under `tag`, with its `description`. Operation IDs are the names of the
    functions (`list_users`), which must be unique within the service.
    `max_json_values` is the number of values in a body (objects, lists and their items) above which it gets 422.
    With `log_bodies=False` no bodies are logged, whatever LOG_BODIES says: for passwords and tokens.
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
