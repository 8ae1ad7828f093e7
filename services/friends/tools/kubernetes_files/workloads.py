"""Which Pods there will be, by their labels, and which of them a selector means."""

from collections.abc import Mapping
from typing import Any

from .rendering import Document

Labels = Mapping[str, str]


def pod_labels(document: Document) -> list[Labels]:
    """Return the labels of the Pods that come of a document: of a Deployment, a database or its pooler."""
    name = document["metadata"]["name"]
    match document["kind"]:
        case "Deployment":
            return [document["spec"]["template"]["metadata"]["labels"]]
        case "Cluster":
            return [{"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}]
        case "Pooler":
            cluster = document["spec"]["cluster"]["name"]
            return [{"cnpg.io/cluster": cluster, "cnpg.io/poolerName": name, "cnpg.io/podRole": "pooler"}]
        case _:
            return []


def selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Say whether a selector means Pods with these labels; an empty one means all."""
    wanted = selector.get("matchLabels", {})
    expressions = selector.get("matchExpressions", [])
    return wanted.items() <= labels.items() and all(_holds(expression, labels) for expression in expressions)


def _holds(expression: Mapping[str, Any], labels: Labels) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None
