"""The labels of Pods, and the matching of selectors."""

from collections.abc import Mapping
from typing import Any

from .rendering import Document

Labels = Mapping[str, str]


def pod_labels(document: Document) -> list[Labels]:
    """Return the labels of a document's Pods: of a Deployment, a database or its pooler."""
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
    """Return whether a selector matches Pods with these labels; an empty one matches all."""
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
