"""OpenAPI documents without what authentication adds."""

from typing import Any, Final

ADDED: Final = ("401", "503")


def without_tokens(document: dict[str, Any]) -> dict[str, Any]:
    """Return the paths of a document without the security requirements and 401/403 of protected operations."""
    return {
        path: {method: _without(operation) for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }


def _without(operation: dict[str, Any]) -> dict[str, Any]:
    answers = {status: answer for status, answer in operation["responses"].items() if status not in ADDED}
    return {name: part for name, part in operation.items() if name != "security"} | {"responses": answers}
