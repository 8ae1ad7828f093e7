"""Write template/tools/kubernetes_files/schemas: what the checked kinds need, without descriptions and statuses.

Run it for a new version of Kubernetes, with the sources of the custom resources checked out somewhere:

    PYTHONPATH=tools uv run --with kubernetes-validate --with pyyaml python -m kubernetes_schemas.write CRD.yaml …
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from kubernetes_schemas.constraints import add_constraints

VERSIONS = ("1.34", "1.37")
"""The oldest and the newest supported version."""
KINDS = {
    "v1/ConfigMap": "io.k8s.api.core.v1.ConfigMap",
    "v1/Namespace": "io.k8s.api.core.v1.Namespace",
    "v1/Secret": "io.k8s.api.core.v1.Secret",
    "v1/Service": "io.k8s.api.core.v1.Service",
    "v1/ServiceAccount": "io.k8s.api.core.v1.ServiceAccount",
    "apps/v1/Deployment": "io.k8s.api.apps.v1.Deployment",
    "autoscaling/v2/HorizontalPodAutoscaler": "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    "networking.k8s.io/v1/NetworkPolicy": "io.k8s.api.networking.v1.NetworkPolicy",
    "policy/v1/PodDisruptionBudget": "io.k8s.api.policy.v1.PodDisruptionBudget",
}
FOLDER = Path(__file__).parents[2] / "template/tools/kubernetes_files/schemas"
REFERENCE = re.compile(r"(?:/api/_definitions\.json)?#/\$defs/")
LEFT_OUT = {"description", "status", "managedFields", "x-kubernetes-group-version-kind"}


def published(version: str) -> dict[str, Any]:
    """Return the strict definitions of one version, as `kubernetes-validate` has them."""
    file = f"kubernetes-json-schema/v{version}.0-local-strict/_definitions.json"
    text = files("kubernetes_validate").joinpath(file).read_text(encoding="utf-8")
    definitions: dict[str, Any] = json.loads(text)["$defs"]
    return definitions


def small(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a part of a schema without descriptions, and without null where a value is required."""
    if isinstance(schema, list):
        return [small(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for name, value in schema.items():
        if name in LEFT_OUT and not (name == "description" and isinstance(value, dict)):
            continue
        if name == "$ref":
            kept[name] = REFERENCE.sub("#/$defs/", value)
        elif name == "type" and isinstance(value, list):
            kept[name] = next(each for each in value if each != "null")
        elif name.startswith("x-kubernetes-") and name != "x-kubernetes-preserve-unknown-fields":
            continue
        else:
            kept[name] = small(value)
    return kept


def needed(schema: Any, definitions: dict[str, Any], found: dict[str, Any]) -> None:  # noqa: ANN401
    """Add to `found` every definition that a schema refers to, and those that these refer to."""
    for name in references(schema):
        if name not in found:
            found[name] = small(definitions[name])
            needed(found[name], definitions, found)


def references(schema: Any) -> Iterator[str]:  # noqa: ANN401
    """Return the names of the definitions that a schema refers to itself."""
    if isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            yield REFERENCE.sub("", reference)
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from references(item)


def of_version(version: str) -> dict[str, Any]:
    """Return the schema file of one version of Kubernetes."""
    kinds = {kind: {"$ref": f"#/$defs/{name}"} for kind, name in KINDS.items()}
    found: dict[str, Any] = {}
    needed(kinds, published(version), found)
    add_constraints(found)
    return {"kinds": kinds, "$defs": found}


def of_custom_resources(paths: list[Path]) -> dict[str, Any]:
    """Return the schema file of custom resources; fields that their schemas do not name are refused."""
    kinds = {}
    for path in paths:
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        for version in definition["versions"]:
            if version["served"]:
                schema = closed(small(version["schema"]["openAPIV3Schema"]))
                schema["properties"]["metadata"] = {"type": "object"}
                kinds[f"{definition['group']}/{version['name']}/{definition['names']['kind']}"] = schema
    return {"kinds": kinds, "$defs": {}}


def closed(schema: Any) -> Any:  # noqa: ANN401
    """Return the schema of a custom resource as JSON Schema reads it."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items() if name not in {"format", "default", "nullable"}}
    is_open = made.pop("x-kubernetes-preserve-unknown-fields", False)
    if isinstance(made.get("properties"), dict) and "additionalProperties" not in made and not is_open:
        made["additionalProperties"] = False
    return made


def main() -> None:
    """Write a file for each version, and one for the custom resources that the arguments name."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for version in VERSIONS:
        write(f"{version}.json", of_version(version))
    if paths := [Path(name) for name in sys.argv[1:]]:
        write("custom.json", of_custom_resources(paths))


def write(name: str, content: dict[str, Any]) -> None:
    """Write a schema file with one line per kind and definition, for readable diffs."""
    parts = {}
    for part, members in content.items():
        lines = [f"{json.dumps(key)}: {json.dumps(members[key], sort_keys=True)}" for key in sorted(members)]
        parts[part] = "{\n" + ",\n".join(lines) + "\n}"
    text = ",\n".join(f"{json.dumps(part)}: {members}" for part, members in parts.items())
    (FOLDER / name).write_text("{\n" + text + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
