"""Declare in the OpenAPI document which operations need a token, whether authentication is on or off."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from chassis.problems import Responses, extend_document, problem_responses

from .marks import BEARER, is_public
from .refusals import AUTHENTICATION_REQUIRED, INSUFFICIENT_SCOPE, INVALID_TOKEN, ISSUER_UNAVAILABLE

_NAME: Final = BEARER.scheme_name


def declare_security(app: FastAPI) -> None:
    """Add the token, its scopes and the problems of missing ones to the application's OpenAPI document."""

    def declare(document: dict[str, Any]) -> None:
        scheme = BEARER.model.model_dump(mode="json", by_alias=True, exclude_none=True)
        document["components"].setdefault("securitySchemes", {})[_NAME] = scheme
        for endpoint, operation in _operations(app, document):
            _declare(operation, is_open=is_public(endpoint))

    extend_document(app, declare)


def _operations(app: FastAPI, document: dict[str, Any]) -> Iterator[tuple[object, dict[str, Any]]]:
    for route in iter_route_contexts(app.routes):
        operations = document["paths"].get(route.path_format, {})
        for method in route.methods or ():
            if operation := operations.get(method.lower()):
                yield route.endpoint, operation


def _declare(operation: dict[str, Any], *, is_open: bool) -> None:
    declared: list[dict[str, list[str]]] = operation.get("security", [])
    scopes = [scope for each in declared for scope in each.get(_NAME, ())]
    others = [each for each in declared if _NAME not in each]
    if is_open:
        takes_a_token = len(others) < len(declared)  # and does not need one
        operation["security"] = [*declared, {}] if takes_a_token else declared
        return
    # If the service has an authentication of its own, the token is required in addition.
    operation["security"] = [{**other, _NAME: scopes} for other in others or [{}]]
    problems = [AUTHENTICATION_REQUIRED, INVALID_TOKEN, ISSUER_UNAVAILABLE, *([INSUFFICIENT_SCOPE] if scopes else [])]
    kept = Responses(operation["responses"])
    operation["responses"] = dict(kept | {str(code): each for code, each in problem_responses(*problems).items()})
