"""Routers for resources."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Final

from fastapi import APIRouter, FastAPI
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


# The options of a route that are also its attributes.
_OPTIONS: Final = signature(APIRouter.add_api_route).parameters.keys() & signature(APIRoute).parameters.keys()
_ATTRIBUTES: Final = vars(APIRoute("/", lambda: None)).keys()


def add_router(app: FastAPI, router: APIRouter) -> None:
    """Serve the routes of a router, as `app.include_router` does.

    Those of a `ResourceRouter` that has nothing else become the application's own, as with `@app.get`: FastAPI matches
    each request twice against the routes of an included router. Routes added to such a router later are not served.
    """
    routes = [route for route in router.routes if isinstance(route, APIRoute) and _can_be_created_again(route)]
    if type(router) is not ResourceRouter or len(routes) < len(router.routes) or _has_more_than_routes(router):
        app.include_router(router)
        return
    for route in routes:
        options = {name: getattr(route, name) for name in _OPTIONS}
        app.router.add_api_route(**options, route_class_override=type(route))


def _has_more_than_routes(router: APIRouter) -> bool:
    plain = APIRouter()
    own_lifespan = type(router.lifespan_context) is not type(plain.lifespan_context)
    others = ("on_startup", "on_shutdown", "form_limits", "_low_priority_routes")  # the last are of `frontend`
    return own_lifespan or any(getattr(router, name, None) for name in others)


def _can_be_created_again(route: APIRoute) -> bool:
    """Return whether the options of a route say all about it. If its path is empty, `include_router` refuses it."""
    has_own_init = type(route).__init__ is not APIRoute.__init__
    streams_items = getattr(route, "stream_item_type", None) is not None  # not an option: of the return annotation
    return bool(route.path) and not has_own_init and not streams_items and vars(route).keys() == _ATTRIBUTES


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
