"""The operations of the services, and which of them the gateway publishes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from failures import SystemFailure
from gateway.paths import is_within, overlap, shape

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PRIVATE = "/health/"
"""Paths below these are for the platform and never published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method at one path of one service."""

    service: str
    method: str
    path: str
    is_internal: bool
    """Whether it is only for other services: `x-internal: true` in OpenAPI."""

    @property
    def name(self) -> str:
        """Its name in the gateway's access log."""
        return f"{self.service} {self.method} {self.path}"


def operations(services: Mapping[str, Mapping[str, Any]]) -> list[Operation]:
    """Return all operations except health; raises `SystemFailure` if two cannot be told apart."""
    found = [
        operation
        for service, document in services.items()
        for operation in _operations(service, document)
        if not operation.path.startswith(PRIVATE)
    ]
    _refuse_doubles([operation for operation in found if not operation.is_internal])
    _refuse_blurred(found)
    return found


def _operations(service: str, document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                is_internal = item[method].get("x-internal", item.get("x-internal")) is True
                yield Operation(service=service, method=method.upper(), path=path, is_internal=is_internal)


def _refuse_doubles(published: Sequence[Operation]) -> None:
    taken: dict[tuple[str, str], Operation] = {}
    for operation in published:
        other = taken.setdefault((operation.method, shape(operation.path)), operation)
        if other.service != operation.service:
            raise SystemFailure(
                f"{other.service} and {operation.service} both publish {operation.method} {operation.path}:"
                " give one of them another path, or make it internal."
            )


def _refuse_blurred(found: Sequence[Operation]) -> None:
    """Raise `SystemFailure` if an internal operation is looser than a published one: the stricter match comes first."""
    for internal in (operation for operation in found if operation.is_internal):
        for public in (operation for operation in found if not operation.is_internal):
            same = (internal.service, internal.method) == (public.service, public.method)
            if same and overlap(internal.path, public.path) and not is_within(internal.path, public.path):
                raise SystemFailure(
                    f"{internal.name} is internal, but a request for it can look like {public.path}, which is"
                    " published: give it a path of its own."
                )
