"""The connections that all NetworkPolicies of a namespace allow together."""

from collections.abc import Iterator, Mapping
from typing import Any

from .rendering import Document
from .workloads import Labels, selects

Peer = Mapping[str, Any]


def reaches(policies: list[Document], source: Labels, target: Labels, port: int | str) -> bool:
    """Return whether Pods may connect to others of the same namespace: both sides must allow it."""
    out = _permitted(policies, "Egress", at=source, other=target, port=port)
    return out and _permitted(policies, "Ingress", at=target, other=source, port=port)


def peers(
    policies: list[Document], direction: str, at: Labels
) -> Iterator[tuple[Peer | None, Mapping[str, Any] | None]]:
    """Yield the allowed peers of Pods, each with a port; None stands for any peer and any port."""
    key = "to" if direction == "Egress" else "from"
    for policy in _policies_at(policies, direction, at):
        for entry in policy["spec"].get(direction.lower(), []):
            for peer in entry.get(key) or [None]:
                for port in entry.get("ports") or [None]:
                    yield peer, port


def is_isolated(policies: list[Document], direction: str, at: Labels) -> bool:
    """Return whether connections are limited to those that a policy names."""
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
"""Return the container's name of a port."""


def _means(peer: Peer, labels: Labels) -> bool:
    """Whether a peer is a Pod of the same namespace."""
    return "podSelector" in peer and "namespaceSelector" not in peer and selects(peer["podSelector"], labels)
