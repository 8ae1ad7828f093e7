"""Problems with additional members have named schemas, which become class names in generated clients."""

from typing import Any

from chassis.problems import Problem, problem_responses
from chassis.web.shared_responses import share_responses

MISSING = Problem(slug="user-not-found", status=404, title="User not found", members={"user_ids": list[int]})
OTHER = Problem(slug="user-not-found", status=404, title="User not found", members={"name": str})
PLAIN = Problem(slug="order-not-found", status=404, title="Order not found")
MEDIA_TYPE = "application/problem+json"


def document_of(*answers: tuple[Problem, ...]) -> dict[str, Any]:
    """Return a document with an operation for each group of problems."""
    responses = [{str(status): each for status, each in problem_responses(*kinds).items()} for kinds in answers]
    paths = {f"/{number}": {"get": {"responses": each}} for number, each in enumerate(responses)}
    document: dict[str, Any] = {"components": {"schemas": {}}, "paths": paths}
    share_responses(document)
    return document


def schema(document: dict[str, Any], response: str) -> Any:  # noqa: ANN401 - JSON
    return document["components"]["responses"][response]["content"][MEDIA_TYPE]["schema"]


def test_names_the_schema_of_a_problem_with_members() -> None:
    document = document_of((MISSING,), (PLAIN, MISSING))
    reference = {"$ref": "#/components/schemas/UserNotFoundProblem"}
    assert schema(document, "UserNotFound") == reference
    assert schema(document, "NotFound") == {"anyOf": [{"$ref": "#/components/schemas/ProblemDetails"}, reference]}
    named = document["components"]["schemas"]["UserNotFoundProblem"]
    assert named["allOf"][1]["properties"]["user_ids"]["items"] == {"type": "integer"}


def test_names_different_schemas_differently() -> None:
    document = document_of((MISSING,), (OTHER,))
    assert document["components"]["schemas"].keys() == {"UserNotFoundProblem", "UserNotFoundProblem2"}
    assert schema(document, "UserNotFound2") == {"$ref": "#/components/schemas/UserNotFoundProblem2"}


def test_shares_equal_responses_in_any_order() -> None:
    document = document_of((MISSING,), (MISSING,))
    twin = document["paths"]["/1"]["get"]["responses"]
    again = document_of((MISSING,))
    answer = again["components"]["responses"]["UserNotFound"]
    again["paths"]["/1"] = {"get": {"responses": {"404": dict(reversed(answer.items()))}}}
    share_responses(again)
    assert again["paths"]["/1"]["get"]["responses"] == twin == {"404": {"$ref": "#/components/responses/UserNotFound"}}
