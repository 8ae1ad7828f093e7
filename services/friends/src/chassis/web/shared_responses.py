"""Move responses that operations share, and schemas of problems, to named components of the OpenAPI document."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from chassis.problems.response import MEDIA_TYPE


def share_responses(document: dict[str, Any]) -> None:
    """Move the errors of all operations to `components.responses`, and their own schemas to `components.schemas`."""
    shared: dict[str, dict[str, Any]] = document["components"].setdefault("responses", {})
    names: dict[str, str] = {_text(response): name for name, response in shared.items()}
    for responses, status in _errors(document):
        content = responses[status]["content"][MEDIA_TYPE]
        content["schema"] = _named(content["schema"], document["components"]["schemas"])
        text = _text(responses[status])
        if text not in names:
            names[text] = _free_name(responses[status], status, taken=shared)
            shared[names[text]] = responses[status]
        responses[status] = {"$ref": f"#/components/responses/{names[text]}"}
    for operation in _operations(document):
        operation["responses"] = dict(sorted(operation["responses"].items()))


def _text(part: dict[str, Any]) -> str:
    """Return the part as text, independent of the order of its keys."""
    return json.dumps(part, sort_keys=True)


def _named(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return a reference to a schema with a title, added to `schemas`: generated clients name classes after it."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_named(each, schemas) for each in schema["anyOf"]]}
    if "title" not in schema:
        return schema
    name, number = schema["title"], 1
    while _text(schemas.setdefault(name, schema)) != _text(schema):
        number += 1
        name = f"{schema['title']}{number}"
    return {"$ref": f"#/components/schemas/{name}"}


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()


def _errors(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for operation in _operations(document):
        for status, response in list(operation["responses"].items()):
            if MEDIA_TYPE in response.get("content", {}):
                yield operation["responses"], status


def _free_name(response: dict[str, Any], status: str, *, taken: dict[str, Any]) -> str:
    """Return the name of its only problem or else of its status, with a number if that is taken."""
    slugs = list(response["content"][MEDIA_TYPE].get("examples", ()))
    words = slugs[0].split("-") if len(slugs) == 1 else _phrase(int(status)).split()
    name = "".join(word.capitalize() for word in words)
    number = sum(other.rstrip("0123456789") == name for other in taken)
    return f"{name}{number + 1}" if number else name


def _phrase(status: int) -> str:
    """Return the phrase of a status. Python's own for these two differs between versions."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase
