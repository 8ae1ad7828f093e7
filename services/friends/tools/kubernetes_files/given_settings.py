"""The settings that the Pods of a Deployment get: files below /run/secrets, and variables, which take precedence."""

from collections.abc import Mapping
from typing import Any

from .rendering import Document, find

FOLDER = "/run/secrets"
SECRET = None
"""The placeholder for a value that is not in the manifests."""


def given(documents: list[Document], deployment: Document, container: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the settings of a container by variable name; `SECRET` stands for a secret value."""
    pod = deployment["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    settings: dict[str, str | None] = {}
    for mount in container.get("volumeMounts", []):
        if mount["mountPath"] == FOLDER:
            for source in volumes[mount["name"]].get("projected", {}).get("sources", []):
                settings |= _files(documents, source)
    for variable in container.get("env", []):
        settings[variable["name"]] = variable.get("value", SECRET)
    return settings


def _files(documents: list[Document], source: Mapping[str, Any]) -> dict[str, str | None]:
    if "configMap" in source:
        data = find(documents, "ConfigMap", source["configMap"]["name"])["data"]
        return {name.upper(): value for name, value in data.items()}
    return {item["path"].upper(): SECRET for item in source.get("secret", {}).get("items", [])}
