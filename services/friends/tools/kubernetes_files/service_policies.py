"""The connections that the NetworkPolicies of a service allow."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .policies import is_isolated, peers
from .rendering import Document, find

REASON = "allium/because"
"""The annotation of a policy with the reason for connections beyond those of answers and components."""
GATEWAY = {"app.kubernetes.io/name": "gateway"}
DNS = {"k8s-app": "kube-dns", "namespace kubernetes.io/metadata.name": "kube-system"}
COLLECTOR = {"namespace kubernetes.io/metadata.name": "observability"}
GATEWAYS_OF_THE_CLUSTER = {"namespace allium/gateway": "true"}


def lets_in_only_known_callers(name: str, upstreams: Sequence[str], documents: list[Document]) -> Iterator[str]:
    """Yield unexpected and missing peers: gateway, callers, upstreams, database, name servers."""
    policies = [each for each in documents if each["kind"] == "NetworkPolicy" and not _has_a_reason(each)]
    labels = find(documents, "Deployment", name)["spec"]["template"]["metadata"]["labels"]
    calls = dict.fromkeys((f"allium/calls-{upstream}" for upstream in upstreams), "true")
    if {label: value for label, value in labels.items() if label.startswith("allium/calls-")} != calls:
        yield f"the allium/calls-… labels of {name} must name exactly {', '.join(upstreams) or 'no service'}"
    callers = [GATEWAY, {f"allium/calls-{name}": "true"}]
    yield from _differences(policies, "Ingress", labels, callers, optional=[GATEWAYS_OF_THE_CLUSTER])
    called = [DNS, *({"app.kubernetes.io/name": upstream} for upstream in upstreams)]
    pooler = {"cnpg.io/poolerName": f"{name}-pooler"}
    database = {"cnpg.io/cluster": f"{name}-database", "cnpg.io/podRole": "instance"}
    yield from _differences(policies, "Egress", labels, called, optional=[pooler, database, COLLECTOR])


def _has_a_reason(policy: Document) -> bool:
    return bool(policy["metadata"].get("annotations", {}).get(REASON))


def _differences(
    policies: list[Document],
    direction: str,
    labels: Mapping[str, str],
    wanted: list[dict[str, str]],
    *,
    optional: list[dict[str, str]],
) -> Iterator[str]:
    if not is_isolated(policies, direction, labels):
        yield f"no NetworkPolicy limits {direction}"
        return
    found = []
    for peer, port in peers(policies, direction, labels):
        known = _described(peer)
        if known not in [*wanted, *optional] or port is None:
            yield f"{direction} allows {known or 'any peer'}{'' if port else ' on any port'}"
        found.append(known)
    for each in wanted:
        if each not in found:
            yield f"{direction} does not allow {each}"


def _described(peer: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the labels of a peer's selector; empty for any peer, `namespace …` for a namespace's label."""
    described = {}
    for kind, selector in (peer or {}).items():
        prefix = "namespace " if kind == "namespaceSelector" else ""
        labels = selector.get("matchLabels")
        described.update({f"{prefix}{label}": value for label, value in (labels or {}).items()})
        if not labels or selector.keys() != {"matchLabels"}:
            described[kind] = str(selector)
    return described
