"""JSON Patch (RFC 6902), limited to add, replace, remove and test."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from failures import SystemFailure


def patched(document: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a patched copy; raises `SystemFailure` for an unknown operation or one that cannot be applied."""
    copy: dict[str, Any] = deepcopy(dict(document))
    for operation in operations:
        *outer, last = [_unescaped(part) for part in operation["path"].split("/")[1:]]
        try:
            target: Any = copy
            for part in outer:
                target = target[_key(target, part)]
            _run(target, _key(target, last), operation)
        except (LookupError, TypeError, ValueError) as error:
            raise SystemFailure(f"a patch cannot be applied: {operation['path']} ({error!r})") from None
    return copy


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _key(target: Any, part: str) -> str | int:  # noqa: ANN401 - any part of a document
    if not isinstance(target, list):
        return part
    return len(target) if part == "-" else int(part)


def _run(target: Any, key: str | int, operation: Mapping[str, Any]) -> None:  # noqa: ANN401
    match operation["op"]:
        case "add" if isinstance(target, list):
            target.insert(int(key), deepcopy(operation["value"]))
        case "add":
            target[key] = deepcopy(operation["value"])
        case "replace":
            target[key]  # which must exist
            target[key] = deepcopy(operation["value"])
        case "remove":
            del target[key]
        case "test" if target[key] == operation["value"]:
            pass
        case other:
            raise ValueError(f"the operation {other} is not supported")
