"""What the OpenAPI document of every service keeps to."""

from collections.abc import Iterator
from typing import Any


def check_references(document: dict[str, Any]) -> None:
    """Each `$ref` leads to a part of the document."""
    names = set(_references(document))
    assert names
    for name in names:
        part: Any = document
        for step in name.removeprefix("#/").split("/"):
            part = part[step]
        assert part


def check_problems(document: dict[str, Any]) -> None:
    """Each operation declares the problems that any can answer, and all errors are problems."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/health"):
                continue
            assert operation["responses"].keys() >= {"421", "422", "500", "503"}, (method, path)
            if "requestBody" in operation:
                assert operation["responses"].keys() >= {"413", "415"}, (method, path)
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)


def check_examples(document: dict[str, Any]) -> None:
    """Examples of problems have all members that a problem must have."""
    required = set(document["components"]["schemas"]["ProblemDetails"]["required"])
    examples = list(_examples_of_problems(document))
    assert examples
    for example in examples:
        assert example.keys() >= required


def _examples_of_problems(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                content = response.get("content", {}).get("application/problem+json", {})
                for example in content.get("examples", {}).values():
                    yield example["value"]


def _references(document: object) -> Iterator[str]:
    """All `$ref`s below a part of the document."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "$ref":
                yield value
            yield from _references(value)
    elif isinstance(document, list):
        for value in document:
            yield from _references(value)
