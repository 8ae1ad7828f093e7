"""Each fault that is planted into kubernetes/ is found, all in memory."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from kubernetes_files.rendering import Document, find, render_without_kubectl
from kubernetes_system.check import faults
from kubernetes_system.files import on_kubernetes
from kubernetes_system.rules import System, traefik_of_tests
from layout import ROOT

Plant = Callable[[list[Document]], object]


@cache
def good() -> list[Document]:
    return render_without_kubectl(ROOT / "kubernetes")


def found_in(documents: list[Document]) -> list[str]:
    return list(faults(System(services=on_kubernetes(), documents=documents, traefik=traefik_of_tests(ROOT))))


def policy(documents: list[Document], name: str) -> dict[str, Any]:
    spec: dict[str, Any] = find(documents, "NetworkPolicy", name)["spec"]
    return spec


def gateway(documents: list[Document]) -> dict[str, Any]:
    pod: dict[str, Any] = find(documents, "Deployment", "gateway")["spec"]["template"]["spec"]
    return pod


def label(documents: list[Document], name: str, key: str) -> None:
    """Label a service as a caller of another one."""
    find(documents, "Deployment", name)["spec"]["template"]["metadata"]["labels"][key] = "true"
    policy(documents, name)["egress"].append({"to": [{"podSelector": {}}], "ports": [{"port": 8000}]})


FAULTS: list[tuple[str, Plant, str]] = [
    ("schema", lambda d: gateway(d).update(serviceAcountName="x"), "Deployment gateway"),
    ("twice", lambda d: d.append(deepcopy(find(d, "Service", "users"))), "Service users exists 2 times"),
    ("elsewhere", lambda d: find(d, "Service", "users")["metadata"].update(namespace="x"), "not in the namespace"),
    ("open to all", lambda d: d.remove(find(d, "NetworkPolicy", "users-database")), "Pooler friends-pooler may call"),
    ("a caller too many", lambda d: label(d, "accounts", "allium/calls-users"), "accounts may call users"),
    ("no way in", lambda d: d.remove(find(d, "NetworkPolicy", "accounts-for-keys")), "users cannot call accounts"),
    ("no way out", lambda d: d.remove(find(d, "NetworkPolicy", "keys-of-accounts")), "users cannot call accounts"),
    ("no caller", lambda d: policy(d, "friends")["egress"].pop(1), "friends cannot call users"),
    ("no gateway", lambda d: policy(d, "gateway")["egress"].pop(1), "gateway cannot call users"),
    ("no database", lambda d: d.remove(find(d, "NetworkPolicy", "users-to-database")), "users cannot call Cluster"),
    ("no pooler", lambda d: policy(d, "users-database")["ingress"].clear(), "Pooler users-pooler cannot"),
    ("issuer", lambda d: find(d, "ConfigMap", "users-settings")["data"].update(auth_issuer="x"), "auth_issuer differs"),
    ("gateway's tag", lambda d: gateway(d)["containers"][0].update(image="traefik:v3.7"), "the gateway runs traefik"),
    ("gateway's way", lambda d: gateway(d)["containers"][0]["env"].pop(), "has no address of users"),
    (
        "gateway's checks",
        lambda d: gateway(d)["containers"][0]["env"].pop(2),
        "GATEWAY_HEALTH_CHECKS of the gateway",
    ),
    ("gateway's end", lambda d: gateway(d).update(terminationGracePeriodSeconds=15), "25 seconds to stop"),
]


def test_kubernetes_folder_has_no_faults() -> None:
    assert found_in(deepcopy(good())) == []


@pytest.mark.parametrize(("plant", "found"), [pytest.param(*rest, id=name) for name, *rest in FAULTS])
def test_finds_a_planted_fault(plant: Plant, found: str) -> None:
    documents = deepcopy(good())
    plant(documents)
    sentences = found_in(documents)
    assert sentences
    assert found in "\n".join(sentences)


def test_a_connection_needs_permission_on_both_sides() -> None:
    """A caller admitted by mistake is still not let out."""
    documents = deepcopy(good())
    policy(documents, "users")["ingress"][0]["from"].append({"podSelector": {}})
    assert "accounts may call users" not in "\n".join(found_in(documents))
