"""Each fault that is planted into valid manifests of a service is found, all in memory."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kubernetes_files.check import faults
from kubernetes_files.rendering import Document, find, render_without_kubectl
from layout import ROOT
from system.service_folder import ServiceFolder, read_services

Plant = Callable[[list[Document]], object]


@cache
def friends() -> ServiceFolder:
    """Return a service that calls another one and has a secret."""
    return read_services([ROOT / "services/friends"])[0]


@cache
def good() -> list[Document]:
    return render_without_kubectl(friends().path / "kubernetes/overlays/production")


def deployment(documents: list[Document]) -> dict[str, Any]:
    spec: dict[str, Any] = find(documents, "Deployment", "friends")["spec"]
    return spec


def pod(documents: list[Document]) -> dict[str, Any]:
    spec: dict[str, Any] = deployment(documents)["template"]["spec"]
    return spec


def service(documents: list[Document]) -> dict[str, Any]:
    container: dict[str, Any] = pod(documents)["containers"][0]
    return container


def settings(documents: list[Document]) -> dict[str, str]:
    data: dict[str, str] = find(documents, "ConfigMap", "friends-settings")["data"]
    return data


def policy(documents: list[Document], name: str = "friends") -> dict[str, Any]:
    spec: dict[str, Any] = find(documents, "NetworkPolicy", name)["spec"]
    return spec


def sources(documents: list[Document]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pod(documents)["volumes"][0]["projected"]["sources"]
    return found


def autoscaler() -> Document:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "friends"}
    spec = {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 10}
    metadata = {"name": "friends"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def other_target(documents: list[Document]) -> None:
    del deployment(documents)["replicas"]
    documents.append(autoscaler())
    documents[-1]["spec"]["scaleTargetRef"]["name"] = "friend"


def anybody() -> dict[str, Any]:
    return {"from": [{"podSelector": {}}], "ports": [{"port": "http"}]}


def address() -> dict[str, Any]:
    return {"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [{"port": 5432}]}


FAULTS: list[tuple[str, Plant, str]] = [
    # violations of the schemas
    ("unknown kind", lambda d: d[0].update(kind="ServiceAcount"), "is not a kind in 1."),
    ("old version", lambda d: find(d, "PodDisruptionBudget").update(apiVersion="policy/v1beta1"), "is not a kind"),
    ("mistyped field", lambda d: pod(d).update(serviceAcountName="x"), "serviceAcountName"),
    ("wrong type", lambda d: deployment(d).update(replicas="3"), "replicas is invalid"),
    ("quantity", lambda d: service(d)["resources"]["limits"].update(memory="512Mb"), "limits.memory is invalid"),
    ("word", lambda d: service(d).update(imagePullPolicy="Sometimes"), "imagePullPolicy is invalid"),
    ("policy type", lambda d: policy(d)["policyTypes"].append("Outgress"), "policyTypes.2 is invalid"),
    ("custom field", lambda d: find(d, "Pooler")["spec"].update(size=2), "size"),
    ("custom word", lambda d: find(d, "Pooler")["spec"]["pgbouncer"].update(poolMode="statement"), "poolMode"),
    # selectors and references
    ("selector", lambda d: deployment(d)["selector"]["matchLabels"].update(a="b"), "Deployment friends selects no Pod"),
    ("service", lambda d: find(d, "Service")["spec"].update(selector={"a": "b"}), "Service friends selects no Pod"),
    ("policy", lambda d: policy(d, "friends-pooler").update(podSelector={"matchLabels": {"a": "b"}}), "selects no Pod"),
    ("target port", lambda d: find(d, "Service")["spec"]["ports"][0].update(targetPort="web"), "refers to port web"),
    ("probe's port", lambda d: service(d)["livenessProbe"]["httpGet"].update(port="web"), "refers to port web"),
    ("policy's port", lambda d: policy(d)["ingress"][0]["ports"][0].update(port=8080), "refers to port 8080"),
    ("account", lambda d: pod(d).update(serviceAccountName="default"), "their own ServiceAccount"),
    ("autoscaler", other_target, "scales a Deployment that does not exist"),
    # settings
    ("mistyped setting", lambda d: settings(d).update(drain_dealy="1"), "DRAIN_DEALY is not a setting"),
    (
        "telemetry's own",
        lambda d: settings(d).update(otel_traces_exporter="none"),
        "OTEL_TRACES_EXPORTER is not a setting",
    ),
    ("mistyped variable", lambda d: service(d).update(env=[{"name": "POSTGRES_HOTS", "value": "x"}]), "POSTGRES_HOTS"),
    ("mistyped secret", lambda d: sources(d)[1]["secret"]["items"][0].update(path="postgres_pasword"), "is missing"),
    ("no issuer", lambda d: settings(d).pop("auth_issuer"), "AUTH_ISSUER is missing"),
    ("no database", lambda d: settings(d).pop("postgres_host"), "service: POSTGRES_HOST is missing"),
    ("not production", lambda d: settings(d).update(environment="development"), "ENVIRONMENT is not production"),
    ("open secret", lambda d: settings(d).update(auth_client_secret="x"), "AUTH_CLIENT_SECRET must be in"),
    # images
    ("tag", lambda d: service(d).update(image="ghcr.io/example/friends:1.0.0"), "has no digest"),
    ("two images", lambda d: service(d).update(image=f"other@sha256:{'1' * 64}"), "the same image"),
    (
        "database's tag",
        lambda d: find(d, "Cluster")["spec"].update(imageName="postgresql:18"),
        "not an exact version",
    ),
    ("database's image", lambda d: find(d, "Cluster")["spec"].pop("imageName"), "not an exact version"),
    # stopping, probes, updates
    ("grace", lambda d: pod(d).update(terminationGracePeriodSeconds=20), "terminationGracePeriodSeconds is 20"),
    ("drain", lambda d: settings(d).update(drain_delay="5"), "at least two periods of the readiness probe"),
    ("liveness", lambda d: service(d)["livenessProbe"]["httpGet"].update(path="/health/ready"), "the livenessProbe"),
    ("readiness", lambda d: service(d)["readinessProbe"]["httpGet"].update(path="/health/live"), "the readinessProbe"),
    ("no start", lambda d: service(d).pop("startupProbe"), "the startupProbe requests None"),
    ("no surge", lambda d: deployment(d)["strategy"]["rollingUpdate"].update(maxUnavailable=1), "rolling update"),
    ("both", lambda d: d.append(autoscaler()), "both the autoscaler and `replicas`"),
    ("one", lambda d: deployment(d).update(replicas=1), "cannot be replaced without downtime"),
    ("no budget", lambda d: d.remove(find(d, "PodDisruptionBudget")), "no PodDisruptionBudget"),
    ("no spread", lambda d: pod(d).pop("topologySpreadConstraints"), "on one node"),
    # confinement
    ("root", lambda d: pod(d)["securityContext"].pop("runAsNonRoot"), "as root or without seccomp"),
    ("seccomp", lambda d: pod(d)["securityContext"].pop("seccompProfile"), "as root or without seccomp"),
    ("token", lambda d: pod(d).pop("automountServiceAccountToken"), "automountServiceAccountToken must be false"),
    ("links", lambda d: pod(d).pop("enableServiceLinks"), "enableServiceLinks must be false"),
    ("writable", lambda d: service(d)["securityContext"].pop("readOnlyRootFilesystem"), "write to its file system"),
    ("capabilities", lambda d: service(d)["securityContext"]["capabilities"].pop("drop"), "gain privileges"),
    ("memory", lambda d: service(d)["resources"]["limits"].update(memory="1Gi"), "the same limit for memory"),
    ("cpu", lambda d: service(d)["resources"]["limits"].update(cpu="1"), "has a CPU limit"),
    # policies
    ("anybody", lambda d: policy(d)["ingress"].append(anybody()), "Ingress allows {'podSelector'"),
    ("any namespace", lambda d: policy(d)["ingress"][0]["from"][0].update(namespaceSelector={}), "namespaceSelector"),
    ("an address", lambda d: policy(d)["egress"].append(address()), "Egress allows {'ipBlock'"),
    ("any port", lambda d: policy(d)["ingress"][0].pop("ports"), "on any port"),
    (
        "no gateway",
        lambda d: policy(d)["ingress"][0]["from"].pop(0),
        "Ingress does not allow {'app.k",
    ),
    ("no caller", lambda d: policy(d)["ingress"][0]["from"].pop(1), "Ingress does not allow {'allium/calls-friends'"),
    ("internet", lambda d: policy(d)["egress"].append({}), "Egress allows any peer on any port"),
    ("no names", lambda d: policy(d)["egress"].pop(0), "Egress does not allow {'k8s-app'"),
    ("no upstream", lambda d: policy(d)["egress"].pop(1), "Egress does not allow {'app.kubernetes.io/name': 'users'}"),
    ("no label", lambda d: deployment(d)["template"]["metadata"]["labels"].pop("allium/calls-users"), "exactly users"),
    ("no policy", lambda d: policy(d)["policyTypes"].remove("Egress"), "Egress"),
]


def test_manifests_of_the_repository_have_no_faults() -> None:
    assert list(faults(friends(), deepcopy(good()))) == []


@pytest.mark.parametrize(("plant", "found"), [pytest.param(*rest, id=name) for name, *rest in FAULTS])
def test_finds_a_planted_fault(plant: Plant, found: str) -> None:
    documents = deepcopy(good())
    plant(documents)
    sentences = list(faults(friends(), documents))
    assert sentences
    assert found in "\n".join(sentences)


def test_accepts_a_database_from_a_registry_with_a_port() -> None:
    documents = deepcopy(good())
    find(documents, "Cluster")["spec"]["imageName"] = f"registry.example:5000/postgresql:18.4@sha256:{'1' * 64}"
    assert list(faults(friends(), documents)) == []


def test_accepts_a_wider_policy_with_a_reason() -> None:
    documents = deepcopy(good())
    metadata = {"name": "friends-to-its-database", "annotations": {"allium/because": "somebody operates it for us"}}
    spec = {"podSelector": policy(documents)["podSelector"], "policyTypes": ["Egress"], "egress": [address()]}
    api_version = "networking.k8s.io/v1"
    documents.append({"apiVersion": api_version, "kind": "NetworkPolicy", "metadata": metadata, "spec": spec})
    assert list(faults(friends(), documents)) == []
    metadata["annotations"] = {}
    assert list(faults(friends(), documents))


@pytest.mark.parametrize("name", ["autoscaler", "route", "telemetry"])
def test_each_component_can_be_added(name: str, tmp_path: Path) -> None:
    """The overlay has the database already."""
    overlay = tmp_path / "kubernetes/overlays/production"
    overlay.mkdir(parents=True)
    for folder in ("base", "components"):
        (tmp_path / "kubernetes" / folder).symlink_to(friends().path / "kubernetes" / folder)
    text = (friends().path / "kubernetes/overlays/production/kustomization.yml").read_text(encoding="utf-8")
    text = text.replace(f"# - ../../components/{name}", f"- ../../components/{name}")
    if name == "autoscaler":
        text = text.replace("replicas:\n  - {name: friends, count: 3}\n", "")
    (overlay / "kustomization.yml").write_text(text, encoding="utf-8")
    documents = render_without_kubectl(overlay)
    assert len(documents) >= len(good())
    assert documents != good()
    assert list(faults(friends(), documents)) == []
