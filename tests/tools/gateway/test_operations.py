from typing import Any

import pytest

from failures import SystemFailure
from gateway.operations import operations

INTERNAL = {"x-internal": True}


def document(*paths: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"paths": dict(paths)}


def test_publishes_every_operation_except_health_checks() -> None:
    users = document(("/users", {"get": {}, "post": {}, "summary": "x"}), ("/health/live", {"get": {}}))
    assert [operation.name for operation in operations({"users": users})] == ["users GET /users", "users POST /users"]


def test_marks_operations_or_whole_paths_as_internal() -> None:
    users = document(("/a", {"get": INTERNAL, "post": {}}), ("/b", {"x-internal": True, "get": {}}))
    found = {operation.name for operation in operations({"users": users}) if operation.is_internal}
    assert found == {"users GET /a", "users GET /b"}


def test_refuses_an_operation_that_two_services_publish() -> None:
    both = {"users": document(("/a/{x}", {"get": {}})), "friends": document(("/a/{y}", {"get": {}}))}
    with pytest.raises(SystemFailure, match=r"^users and friends both publish GET /a/\{y\}: "):
        operations(both)
    operations({**both, "friends": document(("/a/{y}", {"get": INTERNAL, "put": {}}))})


@pytest.mark.parametrize("internal", ["/a/{x}", "/{x}/mine", "/{x}/{y}"])
def test_refuses_an_internal_operation_that_overlaps_a_public_one(internal: str) -> None:
    users = document((internal, {"get": INTERNAL}), ("/a/mine", {"get": {}}))
    with pytest.raises(SystemFailure, match=r"is internal, but a request for it can look like /a/mine"):
        operations({"users": users})


def test_accepts_an_internal_operation_more_specific_than_a_public_one() -> None:
    users = document(("/a/exists", {"get": INTERNAL}), ("/a/{x}", {"get": {}}), ("/{x}/{y}", {"post": {}}))
    assert len(operations({"users": users})) == 3
