"""Answers that several operations have alike stand once in the OpenAPI document, and are referred to."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from chassis.problems.response import MEDIA_TYPE


def share_responses(document: dict[str, Any]) -> None:
    """Move the errors of all operations to `components.responses`."""
    shared: dict[str, dict[str, Any]] = document["components"].setdefault("responses", {})
    names: dict[str, str] = {json.dumps(response): name for name, response in shared.items()}
    for responses, status in _errors(document):
        text = json.dumps(responses[status])
        if text not in names:
            names[text] = _free_name(responses[status], status, taken=shared)
            shared[names[text]] = responses[status]
        responses[status] = {"$ref": f"#/components/responses/{names[text]}"}
    for operation in _operations(document):
        operation["responses"] = dict(sorted(operation["responses"].items()))


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()


def _errors(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for operation in _operations(document):
        for status, response in list(operation["responses"].items()):
            if MEDIA_TYPE in response.get("content", {}):
                yield operation["responses"], status


def _free_name(response: dict[str, Any], status: str, *, taken: dict[str, Any]) -> str:
    """That of its one problem, else that of its status, with a number if there are several such."""
    slugs = list(response["content"][MEDIA_TYPE].get("examples", ()))
    words = slugs[0].split("-") if len(slugs) == 1 else _phrase(int(status)).split()
    name = "".join(word.capitalize() for word in words)
    number = sum(other.rstrip("0123456789") == name for other in taken)
    return f"{name}{number + 1}" if number else name


def _phrase(status: int) -> str:
    """Python's own phrase for these two differs between its versions."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase
