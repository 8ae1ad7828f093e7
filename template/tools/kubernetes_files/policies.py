"""Who may open a connection to whom, as the NetworkPolicies of a namespace say it together."""

from collections.abc import Iterator, Mapping
from typing import Any

from .rendering import Document
from .workloads import Labels, selects

Peer = Mapping[str, Any]


def reaches(policies: list[Document], source: Labels, target: Labels, port: int | str) -> bool:
    """Say whether Pods may connect to others of the same namespace: both sides have to permit it."""
    out = _permitted(policies, "Egress", at=source, other=target, port=port)
    return out and _permitted(policies, "Ingress", at=target, other=source, port=port)


def peers(
    policies: list[Document], direction: str, at: Labels
) -> Iterator[tuple[Peer | None, Mapping[str, Any] | None]]:
    """Yield everyone whom Pods may meet, each with a port; None stands for anybody and any port."""
    key = "to" if direction == "Egress" else "from"
    for policy in _policies_at(policies, direction, at):
        for entry in policy["spec"].get(direction.lower(), []):
            for peer in entry.get(key) or [None]:
                for port in entry.get("ports") or [None]:
                    yield peer, port


def is_isolated(policies: list[Document], direction: str, at: Labels) -> bool:
    """Say whether only those may be met whom a policy names."""
    return bool(_policies_at(policies, direction, at))


def _policies_at(policies: list[Document], direction: str, at: Labels) -> list[Document]:
    return [
        policy
        for policy in policies
        if direction in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], at)
    ]


def _permitted(policies: list[Document], direction: str, *, at: Labels, other: Labels, port: int | str) -> bool:
    if not is_isolated(policies, direction, at):
        return True
    return any(
        (peer is None or _means(peer, other)) and (entry is None or entry["port"] in {port, NAMES.get(port)})
        for peer, entry in peers(policies, direction, at)
    )


NAMES: Mapping[int | str, str] = {8000: "http"}
"""How the containers here name a port."""


def _means(peer: Peer, labels: Labels) -> bool:
    """Whether a peer is a Pod of the same namespace; one of another namespace is none of ours."""
    return "podSelector" in peer and "namespaceSelector" not in peer and selects(peer["podSelector"], labels)
