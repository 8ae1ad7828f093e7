from typing import Any

import pytest

from failures import SystemFailure
from gateway.operations import operations

INTERNAL = {"x-internal": True}


def document(*paths: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"paths": dict(paths)}


def test_every_operation_counts_but_health() -> None:
    users = document(("/users", {"get": {}, "post": {}, "summary": "x"}), ("/health/live", {"get": {}}))
    assert [operation.name for operation in operations({"users": users})] == ["users GET /users", "users POST /users"]


def test_an_operation_or_a_whole_path_may_be_internal() -> None:
    users = document(("/a", {"get": INTERNAL, "post": {}}), ("/b", {"x-internal": True, "get": {}}))
    found = {operation.name for operation in operations({"users": users}) if operation.is_internal}
    assert found == {"users GET /a", "users GET /b"}


def test_two_services_may_not_publish_the_same() -> None:
    both = {"users": document(("/a/{x}", {"get": {}})), "friends": document(("/a/{y}", {"get": {}}))}
    with pytest.raises(SystemFailure, match=r"^users and friends both publish GET /a/\{y\}: "):
        operations(both)
    operations({**both, "friends": document(("/a/{y}", {"get": INTERNAL, "put": {}}))})


@pytest.mark.parametrize("internal", ["/a/{x}", "/{x}/mine", "/{x}/{y}"])
def test_an_internal_operation_that_cannot_be_told_from_a_published_one_is_refused(internal: str) -> None:
    users = document((internal, {"get": INTERNAL}), ("/a/mine", {"get": {}}))
    with pytest.raises(SystemFailure, match=r"is internal, but a request for it can look like /a/mine"):
        operations({"users": users})


def test_an_internal_operation_may_be_a_special_case_of_a_published_one() -> None:
    users = document(("/a/exists", {"get": INTERNAL}), ("/a/{x}", {"get": {}}), ("/{x}/{y}", {"post": {}}))
    assert len(operations({"users": users})) == 3
