"""Constraints that the API server has and the published schemas lack: quantities and enumerations."""

from typing import Any

QUANTITY = r"^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$"
CORE = "io.k8s.api.core.v1."
PROTOCOLS = ["TCP", "UDP", "SCTP"]
WORDS = {
    f"{CORE}Container imagePullPolicy": ["Always", "IfNotPresent", "Never"],
    f"{CORE}Container terminationMessagePolicy": ["File", "FallbackToLogsOnError"],
    f"{CORE}ContainerPort protocol": PROTOCOLS,
    f"{CORE}ServicePort protocol": PROTOCOLS,
    f"{CORE}HTTPGetAction scheme": ["HTTP", "HTTPS"],
    f"{CORE}PodSpec dnsPolicy": ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    f"{CORE}PodSpec restartPolicy": ["Always"],  # as a Deployment wants it
    f"{CORE}SeccompProfile type": ["RuntimeDefault", "Localhost", "Unconfined"],
    f"{CORE}ServiceSpec type": ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    f"{CORE}ServiceSpec externalTrafficPolicy": ["Cluster", "Local"],
    f"{CORE}ServiceSpec internalTrafficPolicy": ["Cluster", "Local"],
    f"{CORE}TopologySpreadConstraint whenUnsatisfiable": ["DoNotSchedule", "ScheduleAnyway"],
    f"{CORE}EmptyDirVolumeSource medium": ["", "Memory"],
    "io.k8s.api.apps.v1.DeploymentStrategy type": ["Recreate", "RollingUpdate"],
    "io.k8s.api.networking.v1.NetworkPolicyPort protocol": PROTOCOLS,
    "io.k8s.api.networking.v1.NetworkPolicySpec policyTypes": ["Egress", "Ingress"],
    "io.k8s.api.policy.v1.PodDisruptionBudgetSpec unhealthyPodEvictionPolicy": ["AlwaysAllow", "IfHealthyBudget"],
    "io.k8s.api.autoscaling.v2.MetricSpec type": ["ContainerResource", "External", "Object", "Pods", "Resource"],
    "io.k8s.api.autoscaling.v2.MetricTarget type": ["AverageValue", "Utilization", "Value"],
    "io.k8s.api.autoscaling.v2.HPAScalingRules selectPolicy": ["Disabled", "Max", "Min"],
    "io.k8s.api.autoscaling.v2.HPAScalingPolicy type": ["Percent", "Pods"],
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement operator": [
        "DoesNotExist",
        "Exists",
        "In",
        "NotIn",
    ],
}


def add_constraints(definitions: dict[str, Any]) -> None:
    """Narrow the definitions in place; a name that is no longer there raises `KeyError`."""
    quantity = {"type": "string", "pattern": QUANTITY}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"anyOf": [quantity, {"type": "number"}]}
    for place, words in WORDS.items():
        name, field = place.split()
        schema = definitions[name]["properties"][field]
        schema.get("items", schema)["enum"] = words
