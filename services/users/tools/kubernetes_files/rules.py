"""Rules for the manifests of a service, beyond the schemas; each rule yields error messages."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .given_settings import given
from .known_settings import KnownSettings
from .rendering import Document, containers, find
from .workloads import pod_labels, selects

PINNED = re.compile(r"[^:@]+(:[^@]+)?@sha256:[0-9a-f]{64}")
EXACT = re.compile(r"([^@]+/)?[^/:@]+:\d+\.\d+[^/:@]*(@sha256:[0-9a-f]{64})?")  # the registry may have a port
PROBES = {"startupProbe": "/health/live", "livenessProbe": "/health/live", "readinessProbe": "/health/ready"}
OTHERS = "OTEL_"
"""The prefix of OpenTelemetry's variables, which it reads itself, and not from files."""
SECRETS = ("_PASSWORD", "_SECRET")
SPARE_SECONDS = 5
"""Seconds after SHUTDOWN_TIMEOUT for the process to end and the node to notice."""


@dataclass(frozen=True, kw_only=True)
class Manifests:
    """The rendered overlay of a service."""

    name: str
    documents: list[Document]
    settings: KnownSettings

    @property
    def deployment(self) -> Document:
        """The service's Deployment."""
        return find(self.documents, "Deployment", self.name)

    @property
    def pod(self) -> Mapping[str, Any]:
        """The template of its Pods."""
        pod: Mapping[str, Any] = self.deployment["spec"]["template"]["spec"]
        return pod

    @property
    def container(self) -> Mapping[str, Any]:
        """The service's main container."""
        container: Mapping[str, Any] = self.pod["containers"][0]
        return container

    def of_kind(self, kind: str) -> list[Document]:
        """All documents of a kind."""
        return [document for document in self.documents if document["kind"] == kind]


Rule = Callable[[Manifests], Iterator[str]]


def selectors_select(manifests: Manifests) -> Iterator[str]:
    """Require that every selector matches Pods."""
    labels = [pod_labels(document) for document in manifests.documents]
    there = [each for found in labels for each in found]
    chosen: list[tuple[Document, Mapping[str, Any]]] = []
    for document in manifests.documents:
        spec = document.get("spec", {})
        match document["kind"]:
            case "Deployment" | "PodDisruptionBudget":
                chosen.append((document, spec["selector"]))
            case "Service":
                chosen.append((document, {"matchLabels": spec["selector"]}))
            case "NetworkPolicy":
                chosen.append((document, spec["podSelector"]))
    for document, selector in chosen:
        if not any(selects(selector, each) for each in there):
            yield f"{_name(document)} selects no Pod"


def references_lead_somewhere(manifests: Manifests) -> Iterator[str]:
    """Require that referenced objects exist: ports, Deployments, Services and service accounts."""
    ports = {port["name"]: port["containerPort"] for port in manifests.container.get("ports", [])}
    named = [(kind, manifests.container[kind]["httpGet"]["port"]) for kind in PROBES if kind in manifests.container]
    named += [
        (_name(each), port["targetPort"]) for each in manifests.of_kind("Service") for port in each["spec"]["ports"]
    ]
    for policy in manifests.of_kind("NetworkPolicy"):
        entries = policy["spec"].get("ingress", []) if selects(policy["spec"]["podSelector"], _own(manifests)) else []
        named += [(_name(policy), port["port"]) for entry in entries for port in entry.get("ports", [])]
    for place, port in named:
        if port not in {*ports, *ports.values()}:
            yield f"{place} refers to port {port}, which the container does not have"
    for scaler in manifests.of_kind("HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] != manifests.name:
            yield f"{_name(scaler)} scales a Deployment that does not exist"
    services = {
        (each["metadata"]["name"], port["port"])
        for each in manifests.of_kind("Service")
        for port in each["spec"]["ports"]
    }
    for route in manifests.of_kind("HTTPRoute"):
        for backend in [each for rule in route["spec"]["rules"] for each in rule.get("backendRefs", [])]:
            if (backend["name"], backend.get("port")) not in services:
                yield f"{_name(route)} refers to {backend['name']}:{backend.get('port')}, but there is no such Service"
    accounts = {each["metadata"]["name"] for each in manifests.of_kind("ServiceAccount")}
    if manifests.pod.get("serviceAccountName") not in accounts:
        yield "the Pods need their own ServiceAccount"


def settings_are_known_and_complete(manifests: Manifests) -> Iterator[str]:
    """Require that files and variables are known settings, and that no required setting is missing."""
    for container in containers(manifests.deployment):
        found = given(manifests.documents, manifests.deployment, container)
        variables = {each["name"] for each in container.get("env", [])}
        for name in sorted(found.keys() - manifests.settings.names):
            if not (name in variables and name.startswith(OTHERS)):
                yield f"{container['name']}: {name} is not a setting in SETTINGS.md"
        if found.get("ENVIRONMENT") != "production":
            yield f"{container['name']}: ENVIRONMENT is not production"
        wanted = {*manifests.settings.required, "POSTGRES_HOST", "POSTGRES_PASSWORD"}
        if found.get("AUTHENTICATION") != "off":
            wanted.add("AUTH_ISSUER")
        for name in sorted(wanted - found.keys()):
            yield f"{container['name']}: {name} is missing"


def secrets_are_not_kept_here(manifests: Manifests) -> Iterator[str]:
    """Require that secrets are not in the manifests, which are committed."""
    variables = [each for container in containers(manifests.deployment) for each in container.get("env", [])]
    shown = {name.upper() for each in manifests.of_kind("ConfigMap") for name in each["data"]}
    shown |= {variable["name"] for variable in variables if "value" in variable}
    for name in sorted(shown):
        if name.endswith(SECRETS):
            yield f"the value of {name} must be in a Secret"


def images_are_pinned(manifests: Manifests) -> Iterator[str]:
    """Require digests of images, because a tag can be moved to another image."""
    for container in containers(manifests.deployment):
        if not PINNED.fullmatch(container["image"]):
            yield f"{container['name']}: {container['image']} has no digest"
    if len({container["image"] for container in containers(manifests.deployment)}) > 1:
        yield "the migration must use the same image as the service"


def databases_have_an_exact_version(manifests: Manifests) -> Iterator[str]:
    """Require an exact version of PostgreSQL; a digest is optional."""
    for cluster in manifests.of_kind("Cluster"):
        image = cluster["spec"].get("imageName", "")
        if "imageCatalogRef" not in cluster["spec"] and not EXACT.fullmatch(image):
            yield f"{cluster['metadata']['name']}: imageName {image!r} is not an exact version such as postgresql:18.4"


def stops_in_time(manifests: Manifests) -> Iterator[str]:
    """Require enough time at shutdown: first no new requests, then those in flight, and only then the kill."""
    found = given(manifests.documents, manifests.deployment, manifests.container)
    drain, shutdown = float(found.get("DRAIN_DELAY") or 0.5), float(found.get("SHUTDOWN_TIMEOUT") or 3)
    grace = manifests.pod.get("terminationGracePeriodSeconds", 30)
    if grace < drain + shutdown + SPARE_SECONDS:
        least = f"DRAIN_DELAY + SHUTDOWN_TIMEOUT + {SPARE_SECONDS} = {drain + shutdown + SPARE_SECONDS:g}"
        yield f"terminationGracePeriodSeconds is {grace}; it must be at least {least}"
    period = manifests.container.get("readinessProbe", {}).get("periodSeconds", 10)
    if drain < 2 * period:
        yield f"DRAIN_DELAY is {drain:g}; it must be at least two periods of the readiness probe, {2 * period}"


def probes_ask_the_right_thing(manifests: Manifests) -> Iterator[str]:
    """Require a liveness probe without the database: otherwise, its outage would restart every replica."""
    for probe, path in PROBES.items():
        found = manifests.container.get(probe, {}).get("httpGet", {}).get("path")
        if found != path:
            yield f"the {probe} requests {found} instead of {path}"


def updates_lose_nothing(manifests: Manifests) -> Iterator[str]:
    """Require several replicas, and enough of them during an update."""
    spec = manifests.deployment["spec"]
    update = spec.get("strategy", {}).get("rollingUpdate", {})
    if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
        yield "a rolling update may stop a replica before another one is ready: maxUnavailable must be 0, maxSurge more"
    scalers = manifests.of_kind("HorizontalPodAutoscaler")
    if scalers and "replicas" in spec:
        yield "both the autoscaler and `replicas` set the number of replicas; remove one of them"
    least = scalers[0]["spec"].get("minReplicas", 1) if scalers else spec.get("replicas", 1)
    if least < 2:  # noqa: PLR2004 - several
        yield f"{least} replica cannot be replaced without downtime; use at least two"
    if not any(selects(each["spec"]["selector"], _own(manifests)) for each in manifests.of_kind("PodDisruptionBudget")):
        yield "the service has no PodDisruptionBudget"
    if len(manifests.pod.get("topologySpreadConstraints", [])) == 0:
        yield "all replicas may run on one node: add topologySpreadConstraints"


def is_confined(manifests: Manifests) -> Iterator[str]:
    """Require the restricted security profile and a read-only file system."""
    pod, user = manifests.pod, manifests.pod.get("securityContext", {})
    if not user.get("runAsNonRoot") or user.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "the Pods may run as root or without seccomp: set runAsNonRoot and seccompProfile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "automountServiceAccountToken must be false: its folder cannot be created in /run/secrets"
    if pod.get("enableServiceLinks") is not False:
        yield "enableServiceLinks must be false: it would set variables such as POSTGRES_PORT"
    for container in containers(manifests.deployment):
        own = container.get("securityContext", {})
        confined = own.get("readOnlyRootFilesystem") and own.get("allowPrivilegeEscalation") is False
        if not confined or own.get("capabilities", {}).get("drop") != ["ALL"]:
            yield f"{container['name']} may write to its file system or gain privileges: drop ALL capabilities"
        resources = container.get("resources", {})
        requests, limits = resources.get("requests", {}), resources.get("limits", {})
        if not {"cpu", "memory"} <= requests.keys() or limits.get("memory") != requests["memory"]:
            yield f"{container['name']} must request CPU and memory, with the same limit for memory"
        if "cpu" in limits:
            yield f"{container['name']} has a CPU limit, which throttles it even on an idle node"


def _own(manifests: Manifests) -> Mapping[str, str]:
    labels: Mapping[str, str] = manifests.deployment["spec"]["template"]["metadata"]["labels"]
    return labels


def _name(document: Document) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


RULES: list[Rule] = [
    selectors_select,
    references_lead_somewhere,
    settings_are_known_and_complete,
    secrets_are_not_kept_here,
    images_are_pinned,
    databases_have_an_exact_version,
    stops_in_time,
    probes_ask_the_right_thing,
    updates_lose_nothing,
    is_confined,
]
