"""What the NetworkPolicies of one service let in and out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .policies import is_isolated, peers
from .rendering import Document, find

GATEWAY = {"app.kubernetes.io/name": "gateway"}
DNS = {"k8s-app": "kube-dns"}


def lets_in_only_known_callers(name: str, upstreams: Sequence[str], documents: list[Document]) -> Iterator[str]:
    """Yield who may come or be called that nobody knows, and who is missing: gateway, callers, database, names."""
    policies = [document for document in documents if document["kind"] == "NetworkPolicy"]
    labels = find(documents, "Deployment", name)["spec"]["template"]["metadata"]["labels"]
    calls = dict.fromkeys((f"allium/calls-{upstream}" for upstream in upstreams), "true")
    if {label: value for label, value in labels.items() if label.startswith("allium/calls-")} != calls:
        yield f"the labels of {name} do not say that it calls exactly {', '.join(upstreams) or 'nobody'}"
    wanted_in = [GATEWAY, {f"allium/calls-{name}": "true"}]
    wanted_out = [DNS, *({"app.kubernetes.io/name": upstream} for upstream in upstreams)]
    yield from _differences(policies, "Ingress", labels, wanted_in, optional=[_namespace("allium/gateway", "true")])
    own = [
        {"cnpg.io/poolerName": f"{name}-pooler"},
        {"cnpg.io/cluster": f"{name}-database", "cnpg.io/podRole": "instance"},
        _namespace("kubernetes.io/metadata.name", "observability"),
    ]
    yield from _differences(policies, "Egress", labels, wanted_out, optional=own)


def _namespace(label: str, value: str) -> dict[str, str]:
    return {f"namespace {label}": value}


def _differences(
    policies: list[Document],
    direction: str,
    labels: Mapping[str, str],
    wanted: list[dict[str, str]],
    *,
    optional: list[dict[str, str]],
) -> Iterator[str]:
    if not is_isolated(policies, direction, labels):
        yield f"no NetworkPolicy is about {direction}"
        return
    found = []
    for peer, port in peers(policies, direction, labels):
        known = _labels_of(peer)
        if known not in [*wanted, *optional] or port is None:
            yield f"{direction} is open to {known or 'everybody'}{'' if port else ' at any port'}"
        found.append(known)
    for each in wanted:
        if each not in found:
            yield f"{direction} is not open to {each}"


def _labels_of(peer: Mapping[str, Any] | None) -> dict[str, str]:
    """The labels that a peer is chosen by; nothing stands for everybody."""
    if peer is None or set(peer) - {"podSelector", "namespaceSelector"}:
        return {}
    if pods := peer.get("podSelector", {}).get("matchLabels"):
        return dict(pods)
    return {
        f"namespace {label}": value for label, value in peer.get("namespaceSelector", {}).get("matchLabels", {}).items()
    }
