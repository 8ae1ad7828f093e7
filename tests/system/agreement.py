"""What a consumer of a service relies on (contracts/*.json): its requests, and what it reads from the responses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

Interaction = dict[str, Any]
Resolve = Callable[[dict[str, Any]], dict[str, Any]]

CONTRACTS = Path(__file__).with_name("contracts")


def interactions(contract: str) -> list[Interaction]:
    """Return the interactions of a contract file."""
    document = json.loads((CONTRACTS / contract).read_text(encoding="utf-8"))
    found: list[Interaction] = document["interactions"]
    return found


def filled_in(interaction: Interaction, ids: dict[str, str]) -> Interaction:
    """Return the interaction with real ids in place of `{names}`."""
    text = json.dumps(interaction)
    for name, user_id in ids.items():
        text = text.replace(f"{{{name}}}", user_id)
    filled: Interaction = json.loads(text)
    return filled


def unknown_ids(interaction: Interaction) -> dict[str, str]:
    """Return an unused id for each user that must not exist."""
    return {name: str(uuid4()) for name, exists in interaction["users"].items() if not exists}


def undocumented(openapi: dict[str, Any], interaction: Interaction) -> list[str]:
    """Return what the interaction relies on but the OpenAPI document does not promise."""
    request, response = interaction["request"], interaction["response"]
    operation = openapi["paths"].get(request["path"], {}).get(request["method"].lower())
    if operation is None:
        return [f"{request['method']} {request['path']}"]
    answer = operation["responses"].get(str(response["status"]), {})
    if reference := answer.get("$ref"):
        answer = openapi["components"]["responses"][reference.rpartition("/")[2]]
    promised = answer.get("content", {}).get(response["content_type"])
    if promised is None:
        return [f"{response['status']} {response['content_type']}"]
    resolve = _resolver(openapi)
    parameters = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"}
    return [
        *_unknown_parameters(parameters, request["query"]),
        *_unpromised_fields(resolve(promised["schema"]), response["body"], resolve),
    ]


def _resolver(openapi: dict[str, Any]) -> Resolve:
    def resolve(schema: dict[str, Any]) -> dict[str, Any]:
        reference = schema.get("$ref")
        return openapi["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema

    return resolve


def _unknown_parameters(parameters: dict[str, Any], query: list[list[str]]) -> list[str]:
    sent = {name for name, _ in query}
    missing = {name for name, parameter in parameters.items() if parameter.get("required")} - sent
    too_many = {
        name
        for name in sent & parameters.keys()
        if [sent_name for sent_name, _ in query].count(name) > parameters[name]["schema"].get("maxItems", 1)
    }
    return [f"parameter {name}" for name in sorted(sent - parameters.keys() | missing | too_many)]


def _unpromised_fields(schema: dict[str, Any], body: dict[str, Any], resolve: Resolve) -> list[str]:
    def is_list_of_ids(name: str) -> bool:
        field = resolve(schema["properties"].get(name, {}))
        return field.get("type") == "array" and resolve(field["items"]).get("format") == "uuid"

    return [f"field {name}" for name in body if name not in schema["required"] or not is_list_of_ids(name)]
